"""python -m gan_tf.sweep on a real Ray cluster: the table, and what happens when processes die."""

import csv
import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from command_line import as_from_a_terminal, forked, last_line_of_failure

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")
ITERS = 3000
SLOW = ("--nojit", "--batch_size=16", "--checkpoint_every=200")  # many calls of a step, so that there is time to kill


def start(*flags, cwd, module="gan_tf.sweep"):
    command = [sys.executable, "-m", module, *flags]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=cwd, preexec_fn=as_from_a_terminal, start_new_session=True, **pipes)


def sweep(*flags, cwd, **options):
    with start(*flags, cwd=cwd, **options) as process:
        stdout, stderr = process.communicate(timeout=400)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def plain(cwd, *flags):
    """The bytes of losses.csv of the same run by gan_tf.train."""
    result = forked("gan_tf.train", *flags, "--out_dir=plain", "--threads=1", "--device=cpu", cwd=cwd)
    assert result.returncode == 0, result.stderr
    return (cwd / "plain" / "losses.csv").read_bytes()


def workers(out_dir):
    """Process → run folder of the workers that train a run in `out_dir`. Other sweeps may run on this machine."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::train"):
                log = os.readlink(path.parent / "fd" / "1")
                found[int(path.parent.name)] = Path(log.removesuffix(".log"))
        except OSError:
            continue
    return {process: run_dir for process, run_dir in found.items() if run_dir.parent == out_dir}


def wait_for(what, seconds=120):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen")


def worker_after(iteration, out_dir):
    """The process of a worker whose run in `out_dir` is beyond `iteration`, or None."""
    for process, run_dir in workers(out_dir).items():
        path = run_dir / "losses.csv"
        if path.exists() and path.read_text().count("\n") > iteration / 100 + 1:
            return process
    return None


@pytest.mark.slow
def test_a_dry_run_does_not_look_at_other_runs(idx_dir, tmp_path):
    """Where a single run would write by default, there may be a finished one."""
    flags = ["--iters=20", f"--data_dir={idx_dir}", "--nojit", "--batch_size=16"]
    assert sweep(*flags, "--seed=0", cwd=tmp_path, module="gan_tf.train").returncode == 0
    before = sorted(os.listdir(tmp_path))
    result = sweep(*flags, "--seeds=0", "--dry_run", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    words = "1 run, 1 at once: about 2 min on this machine, of which 2 min to measure them."
    assert result.stdout.splitlines()[-1] == words
    assert sorted(os.listdir(tmp_path)) == before


@needs_ray
def test_a_grid_is_trained_measured_and_not_trained_again(idx_dir, tmp_path):
    """One of its two runs is there already, as an earlier sweep would have left it."""
    flags = ["--seeds=0-1", "--d_lr=0.1", "--iters=60", "--stages=1", f"--data_dir={idx_dir}", *SLOW, "--out_dir=sweep"]
    runs = [tmp_path / "sweep" / f"seed={seed}" for seed in range(2)]
    (runs[0] / "stages" / "60").mkdir(parents=True)
    there = {"sliced_wasserstein": [123.5, 1.0], "spread": [0.625, None], "copies": [0.25, None]}
    (runs[0] / "stages" / "60" / "stage.json").write_text(json.dumps({"classifier": None, "scores": there}))
    result = sweep(*flags, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    lines = result.stderr.splitlines()
    assert lines[-1].endswith("the table is in sweep/sweep.md") and "Traceback" not in result.stderr
    assert "2 runs in sweep, 1 already finished" in result.stderr and os.listdir(runs[0]) == ["stages"]
    expected = plain(tmp_path, "--seed=1", "--d_lr=0.1", "--iters=60", f"--data_dir={idx_dir}", *SLOW)
    assert (runs[1] / "losses.csv").read_bytes() == expected
    with open(tmp_path / "sweep" / "sweep.csv") as file:
        (row,) = csv.DictReader(file)
    values = [json.loads((run / "stages" / "60" / "stage.json").read_text())["scores"] for run in runs]
    for name in ("sliced_wasserstein", "spread"):
        found = [value[name][0] for value in values]
        np.testing.assert_allclose(float(row[f"{name}_mean"]), sum(found) / 2, rtol=1e-5)
        np.testing.assert_allclose(float(row[f"{name}_std"]), abs(found[0] - found[1]) / 2**0.5, rtol=1e-4)
    for name in ("sweep.png", "samples.png"):
        assert (tmp_path / "sweep" / name).stat().st_size > 5000
    before = (runs[1] / "losses.csv").stat().st_mtime_ns
    again = forked("gan_tf.sweep", *flags, cwd=tmp_path)
    assert again.returncode == 0 and "2 runs in sweep, 2 already finished" in again.stderr
    assert again.stdout == result.stdout and (runs[1] / "losses.csv").stat().st_mtime_ns == before
    (tmp_path / "sweep" / "sweep.md").unlink()
    assert forked("gan_tf.sweep", "--table_only", "--out_dir=sweep", cwd=tmp_path).stdout == result.stdout


MAIN = """
import json, pathlib, subprocess, sys, types
from gan_tf import limits, sweep
from gan_tf.sweeps import grid, worker

sweep.FLAGS(["sweep", "--out_dir=new", "--gan=dcgan,reference", "--seeds=1-2", "--stages=2", *sys.argv[1:]])
names = [f"seed={seed}" for seed in range(3)]
gans = ("dcgan", "dcgan", "reference")
runs = [grid.Run(name, "all", gan, (f"--{name}",), (30, 60)) for name, gan in zip(names, gans)]
asked, made, commands = [], [], []
sweep.grid.expand = lambda *given: asked.append(given) or runs
sweep.engine.available = lambda: True
sweep.results.write = lambda runs, out_dir: made.append(str(out_dir))
train, errors = sweep.train, []
sweep.logging.error = lambda words, *given: errors.append(words % given)
found = []
for answers in json.loads(sys.stdin.read()):
    sweep.train = lambda runs, out_dir: dict(zip(names, answers))
    found.append([sweep.main(["--d_lr=1,2"]), errors[:]])
    errors.clear()
found.append(sweep.table(runs, pathlib.Path("new")))  # of runs that have not been measured

measured = []
sweep.train, sweep.engine.cluster = train, lambda *given: measured.append(given) or open("/dev/null")
sweep.engine.require_shared = lambda out_dir: measured.append(("shared", str(out_dir)))
sweep.engine.run = lambda runs, *rest: measured.append([[run.name for run in runs], *map(str, rest)])
for stage in (30, 60):
    folder = worker.stage_folder("new/seed=1", stage)
    folder.mkdir(parents=True)
    (folder / "stage.json").write_text("{}")
sweep.train(runs, pathlib.Path("new"))

def trained(command, **options):
    commands.append(command)
    return types.SimpleNamespace(stdout=f"it would take about {'1.5' if 'gan_tf.train' in command else '30'} minutes")

subprocess.run, limits.cores, sweep.FLAGS.dry_run = trained, lambda: 5, True
shown = []
sweep.print = lambda text, **options: shown.append(text)
found.append(sweep.main([]))
print(json.dumps([found, asked[0], made, measured, commands, shown]))
"""


def main(folder, *flags, answers=()):
    """What the parts of gan_tf.sweep do with `flags`, while others stand for Ray and the runs."""
    command = [sys.executable, "-c", MAIN, *flags]
    done = subprocess.run(command, input=json.dumps(answers), capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_the_command_makes_of_its_runs(tmp_path):
    """Its exit status, the error of each run, what is measured, and the time that a dry run foresees."""
    answers = [
        [None, None, None],
        [None, "no disk", None],
        ["stopped", None, None],
        ["stopped", "no disk", "its worker died 6 times"],
        [],
    ]
    flags = ["--cpus_per_run=2", "--gpus_per_run=0.5", "--memory_per_run=3.5", "--address=auto"]
    found, asked, made, measured, commands, shown = main(tmp_path, *flags, answers=answers)
    failed = "seed=1 failed: no disk"
    dead = "seed=2 failed: its worker died 6 times"
    assert found == [[0, []], [1, [failed]], [130, []], [130, [failed, dead]], [0, []], 1, 0]
    assert asked == [["dcgan", "reference"], {"d_lr": ["1", "2"]}, [1, 2], 2]
    assert made == 6 * ["new"] and (tmp_path / "new" / "sweep.json").exists()
    left = [["seed=0", "seed=2"], "new", str(tmp_path / "new"), "2", "0.5", "3.5"]
    assert measured == [["auto", 2, 0.5], ["shared", "new"], left]
    # One command for each GAN. 30 minutes for each run of one, 1.5 for the other, 6 measurements of 0.4; 2 at once.
    nowhere = [each for command in commands for each in command if each.startswith("--out_dir=")]
    assert len(nowhere) == 2 and not any(os.path.exists(each.removeprefix("--out_dir=")) for each in nowhere)
    assert [command[1:4] + command[5:] for command in commands] == [
        ["-m", module, option, "--dry_run", "--threads=2"]
        for module, option in (("gan_tf.zoo.dcgan", "--seed=0"), ("gan_tf.train", "--seed=2"))
    ]
    assert shown[:3] == [
        "python -m gan_tf.zoo.dcgan --iters=60 --seed=0",
        "python -m gan_tf.zoo.dcgan --iters=60 --seed=1",
        "python -m gan_tf.train --iters=60 --seed=2",
    ]
    assert shown[3] == "3 runs, 2 at once: about 32 min on this machine, of which 1 min to measure them."


def test_without_measuring_there_is_no_table(tmp_path):
    """Nor features for it, nor time for it; and each run has a single stage."""
    found, asked, made, measured, _, shown = main(tmp_path, "--noevaluate", answers=[[None, None, None]])
    assert found == [[0, []], 1, 0] and asked[3] == 1 and made == ["new"]
    assert measured == [[None, 1, 0.0], [["seed=0", "seed=2"], "new", "None", "1", "0.0", "1.4"]]
    assert shown[3] == "3 runs, 3 at once: about 20 min on this machine."


@pytest.mark.slow
@needs_ray
def test_a_worker_that_is_killed_resumes_and_a_run_that_fails_does_not_stop_the_others(idx_dir, tmp_path):
    (tmp_path / "sweep" / "seed=1").mkdir(parents=True)
    (tmp_path / "sweep" / "seed=1" / "losses.csv").write_text("somebody's")
    run = ["--iters=1000", f"--data_dir={idx_dir}", *SLOW]
    flags = [*run, "--seeds=0-1", "--noevaluate", "--out_dir=sweep"]
    with start(*flags, cwd=tmp_path) as process:
        killed = wait_for(lambda: worker_after(300, tmp_path / "sweep"))
        os.kill(killed, signal.SIGKILL)
        _, stderr = process.communicate(timeout=300)
    assert process.returncode == 1, stderr
    assert re.search(r"seed=1: failed: .*seed=1 holds files that a run would write .losses.csv", stderr)
    assert "seed=0: finished" in stderr and "Traceback" not in stderr
    log = (tmp_path / "sweep" / "seed=0.log").read_text()
    assert "fresh run" in log and "resumed at " in log
    assert (tmp_path / "sweep" / "seed=0" / "losses.csv").read_bytes() == plain(tmp_path, *run)


@needs_ray
@pytest.mark.slow
@pytest.mark.parametrize("what", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_sweep_that_is_stopped_or_killed_resumes(what, idx_dir, tmp_path):
    flags = ["--seeds=0-2", f"--iters={ITERS}", "--noevaluate", f"--data_dir={idx_dir}", *SLOW, "--out_dir=sweep"]
    with start(*flags, cwd=tmp_path) as process:
        wait_for(lambda: worker_after(600, tmp_path / "sweep"))
        if what == signal.SIGINT:  # a terminal sends Ctrl-C to all processes, Ray's too
            os.killpg(process.pid, what)
        else:
            process.send_signal(what)
        _, stderr = process.communicate(timeout=100)
    if what != signal.SIGKILL:
        assert process.returncode == 130 and "the same command resumes them" in stderr, stderr
        assert not workers(tmp_path / "sweep")
    log = (tmp_path / "sweep" / "seed=0.log").read_text()
    saved = re.findall(r"stopped at (\d+) of", log)
    assert len(saved) == (what != signal.SIGKILL), log
    result = sweep(*flags, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    (resumed,) = re.findall(r"resumed at (\d+)", (tmp_path / "sweep" / "seed=0.log").read_text())
    assert [resumed] == saved or what == signal.SIGKILL, "it saved when it was stopped"
    for seed in range(3):
        expected = plain(tmp_path, f"--seed={seed}", "--overwrite", f"--iters={ITERS}", f"--data_dir={idx_dir}", *SLOW)
        assert (tmp_path / "sweep" / f"seed={seed}" / "losses.csv").read_bytes() == expected


@pytest.fixture
def two_nodes(monkeypatch):
    """A Ray cluster of two nodes with a core each on this machine: (cluster, the node without the head)."""
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    yield cluster, cluster.add_node(num_cpus=1)
    cluster.shutdown()


@needs_ray
@pytest.mark.slow
def test_the_runs_of_a_node_that_dies_resume_on_another(two_nodes, idx_dir, tmp_path):
    cluster, node = two_nodes
    flags = ["--seeds=0-1", f"--iters={ITERS}", "--noevaluate", f"--data_dir={idx_dir}", *SLOW, "--out_dir=sweep"]
    with start(*flags, f"--address={cluster.address}", cwd=tmp_path) as process:
        wait_for(lambda: len(workers(tmp_path / "sweep")) == 2 and worker_after(600, tmp_path / "sweep"))
        cluster.remove_node(node, allow_graceful=False)
        _, stderr = process.communicate(timeout=300)
    assert process.returncode == 0, stderr
    logs = [(tmp_path / "sweep" / f"seed={seed}.log").read_text() for seed in range(2)]
    assert sum("resumed at" in log for log in logs) == 1
    for seed in range(2):
        expected = plain(tmp_path, f"--seed={seed}", "--overwrite", f"--iters={ITERS}", f"--data_dir={idx_dir}", *SLOW)
        assert (tmp_path / "sweep" / f"seed={seed}" / "losses.csv").read_bytes() == expected


@pytest.fixture
def distant(monkeypatch):
    """The address of a Ray cluster of one core for Ray's client. It asks for a token, which is set."""
    with socket.socket() as one, socket.socket() as two:
        ports = [each.bind(("127.0.0.1", 0)) or each.getsockname()[1] for each in (one, two)]
    command = "ray start --head --block --num-cpus=1 --include-dashboard=false --node-ip-address=127.0.0.1"
    options = [f"--port={ports[0]}", f"--ray-client-server-port={ports[1]}", "--disable-usage-stats"]
    for name, value in (("RAY_AUTH_MODE", "token"), ("RAY_AUTH_TOKEN", "open" * 8)):
        monkeypatch.setenv(name, value)
    with start(*command.split()[1:], *options, cwd="/", module="ray.scripts.scripts") as process:
        wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", ports[1])) == 0)
        yield f"ray://127.0.0.1:{ports[1]}"
        os.killpg(process.pid, signal.SIGTERM)


@needs_ray
@pytest.mark.slow
def test_a_cluster_is_reached_by_rays_client_with_its_token(distant, idx_dir, tmp_path, monkeypatch):
    """Ctrl-C stops the runs there with a checkpoint, and the same command resumes them."""
    run = [f"--iters={ITERS}", f"--data_dir={idx_dir}", *SLOW]
    flags = [*run, "--noevaluate", f"--address={distant}", "--out_dir=sweep"]
    with start(*flags, cwd=tmp_path) as process:
        wait_for(lambda: worker_after(200, tmp_path / "sweep"))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=100)
    result = sweep(*flags, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "resumed at" in (tmp_path / "sweep" / "seed=0.log").read_text()
    assert (tmp_path / "sweep" / "seed=0" / "losses.csv").read_bytes() == plain(tmp_path, *run)
    monkeypatch.delenv("RAY_AUTH_MODE")
    message = last_line_of_failure(sweep(*flags[:-1], cwd=tmp_path))
    assert message.startswith(f"error: --address={distant}: no connection to a cluster (")
    assert message.endswith("; if it asks for a token, set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN.")


@needs_ray
@pytest.mark.slow
def test_a_local_sweep_listens_on_the_loopback_interface_alone(idx_dir, tmp_path):
    flags = [f"--iters={ITERS}", "--noevaluate", f"--data_dir={idx_dir}", *SLOW, "--out_dir=sweep"]
    others = listening()
    with start(*flags, cwd=tmp_path) as process:
        wait_for(lambda: worker_after(200, tmp_path / "sweep"))
        found = listening() - others
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=100)
    assert len(found) > 3, "Ray does listen"
    loopback = {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}
    assert {address for address, _ in found} <= loopback


def listening():
    """The (address, port) that processes listen on, as Linux writes them."""
    lines = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    return {tuple(line[1].split(":")) for line in lines if line[3] == "0A"}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--seeds=4-0"], "error: --seeds=4-0 runs backwards; write it as 0-4."),
        (["--d_lr=1,x"], "error: --d_lr=x is not a number. See python -m gan_tf.train --help."),
        (
            ["--gan=nonsense"],
            "error: --gan=nonsense: Python finds no nonsense.py; run this command in the folder of the file",
        ),
        (["--gan=dcgan,dcgan"], "error: --gan=dcgan,dcgan names a GAN twice."),
        (["--cpus_per_run=0"], "error: --cpus_per_run=0: 0 is not a positive integer. See --help."),
        (["--table_only"], "error: out/sweep/sweep.json cannot be read ("),
        (["--out_dir=a,b"], "error: --out_dir=a,b: a sweep has one folder; name it without a comma."),
    ],
)
def test_mistakes_end_in_one_line(flags, message, tmp_path):
    result = forked("gan_tf.sweep", *flags, cwd=tmp_path)
    assert message in last_line_of_failure(result)
    assert list(tmp_path.iterdir()) == []


@needs_ray
@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--cpus_per_run=1000"], "error: --cpus_per_run=1000, but no machine has more than "),
        (["--gpus_per_run=99"], "error: --gpus_per_run=99, but no machine has more than "),
        (["--address=127.0.0.1:1"], "error: --address=127.0.0.1:1: no cluster answers there"),
    ],
)
def test_what_the_cluster_lacks_is_said_before_a_run_starts(flags, message, tmp_path):
    begun = time.monotonic()
    result = sweep(*flags, "--noevaluate", cwd=tmp_path)
    assert message in last_line_of_failure(result) and time.monotonic() - begun < 60
    assert not list(tmp_path.glob("out/sweep/seed*"))


def test_help(tmp_path):
    result = sweep("--d_lr=1", "--help", cwd=tmp_path)
    assert (
        result.returncode == 0
        and result.stdout.startswith("Trains many GANs at once: ")
        and "--seeds=0" in result.stdout
    )


def test_without_ray_one_line_says_how_to_install_it(tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util\nfind = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: None if name == 'ray' else find(name, *rest)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    result = sweep(cwd=tmp_path)
    assert last_line_of_failure(result) == "error: a sweep needs Ray; install it with: pip install -e '.[sweep]'"
