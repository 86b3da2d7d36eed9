"""Stops a process before each of its system calls that change a folder: to count, fail, or kill there.

This is Linux's seccomp user notification (man 2 seccomp_unotify): the kernel holds the calling thread until the
watcher has answered. It sees every call, whether Python, TensorFlow's C++ or the C library makes it. It needs no root.
"""

import contextlib
import ctypes
import dataclasses
import errno
import fcntl
import os
import platform
import signal
import struct

# Numbers of x86-64 (linux/arch/x86/entry/syscalls/syscall_64.tbl).
ALWAYS = {
    "ftruncate": 77, "truncate": 76, "rename": 82, "renameat": 264, "renameat2": 316, "mkdir": 83, "mkdirat": 258,
    "rmdir": 84, "creat": 85, "link": 86, "linkat": 265, "unlink": 87, "unlinkat": 263, "symlink": 88,
    "symlinkat": 266, "fsync": 74, "fdatasync": 75, "fallocate": 285, "utimensat": 280, "chmod": 90, "fchmod": 91,
    "fchmodat": 268,
}  # fmt: skip
OPENS = {"open": (2, 1), "openat": (257, 2)}  # number, and which argument has the flags
WRITES = {"write": (1, 0), "pwrite64": (18, 0), "writev": (20, 0), "pwritev": (296, 0), "sendfile": (40, 0)}
WRITES |= {"copy_file_range": (326, 2)}  # number, and which argument is the descriptor written to
NAMES = {number: name for name, number in ALWAYS.items()}
NAMES |= {number: name for name, (number, _) in (OPENS | WRITES).items()}
# Where the paths are among the arguments: (descriptor of the folder or None, path) for each.
PATHS = {
    "open": [(None, 0)], "openat": [(0, 1)], "creat": [(None, 0)], "truncate": [(None, 0)],
    "rename": [(None, 0), (None, 1)], "renameat": [(0, 1), (2, 3)], "renameat2": [(0, 1), (2, 3)],
    "mkdir": [(None, 0)], "mkdirat": [(0, 1)], "rmdir": [(None, 0)], "unlink": [(None, 0)], "unlinkat": [(0, 1)],
    "link": [(None, 0), (None, 1)], "linkat": [(0, 1), (2, 3)], "symlink": [(None, 1)], "symlinkat": [(1, 2)],
    "chmod": [(None, 0)], "fchmodat": [(0, 1)], "utimensat": [(0, 1)],
}  # fmt: skip
# What a full disk can refuse. Removing needs no space, and neither does reading.
NEED_SPACE = {"write", "pwrite64", "writev", "pwritev", "sendfile", "copy_file_range", "creat", "rename", "renameat"}
NEED_SPACE |= {"renameat2", "mkdir", "mkdirat", "link", "linkat", "symlink", "symlinkat", "fallocate", "ftruncate"}
NEED_SPACE |= {"truncate", "fsync", "fdatasync"}

AT_FDCWD = 0xFFFFFF9C
RECEIVE, SEND = 0xC0502100, 0xC0182101  # the two ioctls of linux/seccomp.h
libc = ctypes.CDLL(None, use_errno=True)


def available():
    """Returns None if this machine can do it, otherwise the reason why not."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return "needs Linux on x86-64"
    try:
        with open("/proc/sys/kernel/seccomp/actions_avail") as file:
            return None if "user_notif" in file.read().split() else "this kernel has no seccomp user notification"
    except OSError as error:
        return f"needs seccomp: {error}"


def die_with_parent():
    """The kernel kills this process when its parent ends."""
    libc.prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG


def _filter():
    """The program in the kernel's BPF: lets a call pass, or asks."""
    allow, ask = 0x7FFF0000, 0x7FC00000

    def load(offset):
        return struct.pack("=HBBI", 0x20, 0, 0, offset)

    def skip_if(operation, value, otherwise):  # go on if true, else skip so many instructions
        return struct.pack("=HBBI", operation, 0, otherwise, value)

    def end(action):
        return struct.pack("=HBBI", 0x06, 0, 0, action)

    equal, greater, any_bit = 0x15, 0x25, 0x45
    lines = [load(4), skip_if(equal, 0xC000003E, 1), load(0)]  # x86-64, and the call's number
    lines[1] = struct.pack("=HBBI", equal, 1, 0, 0xC000003E)
    lines.insert(2, end(allow))
    for number in ALWAYS.values():
        lines += [skip_if(equal, number, 1), end(ask)]
    changes = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
    for number, argument in OPENS.values():
        lines += [
            skip_if(equal, number, 4),
            load(16 + 8 * argument),
            skip_if(any_bit, changes, 1),
            end(ask),
            end(allow),
        ]
    for number, argument in WRITES.values():  # not what goes to standard output and error
        lines += [skip_if(equal, number, 4), load(16 + 8 * argument), skip_if(greater, 2, 1), end(ask), end(allow)]
    return lines + [end(allow)]


def install():
    """From now on this process asks before such calls. Returns the descriptor that answers."""
    program = b"".join(_filter())
    buffer = ctypes.create_string_buffer(program)
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer)))
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    # seccomp(SET_MODE_FILTER, NEW_LISTENER | WAIT_KILLABLE_RECV): a signal does not interrupt a call that is held, only
    # ends it. No call on a local disk is interrupted. Before Linux 5.19 there is only the first flag.
    descriptor = libc.syscall(317, 1, 8 | 32, header)
    if descriptor < 0 and ctypes.get_errno() == errno.EINVAL:
        descriptor = libc.syscall(317, 1, 8, header)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), f"seccomp: {os.strerror(ctypes.get_errno())}")
    return descriptor


@dataclasses.dataclass
class Call:
    """A system call that is about to happen.

    name: as in the manual
    paths: what it changes, absolute; two for rename and link
    flags: those of open
    length: bytes that a write has
    pid: the process, to send it a signal
    """

    name: str
    paths: list
    flags: int
    length: int
    pid: int

    @property
    def needs_space(self):
        return self.name in NEED_SPACE or (self.name in OPENS and bool(self.flags & os.O_CREAT))


class Watcher:
    """Answers the calls of a process."""

    def __init__(self, descriptor, pid, folder, on_call):
        self._descriptor, self._pid, self._folder, self._on_call = descriptor, pid, os.fspath(folder), on_call

    def answer(self):
        """Receives one call, asks `on_call` if it is about the folder, and answers."""
        data = bytearray(80)
        try:
            fcntl.ioctl(self._descriptor, RECEIVE, data)
        except (FileNotFoundError, InterruptedError):
            return  # the thread was killed meanwhile
        number, thread, _, call, _, _, *arguments = struct.unpack("=QIIiIQ6Q", data)
        error = 0
        paths = self._paths(NAMES[call], arguments, thread)
        if any(path == self._folder or path.startswith(self._folder + "/") for path in paths):
            flags = arguments[OPENS[NAMES[call]][1]] if NAMES[call] in OPENS else 0
            error = self._on_call(Call(NAMES[call], paths, flags, arguments[2], self._pid)) or 0
        response = struct.pack("=QqiI", number, 0, -error, 0 if error else 1)  # 1: continue
        with contextlib.suppress(FileNotFoundError):
            fcntl.ioctl(self._descriptor, SEND, response)

    def _paths(self, name, arguments, thread):
        try:
            if name not in PATHS:
                descriptor = arguments[WRITES[name][1] if name in WRITES else 0] & 0xFFFFFFFF
                return [os.readlink(f"/proc/{thread}/fd/{descriptor}")]
            return [self._path(*where, arguments, thread) for where in PATHS[name]]
        except OSError:  # a pipe that was closed, a process that has ended
            return []

    def _path(self, folder, path, arguments, thread):
        with open(f"/proc/{thread}/mem", "rb", buffering=0) as memory:
            memory.seek(arguments[path])
            text = memory.read(4096).split(b"\0")[0] if arguments[path] else b""
        at = AT_FDCWD if folder is None else arguments[folder] & 0xFFFFFFFF
        base = os.readlink(f"/proc/{thread}/cwd" if at == AT_FDCWD else f"/proc/{thread}/fd/{at}")
        return os.path.normpath(os.path.join(base, os.fsdecode(text)))
