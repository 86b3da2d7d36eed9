"""A small share of the standing attack, python -m tests.attack, and a larger one that is slow; and its own controls."""

import json
import os
import shutil
import zipfile
from pathlib import Path

import command_line
import pytest

from tests.attack import power, syscalls
from tests.attack.__main__ import attack
from tests.attack.bench import Bench, Failure


@pytest.fixture(scope="module")
def bench():
    """With the fork server of the other tests: a second one would import TensorFlow again."""
    with Bench(seed=0) as bench:
        bench._server = server = command_line.server()
        server.log = bench.log
        yield bench
        bench._server, server.log = None, []


SHARES = [("kills", 1, 100), ("full", 0, 100), ("power", 1, 30), ("disk", 0, 20), ("damage", 1, 100)]
# Of "full", even one counts all calls of all commands; "disk" is "power" with a real file system.
SHARES += [("flags", 8, 300), ("inputs", 500, 20_000)]


@pytest.mark.parametrize(
    ("kind", "count"),
    [(kind, few) for kind, few, _ in SHARES if few]
    + [pytest.param(kind, many, marks=pytest.mark.slow) for kind, _, many in SHARES],
)
def test_attack(kind, count, bench):
    result = attack(bench, kind, count)
    if isinstance(result, str):
        pytest.skip(result)
    done, failures = result
    assert done >= count and not failures, "\n".join(failures)


def test_an_undisturbed_run_is_equal(bench):
    assert bench.differences(bench.reference() / "out", bench.reference() / "out") == {}


def swap_weights(out):
    """The generator's weights in the discriminator's place."""
    with zipfile.ZipFile(out / "discriminator.keras") as archive:
        weights = archive.read("model.weights.h5")
    with zipfile.ZipFile(out / "generator.keras") as archive:
        rest = {name: archive.read(name) for name in ("config.json", "metadata.json")}
    with zipfile.ZipFile(out / "generator.keras", "w") as archive:
        for name, content in (rest | {"model.weights.h5": weights}).items():
            archive.writestr(name, content)


def older_state(out):
    """A sound checkpoint under another one's name."""
    for suffix in ("index", "data-00000-of-00001"):
        shutil.copy(out / "checkpoints" / f"105.{suffix}", out / "checkpoints" / f"120.{suffix}")


@pytest.mark.parametrize(
    ("file", "change"),
    [
        (
            "losses.csv",
            lambda out: (out / "losses.csv").write_text((out / "losses.csv").read_text().replace("6", "7", 1)),
        ),
        ("003.png", lambda out: (out / "003.png").write_bytes((out / "002.png").read_bytes())),
        ("generator.keras", swap_weights),
        ("checkpoints/120", older_state),
        ("checkpoints/new.index", lambda out: (out / "checkpoints" / "new.index").touch()),
        ("new-000.png", lambda out: (out / "new-000.png").touch()),
        ("report.html", lambda out: (out / "report.html").unlink()),
    ],
)
def test_a_changed_run_is_not(file, change, bench, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(bench.reference() / "out", out)
    change(out)
    assert list(bench.differences(out, bench.reference() / "out")) == [file]


class Chance:
    """As bad as can be: nothing that is not synced has reached the disk."""

    random, randint, choice = (lambda self: 1.0), (lambda self, low, high: low), (lambda self, among: among[0])


def test_a_power_cut_loses_what_is_not_synced(tmp_path):
    """The model of a disk: data needs an fsync of its file, a name one of its folder."""
    folder = tmp_path / "disk"
    folder.mkdir()
    (folder / "before").write_bytes(b"old")
    disk = power.Disk(folder, tmp_path / "stash")

    def call(name, *paths, flags=0):
        disk.see(syscalls.Call(name, [str(folder / path) for path in paths], flags, 1, 0))

    def write(name):
        call("openat", name, flags=os.O_CREAT | os.O_TRUNC)
        with open(folder / name, "w") as file:
            call("write", name)
            file.write("new")

    write("before")
    write("synced")
    call("fsync", "synced")
    write("unsynced")
    call("rename", "synced", "final")
    (folder / "synced").rename(folder / "final")
    call("fsync", "")
    write("nameless")
    call("fsync", "nameless")
    disk.build(tmp_path / "after", Chance())
    left = {path.name: path.read_text() for path in (tmp_path / "after").iterdir()}
    assert left == {"before": "old", "final": "new", "unsynced": ""}


def test_each_call_can_fail(bench, tmp_path):
    """Among them those that TensorFlow's C++ makes, and the last ones of a run."""
    seen = []
    result = bench.train(cwd=tmp_path, on_call=lambda call: seen.append(call), watch=tmp_path)
    assert result.status == 0, result.stderr
    names = [os.path.basename(call.paths[-1]) for call in seen]
    assert any("part-00000-of-00001" in name for name in names) and any("report.html" in name for name in names)
    at = next(i for i, call in enumerate(seen) if call.name == "write" and "part-00000" in call.paths[-1])
    count = iter(range(len(seen)))
    (tmp_path / "again").mkdir()
    result = bench.train(
        cwd=tmp_path / "again", on_call=lambda call: 5 * (next(count, 0) == at), watch=tmp_path / "again"
    )
    assert result.status == 1 and "Input/output error" in result.stderr


def test_a_failure_is_told_and_kept(bench, monkeypatch, capsys):
    from tests.attack import kills

    def fail(bench, number):
        bench.folder(number)
        raise Failure("it fell over")

    monkeypatch.setattr(kills, "attempt", fail)
    done, failures = attack(bench, "kills", 2)
    assert done == len(failures) == 2
    assert capsys.readouterr().out.splitlines()[1] == "kills 1 failed (--seed=0 --only=1): it fell over"
    assert (bench.kept / "kills-1").is_dir() and "it fell over" in (bench.kept / "kills-1.log").read_text()
    shutil.rmtree(bench.kept)


def test_the_readme_says_what_was_attacked():
    """EVIDENCE.md has the counts of the last long attack, which found nothing that is not fixed."""
    top = Path(__file__).parents[1]
    results = json.loads((top / "tests" / "attack" / "results.json").read_text())
    text = " ".join((top / "experiments" / "EVIDENCE.md").read_text().split())
    done = {kind: result["done"] for kind, result in results.items()}
    for sentence in (
        f"{done['kills']:,} kills and Ctrl-Cs",
        f"{done['power']} simulated power cuts",
        f"a full disk at each of the {done['full']} calls",
        f"{done['inputs']:,} damaged input files",
    ):
        assert sentence in text
    assert [kind for kind, result in results.items() if result["failures"]] == ["full"]
