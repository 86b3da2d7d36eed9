"""gan_tf.runs.folder: what a run's folder takes, refuses and holds."""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

from gan_tf.runs import folder
from gan_tf.runs.config import REFERENCE

FLAGS = {"seed": None, "d_lr": None, "sample_every": 250, "iters": 3}
CONFIG = {"gan": REFERENCE, "flags": FLAGS, "data": {"digest": "abc"}}


class States:
    """Stands for gan_tf.checkpoints.Checkpoints; those in `damaged` cannot be restored."""

    def __init__(self, *iterations, damaged=()):
        self._iterations, self._damaged, self.restored = list(iterations), damaged, None

    def iterations(self):
        return self._iterations

    def clean(self):
        pass

    def remove_older(self, iteration):
        pass

    def restorable(self):
        for iteration in self._iterations:
            if iteration not in self._damaged:
                self.restored = iteration
                yield iteration


def write_run(path, iterations=301):
    """A run of `iterations` in `path`, with losses that are all 1.5 and 0.1."""
    with folder.Run(path, CONFIG) as run:
        assert run.resume(States()) == 0
        run.write_losses(0, np.float32([[1.5, 0.1]] * iterations), [0.125])


def test_a_run_of_another_gan_is_named_before_its_flags(tmp_path):
    write_run(tmp_path)
    words = f"--out_dir={tmp_path} holds a run of another GAN \\({CONFIG['gan']['name']}\\); name another folder"
    with pytest.raises(folder.RunError, match=words):
        folder.check(tmp_path, FLAGS | {"seed": 5}, overwrite=False, name="another")
    folder.check(tmp_path, FLAGS, overwrite=True, name="another")


def test_files_of_a_run(tmp_path):
    out = tmp_path / "a" / "b"
    folder.check(out, FLAGS, overwrite=False)
    assert not out.parent.exists(), "the check leaves nothing"
    write_run(out)
    assert json.loads((out / "config.json").read_text()) == CONFIG
    lines = (out / "losses.csv").read_text().splitlines()
    row = "1.5,0.100000001"
    assert lines == [
        "iteration,d_loss,g_loss,spread",
        f"0,{row},0.125",
        f"100,{row},",
        f"200,{row},",
        f"250,{row},0.125",
        f"300,{row},",
    ]
    assert np.float32(row.split(",")[1]) == np.float32(0.1), "float32 reads back exactly"
    assert sorted(os.listdir(out)) == ["checkpoints", "config.json", "losses.csv"]


def test_a_run_goes_on_from_its_newest_whole_state(tmp_path, caplog):
    write_run(tmp_path)
    lines = (tmp_path / "losses.csv").read_text().splitlines(keepends=True)
    for states, resumed, kept in [(States(300, 200), 300, 5), (States(300, 200, damaged=[300]), 200, 3)]:
        with folder.Run(tmp_path, CONFIG) as run:
            assert run.resume(states) == states.restored == resumed
        assert (tmp_path / "losses.csv").read_text() == "".join(lines[:kept])
    assert not caplog.text


def remove_lines(text):
    return text.replace("100,1.5,0.100000001,\n", "")


def put_garbage(text):
    return text.replace("200,1.5", "200,1\u00e4.5")


def put_nulls(text):
    """As a power cut can: the length is there, the content is not."""
    return text[:60] + "\0" * len(text[60:])


@pytest.mark.parametrize(
    ("damage", "kept"), [(remove_lines, 4), (put_garbage, 4), (put_nulls, 1), (lambda text: "", 0), (None, 0)]
)
def test_weights_matter_more_than_the_log(damage, kept, tmp_path, caplog):
    """Without losses.csv, or with a part of it, a run resumes from its checkpoint, and says what is missing."""
    write_run(tmp_path)
    file = tmp_path / "losses.csv"
    before = file.read_text()
    file.write_text(damage(before)) if damage else file.unlink()
    with folder.Run(tmp_path, CONFIG) as run:
        assert run.resume(States(301, 200)) == 301
        run.write_losses(301, np.float32([[2, 3]] * 100), [0])
    assert re.search(rf"losses.csv was damaged: it lacks {5 - kept} of 5 lines from before iteration 301", caplog.text)
    lines = file.read_text().splitlines(keepends=True)
    assert len(lines) == 2 + kept and lines[0] == before.splitlines(keepends=True)[0] and lines[-1] == "400,2,3,\n"
    assert set(lines[:-1]) <= set(before.splitlines(keepends=True))


def test_no_state_will_do(tmp_path):
    """An error, and nothing is lost."""
    write_run(tmp_path)
    before = (tmp_path / "losses.csv").read_text()
    with folder.Run(tmp_path, CONFIG) as run, pytest.raises(folder.RunError, match="has no intact checkpoint"):
        run.resume(States(200, 100, damaged=[200, 100]))
    assert (tmp_path / "losses.csv").read_text() == before


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite(bad, tmp_path):
    with folder.Run(tmp_path, CONFIG) as run:
        run.resume(States())
        with pytest.raises(folder.RunError, match="at iteration 2: the training has diverged.*has no checkpoint yet"):
            run.write_losses(0, np.float32([[1, 2], [1, 2], [bad, 2], [1, 2]]), [0.1])
    assert (tmp_path / "losses.csv").read_text().splitlines()[1:] == ["0,1,2,0.1"]


def test_overwrite_removes_what_a_run_writes_and_nothing_else(tmp_path):
    write_run(tmp_path)
    for name in ("new-house", "checkpoints/mine", "tensorboard"):
        (tmp_path / name).mkdir()
    of_a_run = ["007.png", "1000.png", "checkpoints/10.index", "generator.keras", "new-005.png", "new-0123abcd-007.png"]
    of_a_run += ["99999.png", "100000.png", "1234567.png", "new-0123abcd-123456.png", "checkpoints/1234567.index"]
    of_a_run += ["losses.png", "neighbours.png", "samples.png", "training.gif", "metrics.json", "report.html"]
    of_a_run += ["checkpoints/10.data-00000-of-00001", "checkpoints/exported.json", "new-0123abcd-report.html"]
    of_a_run.append("tensorboard/events.out.tfevents.1.x.v2")
    of_the_user = [
        "0123.png",
        "notes.txt",
        "mine.keras",
        "new-house/photo.jpg",
        "new-notes.txt",
        "012345.png",
        "12.png",
    ]
    of_the_user += [
        "1000.jpg",
        "a1000.png",
        "1000.png.txt",
        "new-0123abc-007.png",
        "checkpoints/a1.index",
        "report.htm",
    ]
    of_the_user += ["checkpoints/mine/1.index", "checkpoints/notes.txt", "tensorboard/notes.txt"]
    for name in of_a_run + of_the_user:
        (tmp_path / name).touch()
    folder.check(tmp_path, FLAGS, overwrite=True)
    with folder.Run(tmp_path, CONFIG, overwrite=True):
        found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
        assert found == {"config.json", *of_the_user}


def test_checkpoints_may_be_a_link(tmp_path):
    """To a larger disk, say: --overwrite removes the files there, and the link stays."""
    (tmp_path / "large").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "checkpoints").symlink_to(tmp_path / "large")
    write_run(tmp_path / "out")
    for name in ("10.index", "photo.jpg"):
        (tmp_path / "large" / name).touch()
    folder.check(tmp_path / "out", FLAGS, overwrite=True)
    folder.Run(tmp_path / "out", CONFIG, overwrite=True).close()
    assert os.listdir(tmp_path / "large") == ["photo.jpg"] and (tmp_path / "out" / "checkpoints").is_symlink()


@pytest.mark.parametrize(("name", "is_folder"), [("005.png", True), ("checkpoints", False), ("config.json", True)])
def test_what_no_run_wrote_is_found_before_the_first_removal(name, is_folder, tmp_path):
    write_run(tmp_path)
    for path in (tmp_path / "checkpoints", tmp_path / name):
        path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
    (tmp_path / name).mkdir() if is_folder else (tmp_path / name).touch()
    with pytest.raises(folder.RunError, match=f"no run wrote {name}; move it away"):
        folder.check(tmp_path, FLAGS, overwrite=True)


@pytest.mark.parametrize("removals", range(8))
def test_an_overwriting_that_was_killed(removals, tmp_path, monkeypatch):
    """After any number of removals the same command can begin again."""
    write_run(tmp_path)
    for name in ("007.png", "checkpoints/10.index", "checkpoints/10.data-00000-of-00001", "generator.keras"):
        (tmp_path / name).touch()
    unlink, left = Path.unlink, [removals]

    def unlink_some(path, **options):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        unlink(path, **options)

    monkeypatch.setattr(Path, "unlink", unlink_some)
    try:
        folder.Run(tmp_path, CONFIG, overwrite=True).close()
    except KeyboardInterrupt:
        assert removals < 6
    monkeypatch.undo()
    folder.check(tmp_path, FLAGS, overwrite=True)
    folder.check(tmp_path, FLAGS, overwrite=False)  # what is left is the old run, or nothing
    with folder.Run(tmp_path, CONFIG, overwrite=True):
        assert sorted(os.listdir(tmp_path)) == ["checkpoints", "config.json"]
        assert not os.listdir(tmp_path / "checkpoints")


def test_what_killed_processes_left_is_removed_and_no_run(tmp_path):
    """A kill before the first config.json leaves a folder that a run can take without --overwrite."""
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "new-0123abcd-config.json").touch()
    folder.check(tmp_path, FLAGS, overwrite=False)
    with folder.Run(tmp_path, CONFIG):
        assert sorted(os.listdir(tmp_path)) == ["checkpoints", "config.json"]


def test_a_folder_that_was_made_again(tmp_path):
    """Under a running process; it must not write into what another run may have now."""
    write_run(tmp_path / "out")
    with folder.Run(tmp_path / "out", CONFIG) as run:
        run.check_folder()
        (tmp_path / "out").rename(tmp_path / "old")
        for again in (lambda: None, (tmp_path / "out").mkdir):
            again()
            for write in (lambda: run.writing_grid("001.png").__enter__(), lambda: run.save(States(), 3)):
                with pytest.raises(folder.RunError, match="was removed or replaced while this run used it"):
                    write()
    assert not os.listdir(tmp_path / "out")


def test_a_checkpoint_counts_only_when_all_before_it_is_on_the_disk(tmp_path, monkeypatch):
    done, sync = [], folder.files.sync
    monkeypatch.setattr(folder.files, "sync", lambda path: (done.append(Path(path).name), sync(path)))
    states = States()
    states.save = lambda iteration: done.append(f"checkpoint {iteration}")
    with folder.Run(tmp_path / "run", CONFIG) as run:
        run.resume(states)
        written = list(done)
        for name in ("000.png", "001.png"):
            with run.writing_grid(name) as path:
                path.touch()
        run.save(states, 3)
        run.save(states, 4)
    assert written[:1] == [tmp_path.name] and any(name.endswith("config.json") for name in written)
    assert set(done[len(written) :][:3]) == {"000.png", "001.png", "losses.csv"}
    assert done[len(written) + 3 :] == ["run", "checkpoint 3", "losses.csv", "run", "checkpoint 4"]


def test_other_flags_and_images_are_refused(tmp_path):
    write_run(tmp_path)
    folder.check(tmp_path, FLAGS | {"iters": 5, "out_dir": "x"}, overwrite=False)
    with pytest.raises(folder.RunError, match=r"with other flags \(--seed: unset there, 1 now\)\. For a new run"):
        folder.check(tmp_path, FLAGS | {"seed": 1}, overwrite=False)
    with pytest.raises(folder.RunError, match="with other flags"):  # another run may have started after the check
        folder.Run(tmp_path, CONFIG | {"flags": FLAGS | {"seed": 1}})
    folder.check(tmp_path, FLAGS | {"seed": 1}, overwrite=True)
    now = {"images": 1234, "digest": "defdefdefdef"}
    words = r"holds a run on other images \(0, SHA-256 abc there; 1,234, SHA-256 defdefde now\); name those"
    with pytest.raises(folder.RunError, match=words):
        folder.Run(tmp_path, CONFIG | {"data": now})


def test_another_device_is_reported(tmp_path, caplog):
    folder.Run(tmp_path, CONFIG | {"device": "CPU", "versions": {}}).close()
    for device, warnings in (("CPU", 0), ("GPU", 1)):
        caplog.clear()
        with caplog.at_level("WARNING"), folder.Run(tmp_path, CONFIG | {"device": device, "versions": {}}):
            assert caplog.text.count("this run was started with device CPU: the results may differ") == warnings


@pytest.mark.parametrize(
    ("device", "avx512", "now", "warnings"),
    [
        ("CPU, 2 cores", False, {"threads": 1}, 1),
        ("CPU, 2 cores", False, {"threads": 3}, 0),
        ("CPU, 2 cores", True, {"threads": 1}, 0),
        ("GPU, a card", False, {"threads": 1}, 0),
    ],
)
def test_other_threads_are_reported(device, avx512, now, warnings, tmp_path, caplog, monkeypatch):
    """Where they change last bits. Where they do so on every CPU, they are a part of the device's name."""
    monkeypatch.setattr(folder.limits, "avx512", lambda: avx512)
    config = CONFIG | {"device": device, "versions": {}}
    folder.Run(tmp_path, config | {"flags": FLAGS | {"threads": 3}}).close()
    with caplog.at_level("WARNING"), folder.Run(tmp_path, config | {"flags": FLAGS | now}):
        assert caplog.text.count("this run was started with threads: 3: the results may differ") == warnings
        assert caplog.text.count("the results may differ") == warnings
    caplog.clear()
    another = config | {"device": "CPU, 5 cores", "flags": FLAGS | {"threads": 4}}
    with caplog.at_level("WARNING"), folder.Run(tmp_path, another):
        assert caplog.text.count("the results may differ") == 1, "of the device, and no more"


def test_a_changed_second_data_set_is_refused(tmp_path):
    """Runs from before config.json had its digest resume."""
    first, other = ({"digest": "abc", "also": {"glyphs": name * 64}} for name in "12")
    folder.Run(tmp_path, CONFIG).close()
    folder.Run(tmp_path, CONFIG | {"data": first}).close()
    folder.Run(tmp_path, CONFIG | {"data": first}).close()
    words = r"holds a run on another version of glyphs \(SHA-256 11111111 there; 22222222 now\); name another --out_dir"
    with pytest.raises(folder.RunError, match=words):
        folder.Run(tmp_path, CONFIG | {"data": other})


def test_one_run_at_a_time(tmp_path):
    with folder.Run(tmp_path, CONFIG):
        for use in (lambda: folder.check(tmp_path, FLAGS, overwrite=True), lambda: folder.Run(tmp_path, CONFIG)):
            with pytest.raises(folder.RunError, match="in use by another run"):
                use()
    folder.Run(tmp_path, CONFIG).close()


@pytest.mark.parametrize(
    ("name", "refused"), [("005.png", True), ("1000.png", True), ("0123.png", False), ("a", False)]
)
def test_files_that_a_run_would_write_are_not_replaced_unasked(tmp_path, name, refused):
    (tmp_path / name).write_text("precious")
    if refused:
        with pytest.raises(folder.RunError, match=name):
            folder.check(tmp_path, FLAGS, overwrite=False)
    else:
        folder.check(tmp_path, FLAGS, overwrite=False)
        with folder.Run(tmp_path, CONFIG):
            assert (tmp_path / name).read_text() == "precious"


def test_out_dir_that_is_a_file(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(folder.RunError, match="file is not a folder"):
            folder.check(path, FLAGS, overwrite=False)


def test_out_dir_that_cannot_be_written_to(tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    path = tmp_path / "locked" / "out"

    def refused():
        with pytest.raises(folder.RunError, match="is read-only for you; name another"):
            folder.check(path, FLAGS, overwrite=False)

    if os.geteuid() == 0:  # root may write anywhere: ask as somebody else, in a child process
        child = os.fork()
        if child == 0:
            try:
                os.setuid(65534)
                refused()
            except BaseException:
                os._exit(1)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    else:
        refused()


@pytest.mark.parametrize("parent", ["/proc", "/sys"])
def test_out_dir_that_cannot_be_made(parent, monkeypatch):
    """For root these folders look writable."""
    if not os.path.isdir(parent):
        pytest.skip(f"needs {parent}")
    monkeypatch.setattr(os, "access", lambda *given: True)
    with pytest.raises(folder.RunError, match=rf"no folder can be made in {parent} \(.*\); name another\.$"):
        folder.check(f"{parent}/gan_tf/out", FLAGS, overwrite=False)


def test_a_dry_run_writes_nothing(tmp_path):
    """Not even for a moment. Otherwise the check tries whether a folder can be made, and leaves none."""
    for dry_run in (True, False):
        os.utime(tmp_path, (1, 1))
        folder.check(tmp_path / "a" / "b", FLAGS | {"dry_run": dry_run}, overwrite=False)
        assert (tmp_path.stat().st_mtime == 1) == dry_run and not os.listdir(tmp_path)


@pytest.mark.parametrize("name", [300 * "n", "/".join(50 * [100 * "n"])])
def test_out_dir_with_too_long_a_name(name, tmp_path):
    with pytest.raises(folder.RunError, match="is too long a name for this disk; name another"):
        folder.check(tmp_path / name, FLAGS, overwrite=False)


def test_out_dir_that_fails_later(tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(folder.RunError, match="cannot be made, name another"):
        folder.Run(tmp_path / "out", CONFIG)
