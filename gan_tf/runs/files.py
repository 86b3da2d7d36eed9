"""Files that are written whole, that outlast a power cut, and that are read with care."""

import contextlib
import errno
import fcntl
import functools
import glob
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from gan_tf import limits, locks


@contextlib.contextmanager
def replacing(path, durable=True):
    """A context with the path of a temporary file to write. At its end this file replaces `path`, at once and whole.

    After an error the old file stays. If `durable`, the new one is on the disk at the end of the context: a power cut
    leaves the old file or the new one. Otherwise a power cut can leave an empty file, until `sync` is called for it.
    Temporary files of processes that were killed are removed, unless the disk refuses locks: then they may be in use.
    """
    for stale in path.parent.glob(f"new-{8 * '[0-9a-f]'}-{glob.escape(path.name)}"):
        with contextlib.suppress(OSError), open(stale) as file:
            if locks.flock(file, fcntl.LOCK_NB):  # fails while a process is writing it
                stale.unlink()
    temporary = path.with_name(f"new-{secrets.token_hex(4)}-{path.name}")
    try:
        with open(temporary, "w") as file:
            locks.flock(file)
            yield temporary
            if durable:
                sync(temporary)
            is_new = not os.path.lexists(path)
            os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        try:
            sync(path.parent)
        except OSError:
            if is_new:  # the caller hears that it failed, so the next attempt must not find it
                path.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def temporary_folder(place, ending, inside):
    """A context with a new folder in `place`, called new-…-`ending`. At its end the folder is removed, or renamed.

    All files in it must have names that match the pattern `inside`. Such folders of processes that were killed are
    removed, unless they hold anything else: a process that lives keeps a lock on its folder. On a disk that refuses
    locks they stay.
    """
    for stale in place.glob(f"new-{8 * '[0-9a-f]'}-{glob.escape(ending)}"):
        with contextlib.suppress(OSError):
            descriptor = _lock_folder(stale, fcntl.LOCK_NB)  # fails while a process is writing into it
            try:
                if all(inside.fullmatch(name) for name in os.listdir(stale)):
                    for path in stale.iterdir():
                        path.unlink()
                    stale.rmdir()
            finally:
                os.close(descriptor)
    while True:
        temporary = place / f"new-{secrets.token_hex(4)}-{ending}"
        temporary.mkdir()
        with contextlib.suppress(FileNotFoundError):  # before the lock, another process may have removed it
            descriptor = _lock_folder(temporary)
            break
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        os.close(descriptor)


def _lock_folder(path, flags=0):
    """Returns a descriptor that holds a lock on the folder `path`. Raises OSError, also if it was removed meanwhile."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if not locks.flock(descriptor, flags) and flags:
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK), str(path))  # a process may be writing into it
        os.stat(path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def sync(path):
    """Returns when a file's content, or a folder's list of names, is on the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path):
    """Makes the folder `path`, and those above it that are missing, to outlast a power cut. Returns those it made.

    Raises OSError. Then it leaves none of them.
    """
    missing, made = [], []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    try:
        for each in reversed(missing):
            try:
                each.mkdir()
                made.append(each)
            except FileExistsError:
                if not each.is_dir():  # else another process made it meanwhile
                    raise
            sync(each.parent)
    except OSError:
        for each in reversed(made):
            with contextlib.suppress(OSError):
                each.rmdir()
        raise
    return made


def open_file(path):
    """Opens a file to read bytes. Raises OSError, also for what is no file: reading from a pipe could wait for ever."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if problem := limits.problem(descriptor):
        os.close(descriptor)
        raise OSError(f"{path} {problem}")
    return open(descriptor, "rb")


def read_text(path, most=2**30):
    """Returns the text of a file in UTF-8; bytes that are no text are replaced.

    Raises OSError as `open_file` does, and for a file of more than `most` bytes.
    """
    with open_file(path) as file:
        if os.fstat(file.fileno()).st_size > most:
            raise OSError(f"{path} has more than {most:,} bytes")
        return file.read().decode(errors="replace")


@functools.cache
def for_tensorflow(folder):
    """Returns a name for `folder` that TensorFlow can use, as text. It lasts as long as this process.

    TensorFlow takes * ? [ ] and \\ in a path as a pattern, and it takes only UTF-8. So for other names than plain ones
    this is a link to the folder, in the system's folder for temporary files.
    """
    if str(folder).isascii() and not set(str(folder)) & set("*?[]\\"):
        return str(folder)
    link = Path(_temporary_folder().name) / secrets.token_hex(4)
    link.symlink_to(Path(folder).absolute())
    return str(link)


@functools.cache  # once; it is removed when this process ends
def _temporary_folder():
    return tempfile.TemporaryDirectory(prefix="gan_tf-")
