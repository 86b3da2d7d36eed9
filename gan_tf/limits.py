"""Checks before a file is opened or memory is taken. They know no flag and need no TensorFlow."""

import contextlib
import os
import stat
from pathlib import Path

# Where Linux names the limit of a container: control groups, version 2 and version 1.
CONTAINER = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def memory():
    """Returns how many bytes of memory this machine has, or its container, if that may use less."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for path in CONTAINER:
        with contextlib.suppress(OSError, ValueError):  # there is no such file, or it says "max"
            found.append(int(Path(path).read_text()))
    return min(found)


def fitting(each, rest=0):
    """Returns how many things of `each` bytes fit into memory, next to `rest` bytes for everything else."""
    return max(0, int((memory() - rest) // each))


def problem(path):
    """Returns what is wrong if `path` is not an ordinary file, as in "… is a folder, not a file"; otherwise None.

    Ask before opening a file: to open a named pipe may take for ever. `path` may be a file descriptor, too.
    """
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"
    if not stat.S_ISREG(mode):
        return "is a folder, not a file" if stat.S_ISDIR(mode) else "is not an ordinary file"
    return None


def unwritable(path):
    """Returns why no file can be written into the folder `path`, as in "… is not a folder"; None if one can.

    The folder may have to be made first. Names in it may have 100 bytes.
    """
    path = Path(os.path.abspath(path))
    nearest = path
    while not os.path.lexists(nearest):
        nearest = nearest.parent
    if not nearest.is_dir():
        return f"{nearest} is not a folder"
    if not os.access(nearest, os.R_OK | os.W_OK | os.X_OK):
        return f"{nearest} is read-only for you"
    longest = max((len(os.fsencode(part)) for part in path.relative_to(nearest).parts), default=0)
    if longest > os.pathconf(nearest, "PC_NAME_MAX") or len(bytes(path)) + 100 > os.pathconf(nearest, "PC_PATH_MAX"):
        return "this is too long a name for this disk"
    return None


def avx512():
    """True if this CPU is known to have AVX-512. Without it, the number of threads changes last bits, also with XLA."""
    with contextlib.suppress(OSError):
        return "avx512f" in Path("/proc/cpuinfo").read_text()
    return False


def cores():
    """Returns how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
