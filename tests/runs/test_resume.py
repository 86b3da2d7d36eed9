"""Runs that are stopped, killed, damaged and starved, and resumed."""

import json
import os
import random
import re
import shutil
import signal
import subprocess

import numpy as np
import pytest
import tensorflow as tf
from command_line import forked, last_line_of_failure, losses_of, run, start, written

from gan_tf.runs import files

ITERS = 112  # enough that a signal comes before the end, and that old checkpoints are removed
# No XLA, which would spend seconds of each start on compiling, except where a test says --jit.
FLAGS = (f"--iters={ITERS}", "--nojit", "--batch_size=16", "--sample_every=16", "--checkpoint_every=14", "--seed=3")


@pytest.fixture(scope="module")
def whole(tmp_path_factory, idx_dir):
    """The folder of a run that nothing has disturbed."""
    cwd = tmp_path_factory.mktemp("whole")
    result = forked("gan_tf.train", *FLAGS, f"--data_dir={idx_dir}", cwd=cwd)
    assert result.returncode == 0 and "fresh run" in result.stderr, result.stderr
    return cwd / "out"


def state(out_dir, iteration):
    """All that a checkpoint holds, by name."""
    reader = tf.train.load_checkpoint(f"{files.for_tensorflow(out_dir / 'checkpoints')}/{iteration}")
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def assert_equal_runs(out_dir, expected, iters=ITERS):
    """Bit for bit the same losses, grids and state."""
    assert (out_dir / "losses.csv").read_bytes() == (expected / "losses.csv").read_bytes()
    grids = sorted(path.name for path in expected.glob("[0-9]*.png"))
    assert sorted(path.name for path in out_dir.glob("[0-9]*.png")) == grids
    for name in grids:
        assert (out_dir / name).read_bytes() == (expected / name).read_bytes(), name
    ours, theirs = state(out_dir, iters), state(expected, iters)
    assert sorted(ours) == sorted(theirs) and len(ours) > 24, "8 weights, 16 slots, and what the optimizers count"
    for name, value in theirs.items():
        np.testing.assert_array_equal(ours[name], value, err_msg=name)


def go_on(cwd, idx_dir, *flags, on_line=None):
    """The command of the whole run, once more."""
    return forked("gan_tf.train", *FLAGS, f"--data_dir={idx_dir}", *flags, cwd=cwd, on_line=on_line)


def stop_at(cwd, idx_dir, signals, iteration, *flags):
    """Sends the `signals` when the losses of `iteration` are printed; returns (exit status, stderr)."""

    def on_line(line):
        return [(0, each) for each in signals] if line == f"Iter: {iteration}\n" else None

    result = go_on(cwd, idx_dir, "--log_every=20", *flags, on_line=on_line)
    return result.returncode, result.stderr


def resumed_at(result):
    """The iteration at which a command says that it resumed."""
    return int(re.search(r"resumed at (\d+)", result.stderr)[1])


def test_stopped_runs_go_on_exactly(whole, idx_dir, tmp_path):
    """Stopped by both signals and resumed twice, it equals the run that was not."""
    for iteration, what, status in ((20, signal.SIGINT, 130), (60, signal.SIGTERM, 143)):
        code, stderr = stop_at(tmp_path, idx_dir, [what], iteration)
        assert code == status and "Traceback" not in stderr, stderr
        assert f"of {ITERS}; run the same command to resume" in stderr
    result = go_on(tmp_path, idx_dir)
    assert result.returncode == 0 and resumed_at(result) == int(re.search(rf"(\d+) of {ITERS};", stderr)[1]) >= 60
    assert_equal_runs(tmp_path / "out", whole)


@pytest.mark.slow
def test_with_xla_a_stopped_run_goes_on_exactly(idx_dir, tmp_path):
    """As the command does by default.

    A quick test of nearly the same is `test_same_seed_same_run_however_it_is_cut` of test_train_cli.py, which stops a
    run with XLA, too. It compares losses and networks; the tests here compare grids and the optimizers' state, without
    XLA.
    """
    flags = ("--iters=400", "--jit", "--sample_every=100", "--checkpoint_every=150")
    for name in ("whole", "stopped"):
        (tmp_path / name).mkdir()
    assert go_on(tmp_path / "whole", idx_dir, *flags).returncode == 0
    code, stderr = stop_at(tmp_path / "stopped", idx_dir, [signal.SIGINT], 120, *flags)
    assert code == 130, stderr
    assert "resumed at " in go_on(tmp_path / "stopped", idx_dir, *flags).stderr
    assert_equal_runs(tmp_path / "stopped" / "out", tmp_path / "whole" / "out", 400)


def test_iters_is_the_total(whole, idx_dir, tmp_path):
    """A finished run says so and changes nothing; with a higher total it resumes."""
    for iters, words in ((50, "fresh run"), (ITERS, "resumed at 50")):
        result = go_on(tmp_path, idx_dir, f"--iters={iters}")
        assert result.returncode == 0 and words in result.stderr, result.stderr
    assert_equal_runs(tmp_path / "out", whole)
    before = written(tmp_path / "out")
    for iters in (ITERS, 10):
        result = go_on(tmp_path, idx_dir, f"--iters={iters}")
        assert result.returncode == 0 and f"finished: out has all {ITERS} iterations" in result.stderr
    assert written(tmp_path / "out") == before


def kill_and_go_on(times, idx_dir, cwd, seed, *flags):
    """Kills a run that writes a checkpoint at every iteration; returns how often and when."""
    chance, kills = random.Random(seed), []
    while len(kills) < times:
        delay, lines = chance.uniform(0, 0.3), []

        def on_line(line, delay=delay, lines=lines):
            # From the first line on, so that every kill hits a run that is writing; how long after is chance.
            lines.append(line)
            return [(delay, signal.SIGKILL)] if len(lines) == 1 else None

        go_on(cwd, idx_dir, "--log_every=1", "--checkpoint_every=1", *flags, on_line=on_line)
        if not lines:
            break
        kills.append((int(lines[0].split()[1]), delay))
    return kills


@pytest.mark.slow
def test_killed_runs_go_on_exactly(idx_dir, tmp_path):
    """Quick tests of the same: `test_attack[kills-1]` and `test_a_run_that_is_killed_is_the_same_run`."""
    times, iters, whole = 55, 600, tmp_path / "whole" / "out"
    whole.parent.mkdir()
    assert go_on(whole.parent, idx_dir, f"--iters={iters}").returncode == 0
    kills = kill_and_go_on(times, idx_dir, tmp_path, times, f"--iters={iters}")
    assert len(kills) == times, kills
    print(f"\n{times} kills, resumed after", *(iteration for iteration, _ in kills))
    assert go_on(tmp_path, idx_dir, f"--iters={iters}").returncode == 0
    assert_equal_runs(tmp_path / "out", whole, iters)


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0x10
    path.write_bytes(content)


DATA = "data-00000-of-00001"
DAMAGES = [(flip, DATA)]
SLOW_DAMAGES = [(truncate, "index"), (truncate, DATA), (flip, "index"), (os.remove, "index"), (os.remove, DATA)]


@pytest.mark.parametrize(
    ("damage", "suffix"), DAMAGES + [pytest.param(*damage, marks=pytest.mark.slow) for damage in SLOW_DAMAGES]
)
def test_a_damaged_checkpoint_is_passed_over(damage, suffix, whole, idx_dir, tmp_path):
    shutil.copytree(whole, tmp_path / "out")
    damage(tmp_path / "out" / "checkpoints" / f"{ITERS}.{suffix}")
    result = go_on(tmp_path, idx_dir, f"--iters={ITERS + 1}")
    assert result.returncode == 0 and "resumed at 98" in result.stderr, result.stderr
    if (damage, suffix) != (os.remove, "index"):  # without its index there is no checkpoint
        assert f"the checkpoint at iteration {ITERS} is damaged (" in result.stderr
    assert losses_of(tmp_path / "out") == losses_of(whole) | {ITERS: losses_of(tmp_path / "out")[ITERS]}


def test_no_whole_checkpoint(whole, idx_dir, tmp_path):
    shutil.copytree(whole, tmp_path / "out")
    for path in (tmp_path / "out" / "checkpoints").glob("*.index"):
        truncate(path)
    line = last_line_of_failure(go_on(tmp_path, idx_dir, f"--iters={ITERS + 1}"))
    assert line == "error: --out_dir=out has no intact checkpoint; start again with --overwrite."


def test_losses_cut_in_half(whole, idx_dir, tmp_path):
    """Weights matter more than the log: the run resumes, and says which lines nobody can write again."""
    shutil.copytree(whole, tmp_path / "out")
    truncate(tmp_path / "out" / "losses.csv")
    result = go_on(tmp_path, idx_dir, f"--iters={ITERS + 1}")
    assert result.returncode == 0 and f"resumed at {ITERS}" in result.stderr, result.stderr
    lost = re.search(r"losses.csv was damaged: it lacks (\d+) of 8 lines from before iteration 112", result.stderr)
    assert len(losses_of(tmp_path / "out")) == 9 - int(lost[1]) and 2 < int(lost[1]) < 6


@pytest.mark.parametrize(
    ("damage", "name", "resumed"),
    [
        (os.remove, "generator.keras", ITERS),
        pytest.param(truncate, "samples.png", ITERS, marks=pytest.mark.slow),
        pytest.param(os.remove, "checkpoints/exported.json", ITERS, marks=pytest.mark.slow),
        pytest.param(truncate, f"checkpoints/{ITERS}.{DATA}", 98, marks=pytest.mark.slow),
    ],
)
def test_a_run_is_finished_when_all_its_files_are_there(damage, name, resumed, whole, idx_dir, tmp_path):
    """A kill in the last seconds, or damage: the same command completes what is missing."""
    shutil.copytree(whole, tmp_path / "out")
    (tmp_path / "out" / "checkpoints" / "999999.index").touch()  # says nothing
    assert f"finished: out has all {ITERS}" in go_on(tmp_path, idx_dir).stderr
    damage(tmp_path / "out" / name)
    result = go_on(tmp_path, idx_dir)
    assert result.returncode == 0 and f"resumed at {resumed}" in result.stderr, result.stderr
    assert {path.name for path in whole.iterdir()} == {path.name for path in (tmp_path / "out").iterdir()}
    assert f"finished: out has all {ITERS}" in go_on(tmp_path, idx_dir).stderr
    assert (tmp_path / "out" / "samples.png").read_bytes() == (whole / "samples.png").read_bytes()
    assert_equal_runs(tmp_path / "out", whole)


@pytest.mark.slow
def test_a_folder_with_an_odd_name(whole, idx_dir, tmp_path):
    """TensorFlow cannot use it; a run can, in any locale, and it finds its checkpoints again."""
    name = os.fsdecode(b"a[b]\\*\xff" + "ü".encode())
    for iters in (70, ITERS):
        flags = (f"--iters={iters}", f"--out_dir={name}")
        locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        result = run(*FLAGS, f"--data_dir={idx_dir}", *flags, cwd=tmp_path, **locale)
        assert result.returncode == 0, result.stderr
    assert "resumed at 70" in result.stderr
    assert_equal_runs(tmp_path / name, whole)


@pytest.mark.parametrize("floatx", [pytest.param(each, marks=pytest.mark.slow) for each in ("float16", "float64")])
def test_kerass_own_settings_change_nothing(floatx, whole, idx_dir, tmp_path):
    settings = {"floatx": floatx, "epsilon": 0.1, "backend": "jax", "image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    result = run(*FLAGS, f"--data_dir={idx_dir}", cwd=tmp_path, KERAS_HOME=str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert_equal_runs(tmp_path / "out", whole)


@pytest.mark.slow
def test_two_signals_at_once_are_one_wish(whole, idx_dir, tmp_path):
    """As from a terminal and a scheduler together: it still saves. A stop after --overwrite says how to go on."""
    code, stderr = stop_at(tmp_path, idx_dir, [signal.SIGTERM, signal.SIGINT], 60, "--overwrite")
    assert code in (130, 143), stderr
    assert f"of {ITERS}; run the same command without --overwrite to resume" in stderr
    assert "python -m gan_tf.report --run_dir=out" in stderr
    assert resumed_at(go_on(tmp_path, idx_dir)) >= 60
    assert_equal_runs(tmp_path / "out", whole)


def test_config_cut_in_half(whole, idx_dir, tmp_path):
    shutil.copytree(whole, tmp_path / "out")
    truncate(tmp_path / "out" / "config.json")
    line = last_line_of_failure(go_on(tmp_path, idx_dir))
    assert line.startswith("error: out/config.json cannot be read (") and line.endswith("with --overwrite.")


@pytest.mark.parametrize(
    ("flag", "was"),
    [
        ("--seed=4", "--seed: 3 there, 4 now"),
        ("--jit", "--jit: false there, true now"),
        ("--d_lr=0.1", "--d_lr: unset there, 0.1 now"),
        ("--g_optimizer=adadelta", "--g_optimizer: adam there, adadelta now"),
        ("--loss=lsgan", "--loss: non_saturating there, lsgan now; --d_optimizer: adadelta there, adam now"),
        ("--d_steps=2", "--d_steps: 1 there, 2 now"),
    ],
)
def test_other_flags_are_refused_by_name(flag, was, whole, idx_dir):
    line = last_line_of_failure(go_on(whole.parent, idx_dir, flag, "--iters=300"))
    assert f"error: --out_dir=out holds a run with other flags ({was}). For a new run name" in line


def test_a_run_from_before_config_named_the_gan(whole, idx_dir, tmp_path):
    """It was the reference; and before there were --threads and --r1. To name the defaults makes no other run."""
    shutil.copytree(whole, tmp_path / "out")
    path = tmp_path / "out" / "config.json"
    config = json.loads(path.read_text())
    assert config["flags"]["d_lr"] is config["flags"]["g_lr"] is None
    del config["gan"], config["flags"]["threads"], config["flags"]["r1"]
    path.write_text(json.dumps(config))
    result = go_on(tmp_path, idx_dir, f"--iters={ITERS + 1}", "--d_lr=0.001", "--r1=0")
    assert result.returncode == 0 and f"resumed at {ITERS}" in result.stderr, result.stderr
    assert json.loads(path.read_text())["gan"]["name"] == "reference"


def test_a_run_of_another_gan_is_refused(whole, idx_dir, tmp_path):
    shutil.copytree(whole, tmp_path / "out")
    path = tmp_path / "out" / "config.json"
    path.write_text(path.read_text().replace('"name": "reference"', '"name": "dcgan"'))
    line = last_line_of_failure(go_on(tmp_path, idx_dir, f"--iters={ITERS + 1}"))
    assert line.startswith("error: --out_dir=out holds a run of another GAN (dcgan); name another folder, or delete")


def test_other_images_are_refused(whole, tmp_path):
    from conftest import write_idx_folder

    write_idx_folder(tmp_path / "other", train=5201)
    line = last_line_of_failure(go_on(whole.parent, tmp_path / "other", "--iters=300"))
    assert "error: --out_dir=out holds a run on other images (" in line


def test_overwrite_begins_anew(whole, idx_dir, tmp_path):
    shutil.copytree(whole, tmp_path / "out")
    (tmp_path / "out" / "notes.txt").touch()
    result = go_on(tmp_path, idx_dir, "--iters=30", "--seed=4", "--overwrite")
    assert result.returncode == 0 and "fresh run" in result.stderr
    assert json.loads((tmp_path / "out" / "config.json").read_text())["flags"]["seed"] == 4
    assert {"000.png", "001.png", "notes.txt"} <= set(os.listdir(tmp_path / "out"))
    assert "002.png" not in os.listdir(tmp_path / "out")


@pytest.mark.slow
def test_one_folder_one_run(idx_dir, tmp_path):
    """The second is refused while the first is at work, and not after it was killed."""
    flags = (*FLAGS, f"--data_dir={idx_dir}", "--iters=100000")
    with start(*flags, cwd=tmp_path) as process:
        process.stdout.readline()
        for more in ((), ("--overwrite",)):
            line = last_line_of_failure(go_on(tmp_path, idx_dir, "--iters=100000", *more))
            assert line.startswith("error: --out_dir=") and "is in use by another run" in line
        process.kill()
        process.communicate()
    assert go_on(tmp_path, idx_dir, "--iters=1").returncode == 0


def test_a_run_that_diverges_stops(idx_dir, tmp_path):
    flags = ("--d_optimizer=adam", "--g_optimizer=adam", "--d_lr=1e36", "--g_lr=1e30", "--checkpoint_every=1")
    result = go_on(tmp_path, idx_dir, *flags)
    assert result.returncode == 1
    line = result.stderr.strip().splitlines()[-1]
    assert line.startswith("error: ") and "diverged" in line and line.count("checkpoint") == 1
    assert not os.listdir(tmp_path / "out" / "checkpoints") and "out has no checkpoint yet" in line
    assert all(np.isfinite(value).all() for value in losses_of(tmp_path / "out").values())


def test_out_dir_removed_during_the_run(idx_dir, tmp_path):
    def remove(line):
        while (tmp_path / "out").exists():
            shutil.rmtree(tmp_path / "out", ignore_errors=True)

    result = go_on(tmp_path, idx_dir, "--iters=100000", on_line=remove)
    assert result.returncode == 1 and "Traceback" not in result.stderr
    line = result.stderr.strip().splitlines()[-1]
    assert line.startswith("error: ") and ("was removed" in line or "No such file or directory" in line)
    assert not (tmp_path / "out").exists(), "a run that was deleted does not come back in part"


@pytest.mark.slow
def test_out_dir_made_read_only_during_the_run(whole, idx_dir, tmp_path):
    """It ends with one line, and resumes to the same end once it may write again."""
    with start(*FLAGS, f"--data_dir={idx_dir}", "--log_every=20", cwd=tmp_path) as process:
        while process.stdout.readline() != "Iter: 60\n":
            assert process.poll() is None
        (tmp_path / "out").chmod(0o500)
        _, stderr = process.communicate(timeout=120)
    (tmp_path / "out").chmod(0o700)
    assert process.returncode == 1 and "Traceback" not in stderr
    line = stderr.strip().splitlines()[-1]
    assert line.startswith("error: ") and "Permission denied" in line and line.endswith("from the last checkpoint.")
    assert go_on(tmp_path, idx_dir).returncode == 0
    assert_equal_runs(tmp_path / "out", whole)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 4 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("needs the right to mount a small file system (root, on Linux)")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_disk_full(small_disk, whole, idx_dir, tmp_path):
    """The run ends with one line; once there is room it resumes to the same end."""
    flags = (*FLAGS, f"--data_dir={idx_dir}", f"--out_dir={small_disk / 'out'}", "--checkpoint_every=30")
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(600_000))
    result = forked("gan_tf.train", *flags, cwd=tmp_path)
    assert result.returncode == 1 and "Traceback" not in result.stderr, result.stderr
    line = result.stderr.strip().splitlines()[-1]
    assert line.startswith("error: ") and "No space left" in line and line.endswith("from the last checkpoint.")
    ballast.unlink()
    shutil.copytree(small_disk / "out", tmp_path / "out")  # four checkpoints at once are more than this disk holds
    assert go_on(tmp_path, idx_dir).returncode == 0
    assert_equal_runs(tmp_path / "out", whole)
