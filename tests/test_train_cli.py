"""python -m gan_tf.train, as a user runs it: a few times in a process of its own, else in one that has TensorFlow."""

import json
import os
import re
import signal
import subprocess
import sys
import types
from pathlib import Path

import keras
import numpy as np
import pytest
from command_line import forked, last_line_of_failure, losses_of, run, written
from PIL import Image

from gan_tf.data import mnist
from gan_tf.runs import folder
from gan_tf.runs.config import FREE, REFERENCE

ENDING = ["checkpoints", "config.json", "discriminator.keras", "generator.keras", "losses.csv", "losses.png"]
ENDING += ["report.html", "samples.png", "training.gif"]  # what a finished run leaves besides its grids, sorted


@pytest.fixture(scope="module")
def finished(tmp_path_factory, idx_dir):
    """(folder, result) of 250 iterations with a grid and a log every 100; the batch is small, which saves seconds.

    XLA writes what it compiles to a folder. The command would try that setting in a process of its own, which takes
    seconds: test_edges.py has the tests of that.
    """
    cwd = tmp_path_factory.mktemp("finished")
    return cwd, with_variable(
        *("XLA_FLAGS", f"--xla_dump_to={cwd}-xla"),
        *("--iters=250", f"--data_dir={idx_dir}", "--sample_every=100", "--log_every=100", "--seed=3"),
        "--batch_size=16",
        cwd=cwd,
        before="from gan_tf.runs import command_line\ncommand_line._check_xla_flags = lambda: None\n",
    )


def test_xla_compiles_the_loop_once(finished):
    """Whatever the length of a block, and there are blocks of 0, 100 and 50 iterations: it costs seconds."""
    cwd, _ = finished
    assert len(list(cwd.with_name(f"{cwd.name}-xla").glob("*_run_*before_optimizations.txt"))) == 1


def test_tf32_is_off_unless_asked_for(tmp_path):
    """TensorFlow has it on. One process for both."""
    code = (
        "import tensorflow as tf; from gan_tf import train; from gan_tf.runs.training_command import choose_device\n"
        "for flag in ('--device=cpu', '--tf32'):\n"
        "    train.FLAGS(['train', flag]); choose_device()\n"
        "    print(tf.config.experimental.tensor_float_32_execution_enabled())"
    )
    (tmp_path / "code.py").write_text(code)
    result = forked("code.py", cwd=tmp_path)
    assert result.returncode == 0 and result.stdout == "False\nTrue\n", result.stderr


USED = """
import os, sys, time, types
import numpy as np
from gan_tf import train
from gan_tf.runs.training_command import choose_device

def seconds():
    found = {}
    for task in os.listdir("/proc/self/task"):
        with open(f"/proc/self/task/{task}/stat") as file:
            user, system = file.read().rsplit(")", 1)[1].split()[11:13]
        found[task] = int(user) + int(system)
    return found

train.FLAGS(sys.argv)
choose_device()
gan = train.make(types.SimpleNamespace(pixels=np.zeros([200, 28, 28, 1], np.uint8)), 500)
gan.train_block(0, 500)
before, cpu, wall = seconds(), time.process_time(), time.monotonic()
gan.train_block(500, 500)
cpu, wall = time.process_time() - cpu, time.monotonic() - wall
used = sorted((ticks - before.get(task, 0) for task, ticks in seconds().items()), reverse=True)
print(cpu / wall, used[1] / sum(used))
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="needs /proc, which tells the time of each thread")
@pytest.mark.slow
@pytest.mark.parametrize("flag", ["--jit", "--nojit"])
def test_threads_are_limited(flag):
    """With one, never more than one thread works. With two, the second one does a share of the work."""
    for threads in (1, 2):
        command = [sys.executable, "-c", USED, f"--threads={threads}", flag]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        at_work, share_of_second = map(float, result.stdout.split())
        if threads == 1:
            assert at_work < 1.1
        else:
            assert share_of_second > 0.15


@pytest.mark.parametrize("flag", ["--nojit", pytest.param("--jit", marks=pytest.mark.slow)])
def test_threads_leave_the_results(flag, idx_dir, tmp_path):
    """Bit for bit on a CPU with AVX-512, at the full batch, where products are large enough to be shared.

    On an AMD EPYC without it, XLA with two threads gave other last bits than with one: up to 2e-6 of a loss after 300
    iterations. Here there are 100.
    """
    for threads in (1, 2):
        flags = (flag, "--iters=101", f"--data_dir={idx_dir}", f"--threads={threads}", f"--out_dir=out{threads}")
        result = forked("gan_tf.train", *flags, cwd=tmp_path)
        assert result.returncode == 0 and f"threads: {threads}" in result.stderr, result.stderr
    one, two = ((tmp_path / name / "losses.csv").read_bytes() for name in ("out1", "out2"))
    if "avx512f" in Path("/proc/cpuinfo").read_text():
        assert one == two
    else:
        one, two = (losses_of(tmp_path / name) for name in ("out1", "out2"))
        assert one.keys() == two.keys() and len(one) == 2
        np.testing.assert_allclose(list(one.values()), list(two.values()), rtol=1e-5)


def test_stdout_is_the_references_lines(finished):
    cwd, result = finished
    assert result.returncode == 0, result.stderr
    losses = losses_of(cwd / "out")
    expected = ""
    for it in (0, 100, 200):
        d_loss, g_loss = (np.float32(loss) for loss in losses[it])
        expected += "Iter: {}\nD loss: {:.4}\nG_loss: {:.4}\n\n".format(it, d_loss, g_loss)  # noqa: UP032
    assert result.stdout == expected


def test_stderr_says_what_ran(finished, idx_dir):
    _, result = finished
    for fact in (
        "tensorflow 2.",
        "device: CPU, ",
        "XLA on",
        "seed 3",
        f"data: your own images, 5200 images of 28x28 pixels in grey (IDX files in {idx_dir})",
        "250 iterations in ",
        " a second",
    ):
        assert fact in result.stderr
    assert "Traceback" not in result.stderr


def test_folder_holds_what_the_reference_leaves_and_more(finished):
    cwd, _ = finished
    out = cwd / "out"
    assert sorted(os.listdir(out)) == ["000.png", "001.png", "002.png", *ENDING]
    assert sorted(losses_of(out)) == [0, 100, 200]
    for name in ("000.png", "001.png", "002.png"):
        assert Image.open(out / name).size == (328, 328)
    assert (out / "000.png").read_bytes() != (out / "001.png").read_bytes()
    config = json.loads((out / "config.json").read_text())
    assert config["flags"]["seed"] == 3 and config["flags"]["d_optimizer"] == "adadelta"
    assert config["flags"]["iters"] == 250 and config["flags"]["d_lr"] is None
    assert (
        config["data"]["images"] == 5200
        and config["data"]["shape"] == [28, 28, 1]
        and re.fullmatch("[0-9a-f]{64}", config["data"]["digest"])
    )
    assert config["device"].startswith("CPU") and config["versions"]["tensorflow"].startswith("2.")


def test_same_seed_same_run_however_it_is_cut(finished, idx_dir, tmp_path):
    """Other grids and logs, other blocks, and a Ctrl-C in between: the same losses and networks, bit for bit."""
    cwd, _ = finished
    flags = ("--iters=250", f"--data_dir={idx_dir}", "--sample_every=70", "--log_every=100", "--seed=3")
    flags += ("--batch_size=16",)

    def on_line(line):
        return [(0, signal.SIGINT)] if line == "Iter: 100\n" else None

    stopped = forked("gan_tf.train", *flags, cwd=tmp_path, on_line=on_line)
    assert stopped.returncode == 130 and "of 250; run the same command to resume" in stopped.stderr, stopped.stderr
    resumed = forked("gan_tf.train", *flags, "--log_every=1000", cwd=tmp_path)
    assert resumed.returncode == 0 and "resumed at " in resumed.stderr, resumed.stderr
    losses = losses_of(tmp_path / "out")
    assert {it: losses[it] for it in (0, 100, 200)} == losses_of(cwd / "out")
    assert sorted(losses) == [0, 70, 100, 140, 200, 210], "every 100th iteration, and those of the grids"
    assert len(list((tmp_path / "out").glob("0*.png"))) == 4
    for name in ("generator.keras", "discriminator.keras"):
        ours, theirs = (keras.saving.load_model(each / "out" / name).get_weights() for each in (tmp_path, cwd))
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a, b)


def test_other_flags_reach_the_training(idx_dir, tmp_path):
    """Without XLA, Adam for D at another rate, another batch size: it runs, and D wins."""
    result = forked(
        "gan_tf.train",
        *("--iters=101", f"--data_dir={idx_dir}", "--nojit", "--d_optimizer=adam", "--d_lr=0.01", "--g_lr=0.0005"),
        *("--batch_size=200", "--device=cpu", "--out_dir=elsewhere/run", "--seed=3"),
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    assert "XLA off" in result.stderr
    names = sorted(os.listdir(tmp_path / "elsewhere" / "run"))
    assert names == ["000.png", *ENDING]
    d_loss, g_loss = losses_of(tmp_path / "elsewhere" / "run")[100]
    assert d_loss < 0.6 and g_loss > 2, "a D that fast tells noise from G within a hundred iterations"


def test_the_original_mnist_is_recognised(mnist_dir, tmp_path):
    result = forked("gan_tf.train", "--iters=1", "--nojit", f"--data_dir={mnist_dir}", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "data: the original MNIST, 55000 images of 28x28 pixels in grey (IDX files in " in result.stderr
    assert json.loads((tmp_path / "out" / "config.json").read_text())["data"]["digest"] == mnist.DIGESTS["train"]


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--d_optimizer=sgd", "--d_optimizer=sgd is not adadelta, adadelta_2017, adam, adam_gp or rmsprop."),
        ("--dataset=cifar", "--dataset=cifar is not mnist, glyphs, heads, stacked_mnist, folder or tfds:NAME."),
        ("--dataset=captions", "--dataset=captions is not mnist, glyphs, heads, stacked_mnist, folder or tfds:NAME."),
        ("--dataset=tfds:", "--dataset=tfds: is not mnist, glyphs, heads, stacked_mnist, folder or tfds:NAME."),
        ("--channels=2", "--channels=2: must be 1 or 3."),
        ("--size=7", "--size=7: 7 is not an integer in the range [16, 1024]."),
        ("--device=tpu", "--device=tpu is not auto, cpu or gpu."),
        ("--iter=10", "Unknown command line flag 'iter'. Did you mean iters?"),
        ("--iters=0", "--iters=0: 0 is not a positive integer."),
        ("--iters=-5", "--iters=-5: -5 is not a positive integer."),
        ("--iters=20k", "--iters=20k is not a whole number."),
        ("--iters=1e5", "--iters=1e5 is not a whole number."),
        ("--batch_size=0", "--batch_size=0: 0 is not a positive integer."),
        ("--sample_every=0", "--sample_every=0: 0 is not a positive integer."),
        ("--log_every=-1", "--log_every=-1: -1 is not a positive integer."),
        ("--seed=-1", "--seed=-1: -1 is not an integer in the range [0, 9223372036854775807]."),
        ("--r1=nan", "--r1=nan: must be a finite number."),
        ("--d_steps=100000", "--d_steps=100000: 100000 is not an integer in the range [1, 100]."),
        ("--d_lr=0", "--d_lr=0.0: must be a number above 0, such as 0.001."),
        ("--g_lr=-0.1", "--g_lr=-0.1: must be a number above 0, such as 0.001."),
        ("--g_lr=nan", "--g_lr=nan: must be a number above 0, such as 0.001."),
        ("--g_lr=fast", "--g_lr=fast is not a number."),
        ("--out_dir=", "--out_dir=: must name a folder."),
        ("--nojit=3", "write --jit or --nojit."),
        ("--jit=3", "write --jit or --nojit."),
    ],
)
def test_bad_flags(flag, message, tmp_path):
    result = forked("gan_tf.train", flag, cwd=tmp_path)
    assert result.returncode == 2 and result.stderr == f"error: {message} See --help.\n" and result.stdout == ""
    assert os.listdir(tmp_path) == [], "a refused run leaves nothing"


def test_stray_argument(tmp_path):
    line = last_line_of_failure(run("1000", cwd=tmp_path))
    assert line == "error: '1000' is not understood: options begin with --, see --help."


def test_out_dir_that_is_a_file(tmp_path):
    (tmp_path / "out").write_text("precious")
    line = last_line_of_failure(forked("gan_tf.train", "--dataset=glyphs", cwd=tmp_path))
    assert line.startswith("error: --out_dir=out: ") and line.endswith("is not a folder; name another.")
    assert (tmp_path / "out").read_text() == "precious"


def test_files_that_would_be_overwritten(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "000.png").write_text("precious")
    line = last_line_of_failure(forked("gan_tf.train", "--iters=1", "--dataset=glyphs", cwd=tmp_path))
    assert line.startswith("error: --out_dir=out holds files that a run would write (000.png), but no config.json")
    assert os.listdir(tmp_path / "out") == ["000.png"]


def test_overwrite_with_bad_data_overwrites_nothing(finished, tmp_path):
    cwd, _ = finished
    before = written(cwd / "out")
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"")
    line = last_line_of_failure(forked("gan_tf.train", "--overwrite", f"--data_dir={tmp_path}", cwd=cwd))
    assert line == f"error: {tmp_path}/train-images-idx3-ubyte is an empty file, not a file in MNIST's format; " + (
        "download it again."
    )
    assert written(cwd / "out") == before


def with_variable(name, value, *flags, cwd, before=""):
    """Runs the command with one more environment variable, after the lines `before` of Python."""
    code = cwd.with_name(f"{cwd.name}-code.py")
    lines = f"import os, runpy\nos.environ[{name!r}] = {str(value)!r}\n{before}"
    code.write_text(lines + 'runpy.run_module("gan_tf.train", run_name="__main__", alter_sys=True)\n')
    return forked(str(code), *flags, cwd=cwd)


def test_home_is_understood(idx_dir, tmp_path):
    """A shell leaves the ~ of --out_dir=~/run as it is."""
    home = tmp_path / "home"
    (home / "run").mkdir(parents=True)
    (home / "run" / "losses.csv").write_text("precious")
    line = last_line_of_failure(with_variable("HOME", home, "--out_dir=~/run", cwd=tmp_path))
    assert "holds files that a run would write (losses.csv)" in line


def test_offline_with_nothing_found(tmp_path):
    """TFDS alone would try for minutes; one message names the three ways out."""
    line = last_line_of_failure(run(cwd=tmp_path, timeout=60))
    assert line.startswith("error: mnist is not on this machine, and the server that has it cannot be reached")
    assert "IDX files" in line and "tensorflow-datasets has prepared" in line and "--dataset=glyphs" in line
    assert not (tmp_path / "out").exists()


def test_gpu_that_is_not_there(idx_dir, tmp_path):
    result = with_variable("CUDA_VISIBLE_DEVICES", "-1", "--device=gpu", f"--data_dir={idx_dir}", cwd=tmp_path)
    line = last_line_of_failure(result)
    assert line.startswith("error: --device=gpu, but TensorFlow sees no GPU")
    assert os.listdir(tmp_path) == []


def test_dry_run_leaves_nothing(idx_dir, tmp_path):
    result = forked(
        *("gan_tf.train", "--dry_run", "--iters=5000", "--nojit", "--batch_size=16", f"--data_dir={idx_dir}"),
        "--sample_every=20",  # so many iterations are measured
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    config, estimate = result.stdout.rsplit("\n", 2)[:2]
    assert json.loads(config)["flags"]["batch_size"] == 16 and json.loads(config)["device"].startswith("CPU")
    assert re.fullmatch(r"5000 iterations would take about \d+\.\d minutes\.", estimate)
    assert os.listdir(tmp_path) == []


def test_dry_run_where_another_run_is(finished, idx_dir):
    """It says that the run would be refused, and measures the run that was asked for."""
    cwd, _ = finished
    before = written(cwd / "out")
    flags = ("--dry_run", "--iters=200", "--nojit", "--batch_size=32", "--sample_every=20", f"--data_dir={idx_dir}")
    result = forked("gan_tf.train", *flags, cwd=cwd)
    assert result.returncode == 0, result.stderr
    words = (
        "WARNING without --dry_run this command would stop with this error: --out_dir=out holds a run with other flags"
    )
    assert words in result.stderr
    config, estimate = result.stdout.rsplit("\n", 2)[:2]
    assert json.loads(config)["flags"]["batch_size"] == 32 and estimate.startswith("200 iterations would take about ")
    assert written(cwd / "out") == before


# A flag without a value takes the script's, or the recipe's of its objective.
DEFAULTS = {"loss": "non_saturating", "d_steps": None, "r1": None, "d_optimizer": None, "g_optimizer": None}
DEFAULTS |= {"d_lr": None, "g_lr": None, "iters": 1_000_000, "batch_size": 128, "seed": 0, "dataset": "mnist"}
DEFAULTS |= {"data_dir": None, "out_dir": "out", "overwrite": False, "sample_every": 1000, "log_every": 1000}
DEFAULTS |= {"checkpoint_every": 10_000, "tensorboard": False, "dry_run": False, "device": "auto"}
DEFAULTS |= {"threads": None, "jit": True, "tf32": False, "size": None, "channels": None, "cache": True}


def test_defaults_are_the_scripts():
    """Of all flags: a run without flags is the script's, whatever else changes."""
    from gan_tf import train

    found = {flag.name: flag.default for flag in train.FLAGS.get_flags_for_module("gan_tf.train")}
    assert found == DEFAULTS


@pytest.mark.parametrize(
    ("changed", "warned"),
    [({}, True), ({"d_lr": 1.0}, False), ({"loss": "lsgan"}, False), ({"d_optimizer": "adam"}, False)],
)
def test_the_script_s_own_settings_have_a_hint(changed, warned, monkeypatch, caplog):
    """A run that will collapse says so, and what helps; no other run does. All flags reach the GAN."""
    from gan_tf import train
    from gan_tf.objectives import variant

    values = DEFAULTS | {"d_optimizer": "adadelta", "g_optimizer": "adam", "r1": 0.25} | changed

    class Values(dict):
        __getattr__ = dict.__getitem__

        def __getitem__(self, name):
            return types.SimpleNamespace(value=values[name])

    monkeypatch.setattr(train, "FLAGS", Values(values))
    monkeypatch.setattr(variant, "make", lambda pixels, **options: options)
    with caplog.at_level("INFO"):
        options = train.make(types.SimpleNamespace(pixels=None), 50)
    assert (["--d_lr=1.0" in message for message in caplog.messages] == [True]) == warned
    names = "loss d_steps r1 d_optimizer g_optimizer d_lr g_lr batch_size seed jit".split()
    assert options == {name: values[name] for name in names} | {"block": 50}


def test_which_flags_may_change():
    """The README names them; every other flag decides what a run computes or draws."""
    free = "iters log_every checkpoint_every data_dir cache out_dir overwrite tensorboard dry_run device threads"
    assert sorted(FREE) == sorted(free.split())


@pytest.mark.parametrize("name", sorted(DEFAULTS.keys() - set(FREE)))
def test_every_flag_that_decides_a_run_must_stay(name, tmp_path):
    config = {"gan": REFERENCE, "flags": DEFAULTS, "data": {"digest": "0"}}
    folder.Run(tmp_path, config).close()
    folder.check(tmp_path, DEFAULTS, overwrite=False)
    with pytest.raises(folder.RunError, match=rf"holds a run with other flags \(--{name}: "):
        folder.check(tmp_path, DEFAULTS | {name: "another"}, overwrite=False)


def test_help_is_in_groups(tmp_path):
    result = run("--help", cwd=tmp_path)
    assert result.returncode == 0
    from gan_tf import train

    for heading, names in train.GROUPS.items():
        group = result.stdout.split(f"\n{heading}:\n")[1].split("\n\n")[0]
        assert re.findall(r"^  --(\w+)", group, re.MULTILINE) == names
    own = train.FLAGS.get_flags_for_module("gan_tf.train")
    assert sorted(flag.name for flag in own) == sorted(sum(train.GROUPS.values(), [])), "no flag is left out"
