"""Cuts the power at random moments: only what was synced is certain to be there afterwards.

The command is stopped before one of its system calls. From the calls until then the folder is built again as a disk
might hold it: each directory has the changes of its names up to some point after its last fsync; a file that was
changed after its last fsync has its old content, its new content, a part of it, or NULs. That is as bad as POSIX
allows, and worse than most file systems are. Half of the time the names keep their order among all directories, as in
the journal of ext4. Then the same command runs to its end.
"""

import os
import re
import shutil
import signal
from pathlib import Path

from tests.attack.bench import ITERS, Failure, require, require_messages
from tests.attack.kills import Moment, calls_of
from tests.attack.syscalls import OPENS, WRITES

FLAVOURS = {"train": 16, "overwrite": 2, "export": 2, "report": 1}


class Disk:
    """Follows the calls that change a folder, and builds what a power cut may leave of it."""

    def __init__(self, folder, stash):
        """`stash` is an empty folder on the same file system: links there keep every file's content."""
        self._folder, self._stash = Path(folder), Path(stash)
        self._names, self._log, self._synced = {}, [], {}  # {path: inode or None for a folder}, changes, {folder: log}
        self._dirty, self._old, self._made = {}, {}, None  # inodes that are not synced; their content when they were
        self._stash.mkdir()
        self._names[self._folder] = None
        for path in self._folder.rglob("*"):
            self._names[path] = None if path.is_dir() else self._keep(path)

    def see(self, call):
        """Takes note of a call that is about to happen."""
        self.settle()
        path = Path(call.paths[-1])
        exists = os.path.lexists(path)
        if call.name in OPENS or call.name == "creat":
            if not exists:
                self._made = path
            elif call.flags & os.O_TRUNC or call.name == "creat":
                self._change(path)
        elif call.name in WRITES or call.name in ("ftruncate", "truncate", "fallocate"):
            if exists:
                self._change(path)
        elif call.name.startswith("rename") and os.path.lexists(call.paths[0]):
            source = Path(call.paths[0])
            self._log.append(("rename", path, source, None if source.is_dir() else self._keep(source)))
        elif call.name.startswith("mkdir") and not exists:
            self._log.append(("add", path, None, None))
        elif call.name.startswith(("unlink", "rmdir")) and exists:
            self._log.append(("remove", path, None, None))
        elif call.name in ("fsync", "fdatasync") and path.is_dir():
            self._synced[path] = len(self._log)
        elif call.name in ("fsync", "fdatasync") and exists:
            self._dirty.pop(self._keep(path), None)

    def settle(self):
        """Takes note of the file that the last call has made: only now it has a number."""
        if self._made is not None and os.path.lexists(self._made):
            inode = self._keep(self._made)
            self._log.append(("add", self._made, None, inode))
            self._dirty[inode], self._old[inode] = True, b""
        self._made = None

    def build(self, target, random):
        """Builds in the new folder `target` what the disk may hold now; returns a description."""
        self.settle()
        ordered, until = random.random() < 0.5, {}
        if ordered:
            until = dict.fromkeys(
                self._folders(), random.randint(max(self._synced.values(), default=0), len(self._log))
            )
        for folder in self._folders():
            until.setdefault(
                folder,
                random.choice(
                    [self._synced.get(folder, 0), random.randint(self._synced.get(folder, 0), len(self._log))]
                ),
            )
        names = dict(self._names)
        for number, (what, path, source, inode) in enumerate(self._log):
            if number >= until[path.parent]:
                continue
            if what == "rename":
                for old in [p for p in names if p == source or source in p.parents]:
                    names[path / old.relative_to(source)] = names.pop(old)
                names[path] = inode
            elif what == "add":
                names[path] = inode
            else:
                for old in [p for p in names if p == path or path in p.parents]:
                    del names[old]
        words = []
        target.mkdir()
        for path in sorted(names):  # a folder comes before what is in it
            new = target / path.relative_to(self._folder)
            if not new.parent.is_dir():
                continue  # its folder is lost
            if names[path] is None:
                new.mkdir(exist_ok=True)
            else:
                content, how = self._content(names[path], random)
                new.write_bytes(content)
                words += [f"{new.relative_to(target)} {how}"] if how else []
        shutil.rmtree(self._stash)
        return f"{'names in order' if ordered else 'names by folder'}; {', '.join(words) or 'all data synced'}"

    def _folders(self):
        return {path.parent for _, path, _, _ in self._log} | {self._folder}

    def _keep(self, path):
        inode = path.lstat().st_ino
        if not (self._stash / str(inode)).exists():
            os.link(path, self._stash / str(inode), follow_symlinks=False)
        return inode

    def _change(self, path):
        inode = self._keep(path)
        if inode not in self._dirty:
            self._dirty[inode], self._old[inode] = True, path.read_bytes()

    def _content(self, inode, random):
        now = (self._stash / str(inode)).read_bytes()
        if inode not in self._dirty:
            return now, None
        old = self._old[inode]
        kept = len(old) if now.startswith(old) else 0
        part = random.randint(kept, max(kept, len(now)))
        return random.choice(
            [
                (old, f"as synced, {len(old)} bytes"),
                (now[:kept] + bytes(len(now) - kept), f"{len(now) - kept} NULs"),
                (now[:part], f"cut to {part} of {len(now)} bytes"),
                (now[:part] + bytes(len(now) - part), f"NULs from {part} of {len(now)} bytes"),
                (now, None),
            ]
        )


class Promise:
    """Which checkpoint a run had finished: the one after which it wrote something else."""

    def __init__(self):
        self.done, self._written = 0, 0

    def see(self, call):
        path = Path(call.paths[-1])
        match = re.fullmatch(r"(\d+)\.index", path.name)
        if call.name.startswith("rename") and match:
            self._written = int(match[1])
        elif self._written and re.fullmatch(r"(new-)?\d+\.png.*|losses\.csv", path.name) and call.name in WRITES:
            self.done = self._written

    def require_kept(self, result):
        """Raises Failure unless the run that follows begins there or later."""
        if not re.search("resumed at|fresh run|finished", result.stderr):
            return  # the next cut came first
        match = re.search(r"resumed at (\d+)", result.stderr)
        first = int(match[1]) if match else ITERS if "finished" in result.stderr and "fresh" not in result.stderr else 0
        require(first >= self.done, f"the checkpoint at {self.done} was complete, but it began at {first}", result)


def cut(command, cwd, moment, observers):
    """Runs the command to this moment, and kills it there; returns (result, the call at which it was)."""
    at = []

    def on_call(call):
        if not at:
            for each in observers:
                each.see(call)
            moment.on_call(call)
            if moment.over:
                at.append(f"{call.name} {call.paths[-1].removeprefix(f'{cwd}/')}")

    result = command(on_call=on_call, watch=cwd)
    return result, at[0] if at else "the end"


def attempt(bench, number):
    """One to three power cuts of one command, then the command to its end. Returns the cuts."""
    random, folder = bench.random(number), bench.folder(number)
    flavour, cuts, story = random.choices(list(FLAVOURS), FLAVOURS.values())[0], 0, []
    trace = calls_of(bench, flavour)
    cwd, promise, last = folder / "0", Promise(), None
    if flavour == "train":
        cwd.mkdir()
    else:
        shutil.copytree((bench.other_run() if flavour == "overwrite" else bench.reference() / "out").parent, cwd)

    def command(**options):
        if flavour in ("train", "overwrite"):
            return bench.train(*["--overwrite"] * (flavour == "overwrite"), cwd=cwd, **options)
        return bench.command(flavour, cwd, **options)

    try:
        for _ in range(random.randint(1, 3)):
            moment, disk = Moment(random, trace, [signal.SIGKILL]), Disk(cwd, folder / "stash")
            result, at = cut(command, cwd, moment, [disk, promise])
            cuts += 1
            if flavour == "train" and last:
                last.require_kept(result)
            after = folder / str(cuts)
            story.append(f"at {at}: {disk.build(after, random)}")
            cwd, last, promise = after, promise, Promise()
            promise.done = last.done
            if result.status == 0:
                break
            require_messages(result, {-signal.SIGKILL})
        result = command()
        require_messages(result, {0})
        if flavour == "train":
            promise.require_kept(result)
        reference = bench.reference("train" if flavour == "overwrite" else flavour)
        bench.require_equal(cwd / "out", reference / "out")
    except Failure as failure:
        raise Failure(f"{flavour}, cut {'; then '.join(story)}: {failure}") from None
    return cuts
