"""Locks, also where a file system has none: some network disks refuse flock."""

import contextlib
import errno
import fcntl
import json
import os
import secrets
import socket
from pathlib import Path

NAME = "in_use.json"  # in a locked folder, on a disk that refuses flock: who has the folder
IN_USE = "is in use by another run; wait for it, or name another folder."


class InUseError(Exception):
    """Another process has the folder; the message says so in one line, and what to do."""


def flock(descriptor, flags=0):
    """Locks an open file or folder until it is closed, or until this process ends. Returns False if the disk refuses.

    It waits for its turn. With fcntl.LOCK_NB as `flags` it raises BlockingIOError instead. Lustre without the option
    flock answers ENOSYS, NFS without its lock service ENOLCK, others EOPNOTSUPP.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | flags)
    except OSError as error:
        if error.errno not in (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP):
            raise
        return False
    return True


class FolderLock:
    """Has the folder `path` for this process alone, until `release` or the end of the process.

    This is flock, which ends with the process and needs no file. A disk that refuses it gets the file `NAME` with this
    machine and process. If that process has ended, the next one on this machine takes the folder over. Whether a
    process of another machine lives cannot be seen from here: then the message says which file to delete. Raises
    InUseError, and OSError if the folder cannot be opened or the file cannot be written.
    """

    def __init__(self, path):
        self._path, self._note, self._file = Path(path), None, None
        self._descriptor = os.open(path, os.O_RDONLY)
        try:
            if not flock(self._descriptor, fcntl.LOCK_NB):
                self._note, self._file = _me() | {"token": secrets.token_hex(8)}, self._path / NAME
                self._write_note()
        except BaseException as error:
            os.close(self._descriptor)
            if isinstance(error, BlockingIOError):
                raise InUseError(IN_USE) from None
            if isinstance(error, OSError) and error.filename is None:  # flock knows only the number of an open file
                raise OSError(error.errno, error.strerror, str(path)) from error
            raise

    def _write_note(self):
        for _ in range(2):
            try:
                with open(self._file, "x") as file:  # only one process can make it, on network disks, too
                    file.write(json.dumps(self._note))
                return
            except FileExistsError:
                self._require_dead()
            except OSError:  # a full disk
                self._file.unlink(missing_ok=True)
                raise
            # Two processes may both remove it, and one of them the new file of the other. That one sees it in `lost`.
            self._file.unlink(missing_ok=True)
        raise InUseError(IN_USE)

    def _require_dead(self):
        """Raises InUseError unless the process that wrote the file ran on this machine, and has ended."""
        there, here = self._read_note(), _me()
        if there.get("machine") != here["machine"]:
            whose = f"a run on {there['machine'].split(' ')[0]}" if there else "another run"
            raise InUseError(f"is in use by {whose}; if that run has ended, delete {self._file}.")
        if there == there | _process(there["process"]):
            raise InUseError(IN_USE)

    def _read_note(self):
        """Returns what the file says; {} if it is damaged, or just being written."""
        try:
            found = json.loads(self._file.read_text())
            sound = isinstance(found["machine"], str) and isinstance(found["process"], int) and "begun" in found
            return found if sound else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def lost(self):
        """Returns what happened if the folder is no longer this process's, as in "… was removed"; otherwise None."""
        with contextlib.suppress(OSError):
            if os.path.samestat(os.stat(self._path), os.fstat(self._descriptor)):
                ours = self._note is None or self._read_note() == self._note
                return None if ours else "was taken by another run"
        return "was removed or replaced"

    def release(self):
        """Gives the folder back."""
        try:
            if self._note is not None and self._read_note() == self._note:
                self._file.unlink(missing_ok=True)
        finally:
            os.close(self._descriptor)


def _me():
    """Names this machine and this process, as JSON can hold them."""
    # Containers can have the same name, and then each counts its processes on its own.
    with contextlib.suppress(OSError):
        return {"machine": f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"} | _process(os.getpid())
    return {"machine": socket.gethostname()} | _process(os.getpid())


def _process(number):
    """Returns {"process", "begun"} of a process of this machine; {"process": None} if there is none of this number.

    "begun" is when it began, because a number is given again. It is None where the system does not say it.
    """
    try:
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()  # proc(5): from field 3 on
        dead = fields[0] in "ZX"  # killed, but nobody has asked how it ended
        return {"process": None} if dead else {"process": number, "begun": fields[19]}
    except OSError:
        if Path("/proc/self/stat").exists():
            return {"process": None}
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return {"process": None}
    except PermissionError:
        pass  # it is somebody else's, and lives
    return {"process": number, "begun": None}
