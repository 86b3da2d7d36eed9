"""Damages one file of a run, finished or not, in one of many ways; then each command must cope with it.

To cope is: exit status 0 and the right results, or 1 with one line. A command that does not get everything right must
say so in a line that names the file. What it neither needs nor writes may stay as it is.
"""

import os
import shutil
import signal

from tests.attack.bench import ITERS, MORE, Failure, require, require_messages

COMMANDS = {"train": 6, "train_more": 4, "sample": 3, "export": 3, "report": 2, "evaluate": 1}
HANG = 30  # seconds
WRITTEN = {  # by the commands that write files of a run again
    "export": "generator.keras discriminator.keras samples.png losses.png training.gif report.html".split(),
    "report": ["report.html"],
    "evaluate": ["metrics.json", "neighbours.png"],
}


def attempt(bench, number):
    """One file damaged, one command."""
    random, cwd = bench.random(number), bench.folder(number)
    half = random.random() < 0.4
    shutil.copytree(half_run(bench) if half else bench.reference(), cwd, dirs_exist_ok=True)
    files = sorted(p for p in (cwd / "out").rglob("*"))
    path = random.choice(files)
    how = random.choice(list(DAMAGES))
    name = random.choices(list(COMMANDS), COMMANDS.values())[0]
    if path.is_dir() and how not in REPLACING:
        how = "removed"
    DAMAGES[how](path, random)
    what = f"{path.relative_to(cwd)} {how} in a run {'half done' if half else 'finished'}, then {name}"
    before = content(path)
    try:
        if name in ("train", "train_more"):
            iters = ITERS if name == "train" else MORE
            result = bench.train(cwd=cwd, iters=iters, timeout=HANG)
        else:
            result, iters = bench.command(name, cwd, timeout=HANG), ITERS
        require_messages(result, {0, 1})
        if result.status == 0:
            inspect(bench, cwd, path, before, how, name, iters, half, result)
        else:
            line = result.lines()[-1]
            sound = len({p.stem for p in (cwd / "out" / "checkpoints").glob("*.index")} - {path.stem}) > 0
            require("--overwrite" not in line or path.name == "config.json" or not sound or path.is_dir(),
                    "the advice is to delete a run that has sound checkpoints", result)  # fmt: skip
    except Failure as failure:
        raise Failure(f"{what}: {failure}") from None
    finally:
        if path.is_fifo():
            path.unlink()  # or whoever reads this folder later waits for ever
    return 1


def inspect(bench, cwd, path, before, how, name, iters, half, result):
    """Raises Failure unless a command that returned 0 has done its work, or said what it lacks."""
    told = "WARNING" in result.stderr
    if name.startswith("sample"):
        reference = half_sample(bench) if half else bench.reference("sample") / "drawn.png"
        require(told or (cwd / "drawn.png").read_bytes() == reference.read_bytes(), "another drawn.png, without a word")
        return
    if half and not name.startswith("train"):
        return  # there is no undisturbed run to compare with; that it ended well is all
    inside = path.relative_to(cwd / "out").as_posix()
    if inside == "config.json" and how in TAMPERING and not name.startswith("train"):
        return  # the page and the Keras files repeat what it says
    reference = bench.reference(name if not name.startswith("train") else "train", iters) / "out"
    found = bench.differences(cwd / "out", reference)
    unseen = unnoticed(path, before, how, name, reference)
    for file, wrong in found.items():
        if file == f"checkpoints/{iters}" and told and not name.startswith("train"):
            continue
        if file.startswith("checkpoints/") and file != f"checkpoints/{iters}":
            continue  # older ones are a reserve
        if file in unseen or file not in WRITTEN.get(name, [file]):
            continue  # what a command neither writes nor could see
        source = "losses.csv" if file == "losses.png" else os.path.basename(file)  # the plot is made of the other
        require(told and source in result.stderr, f"exit status 0, but {file} {wrong}, without a word")


def unnoticed(path, before, how, name, reference):
    """The files that may be wrong without a word: nobody can see that a digit has become another one."""
    inside = path.name
    if how not in TAMPERING or how == "emptied":
        return ()
    if inside == "losses.csv":
        ours, theirs = (each.read_text(errors="replace").splitlines() for each in (path, reference / inside))
        complete = [line.split(",")[0] for line in ours] == [line.split(",")[0] for line in theirs]
        return (inside, "losses.png", "report.html") if complete else ()
    derived = ("training.gif", "report.html") if path.stem.isdigit() and path.suffix == ".png" else ()
    # A sound name is enough for what the command neither needs nor writes.
    left = content(path) == before and inside not in WRITTEN.get(name, ())
    return (*derived, *[inside] * left)


def half_run(bench):
    """A folder whose `out` is a run that was killed after 75 iterations."""
    if not hasattr(bench, "half"):
        bench.half = bench.path / "half"
        bench.half.mkdir()
        seen = []

        def on_call(call):
            seen.append(call.paths[-1])
            if call.name == "openat" and call.paths[-1].endswith("004.png"):
                os.kill(call.pid, signal.SIGKILL)

        bench.train(cwd=bench.half, on_call=on_call, watch=bench.half)
    return bench.half


def half_sample(bench):
    """What `sample` draws from it."""
    if not hasattr(bench, "half_drawn"):
        cwd = bench.path / "half-sample"
        shutil.copytree(half_run(bench), cwd)
        require_messages(bench.command("sample", cwd), {0})
        bench.half_drawn = cwd / "drawn.png"
    return bench.half_drawn


def content(path):
    """The bytes of a regular file; for all else None."""
    return path.read_bytes() if path.is_file() else None


def remove(path, random=None):
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def replaced_by(make):
    def replace(path, random):
        remove(path)
        make(path)

    return replace


def changed(change):
    return lambda path, random: path.write_bytes(change(path.read_bytes(), random))


def flip(content, random):
    content = bytearray(content)
    for _ in range(random.choice([1, 1, 1, 8, 100])):
        if content:
            content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    return bytes(content)


def nul_tail(content, random):
    start = random.randint(0, len(content))
    return content[:start] + bytes(len(content) - start)


REPLACING = {
    "removed": remove,
    "made a folder": replaced_by(os.mkdir),
    "made a FIFO": replaced_by(os.mkfifo),
    "made a link to nowhere": replaced_by(lambda path: path.symlink_to("nowhere/at/all")),
    "made a link to itself": replaced_by(lambda path: path.symlink_to(path.name)),
}
TAMPERING = {
    "emptied": changed(lambda content, random: b""),
    "cut": changed(lambda content, random: content[: random.randrange(len(content) + 1)]),
    "flipped": changed(flip),
    "turned to NULs": changed(lambda content, random: bytes(len(content))),
    "given a tail of NULs": changed(nul_tail),
    "lengthened": changed(lambda content, random: content + random.randbytes(random.randint(1, 5000))),
    "turned to noise": changed(lambda content, random: random.randbytes(len(content))),
}
DAMAGES = REPLACING | TAMPERING
