"""The memory of this machine, to refuse what cannot fit before it starts."""

import contextlib
import os
from pathlib import Path

# Where Linux names the limit of a container: control groups, version 2 and version 1.
LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def memory():
    """Returns how many bytes of memory this machine has, or its container, if that may use less."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for path in LIMITS:
        with contextlib.suppress(OSError, ValueError):  # there is no such file, or it says "max"
            found.append(int(Path(path).read_text()))
    return min(found)


def too_much(needed):
    """Returns what to say if `needed` bytes are more than this machine has, otherwise None."""
    if needed > memory():
        return f"needs about {needed / 1e9:,.0f} GB of memory, and this machine has {memory() / 1e9:,.0f} GB"
