"""Power cuts of a real file system: ext4 on a loop device, whose cache is lost.

What a run has written but not synced is in the cache of the mounted file system and not yet in the file behind the
device. So a copy of this file is the disk after a power cut. The command is killed at one of its system calls, which
syncs nothing, and the copy is made. Then the copy is mounted, ext4 repairs it from its journal, and the same command
runs there to its end.
"""

import contextlib
import os
import shutil
import signal
import subprocess

from tests.attack import syscalls
from tests.attack.bench import Failure, require_messages
from tests.attack.kills import Moment, calls_of
from tests.attack.power import Promise, cut

MEGABYTES = 96
# By default ext4 syncs a file that replaces another, and commits its journal every 5 s. Other file systems do not.
OPTIONS = ["commit=600", "commit=600,noauto_da_alloc", "commit=600,noauto_da_alloc,data=writeback"]


def available():
    """Returns None if this machine can do it, otherwise the reason why not."""
    if os.geteuid() != 0 or not os.path.exists("/dev/loop-control"):
        return "needs root, and loop devices"
    if not shutil.which("mkfs.ext4"):
        return "needs mkfs.ext4"
    return syscalls.available()


@contextlib.contextmanager
def mounted(image, folder, options):
    """A context in which the file system in the file `image` is mounted at `folder`."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", f"loop,{options}", image, folder], check=True)
    try:
        yield folder
    except BaseException:
        subprocess.run(["umount", "--lazy", folder], check=True)  # a command may still be at work there
        raise
    else:
        subprocess.run(["umount", folder], check=True)


def copied(image, target):
    """Copies what has reached the disk."""
    subprocess.run(["cp", "--sparse=always", image, target], check=True)


def control(bench):
    """Raises RuntimeError unless a cut loses what was not synced, and nothing else. Once for each kind of mounting."""
    if hasattr(bench, "controlled"):
        return
    for options in OPTIONS:
        folder = bench.folder("control")
        image, after = folder / "image", folder / "after"
        made(image)
        with mounted(image, folder / "disk", options) as disk:
            (disk / "lost").write_bytes(b"x" * 9000)
            descriptor = os.open(disk / "kept", os.O_WRONLY | os.O_CREAT)
            os.write(descriptor, b"x" * 9000)
            os.fsync(descriptor)
            (disk / "later").write_bytes(b"x" * 9000)
            os.close(descriptor)
            copied(image, after)
        with mounted(after, folder / "disk", options) as disk:
            sizes = {path.name: path.stat().st_size for path in disk.glob("*") if path.is_file()}
        shutil.rmtree(folder)
        if sizes.get("kept") != 9000 or sizes.get("lost") == 9000 and "noauto" in options or "later" in sizes:
            raise RuntimeError(f"with {options} this is no power cut: it left {sizes}")
    bench.controlled = True


def made(image):
    """Makes a file with an empty file system."""
    with open(image, "wb") as file:
        file.truncate(MEGABYTES * 2**20)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)


def attempt(bench, number):
    """One power cut of the training, then the training to its end."""
    control(bench)
    random, folder = bench.random(number), bench.folder(number)
    options, promise, disk = random.choice(OPTIONS), Promise(), folder / "disk"
    moment = Moment(random, calls_of(bench, "train"), [signal.SIGKILL])
    made(folder / "image")
    with mounted(folder / "image", disk, options):
        _, at = cut(lambda **how: bench.train(cwd=disk, **how), disk, moment, [promise])
        copied(folder / "image", folder / "after")
    (folder / "image").unlink()
    with mounted(folder / "after", disk, options):
        empty = [path.name for path in sorted(disk.glob("out/**/*")) if path.is_file() and not path.stat().st_size]
        try:
            result = bench.train(cwd=disk)
            require_messages(result, {0})
            promise.require_kept(result)
            bench.require_equal(disk / "out", bench.reference() / "out")
        except Failure as failure:
            shutil.copytree(disk / "out", folder / "out", symlinks=True)
            raise Failure(f"cut at {at} ({options}), then these are empty: {empty}: {failure}") from None
    (folder / "after").unlink()
    return 1
