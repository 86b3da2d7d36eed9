"""A fork server: runs the project's commands in a fraction of a second each, as `python -m` would run them.

Importing TensorFlow takes seconds, so one process imports it once and never computes anything. For each run it forks a
child, which becomes the command. TensorFlow starts its threads at its first operation, so a fork before that is safe.
"""

import atexit
import contextlib
import dataclasses
import gc
import json
import os
import runpy
import select
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.attack import syscalls

ROOT = Path(__file__).parents[2]
# Nothing is downloaded, and no folder of this machine's user is read.
ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "OPENBLAS_NUM_THREADS": "1",  # its threads would not survive the fork
    "https_proxy": "http://127.0.0.1:9",
}


LOOK = 5  # milliseconds between two looks at what a command has printed


@dataclasses.dataclass
class Result:
    """How a command ended. `status` is negative for a signal, as in `subprocess`; None if it ran out of time."""

    status: int | None
    stdout: str
    stderr: str
    seconds: float

    def lines(self):
        """The lines of standard error."""
        return self.stderr.splitlines()


class Server:
    """Runs commands, one at a time, each in a child of a process that has imported TensorFlow. Use as a context."""

    def __init__(self, home):
        """`home` is a folder for the output of the runs, and the home directory that they see.

        The list `log` gets the command, its standard error and exit status of each.
        """
        self._home, self.log = Path(home), []
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket = ours
        home = {"HOME": str(self._home), "TFDS_DATA_DIR": str(self._home / "tfds")}
        with open(self._home / "server.log", "w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.attack.server", str(theirs.fileno())],
                cwd=ROOT,
                env={**os.environ, **ENVIRONMENT, **home},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # a Ctrl-C is for the tool
            )
        theirs.close()
        if self._socket.recv(100) != b"ready":
            raise RuntimeError(f"the fork server did not start:\n{(self._home / 'server.log').read_text()}")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._socket.close()
        self._process.kill()  # and with it a child that hangs
        self._process.wait()

    def run(self, module, *flags, cwd, on_call=None, on_line=None, watch=None, kill=(), timeout=60, memory=None):
        """Runs `python -m module flags…` in the folder `cwd` and returns its `Result`; or a file such as my_gan.py.

        `on_call(call)` is asked before each system call that changes something in the folder `watch`; see
        `syscalls.Call`. It returns None, or the number of an error that the call then fails with. `kill` is a list of
        (seconds, signal), each sent so long after the start. `on_line(line)` is told each line of standard output, and
        returns such a list, or None: these are sent so long after the line. After `timeout` seconds the command is
        killed. A `module` that ends in .py is a file.
        `memory` limits its address space, in bytes.
        """
        out, err = self._home / "stdout", self._home / "stderr"
        order = dict(module=module, flags=[flag.encode("utf-8", "surrogateescape").hex() for flag in flags])
        order |= dict(cwd=str(cwd), stdout=str(out), stderr=str(err), watch=on_call is not None, memory=memory)
        start = time.monotonic()
        self._socket.send(json.dumps(order).encode())
        message, descriptors, _, _ = socket.recv_fds(self._socket, 1000, 1)
        pid, status, timed_out = int(message), None, False
        kill, seen = sorted(kill), 0
        watcher = syscalls.Watcher(descriptors[0], pid, watch, on_call) if descriptors else None
        poll = select.poll()
        for descriptor in [self._socket.fileno(), *descriptors]:
            poll.register(descriptor, select.POLLIN)
        while status is None:
            now = time.monotonic() - start
            due = kill[0][0] if kill else timeout
            wait = max(0, 1000 * (due - now)) + 1
            for descriptor, event in poll.poll(min(wait, LOOK) if on_line else wait):
                if descriptor == self._socket.fileno():
                    answer = self._socket.recv(100)
                    if not answer:
                        raise RuntimeError(f"the fork server died:\n{(self._home / 'server.log').read_text()}")
                    status = int(answer)
                elif event & select.POLLIN:
                    watcher.answer()
                else:
                    poll.unregister(descriptor)  # all threads have ended
            now = time.monotonic() - start
            if on_line and status is None:
                lines = out.read_text(errors="backslashreplace").splitlines(keepends=True)
                lines = [line for line in lines if line.endswith("\n")]
                for line in lines[seen:]:
                    kill = sorted(kill + [(now + seconds, number) for seconds, number in on_line(line) or ()])
                seen = len(lines)
            while status is None and kill and now >= kill[0][0]:
                send_signal(pid, kill.pop(0)[1])
            if status is None and now >= timeout:
                timed_out = True
                send_signal(pid, signal.SIGKILL)
        for descriptor in descriptors:
            os.close(descriptor)
        text = [path.read_text(errors="backslashreplace") for path in (out, err)]
        self.log.append(f"$ python -m {module} {shlex.join(flags)}\n{text[1]}[exit status {status}]\n")
        return Result(None if timed_out else status, *text, time.monotonic() - start)


def send_signal(pid, number):
    """Sends a signal to a process that may have ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def serve(channel):
    """Forks a child for each order that comes; returns the order in the child."""
    channel.send(b"ready")
    while order := channel.recv(1_000_000):
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            return json.loads(order)
        channel.send(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())
    os._exit(0)


def become(order, channel):
    """Turns this child into the command that `order` describes."""
    import resource

    syscalls.die_with_parent()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(order["cwd"])
    sys.path[0] = order["cwd"]  # as with python -m
    for number, name in ((1, "stdout"), (2, "stderr")):
        descriptor = os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        os.dup2(descriptor, number)
        os.close(descriptor)
    if order["memory"]:
        resource.setrlimit(resource.RLIMIT_AS, (order["memory"], order["memory"]))
    sys.argv = [order["module"], *(os.fsdecode(bytes.fromhex(flag)) for flag in order["flags"])]
    listener = [syscalls.install()] if order["watch"] else []
    socket.send_fds(channel, [str(os.getpid()).encode()], listener)
    for descriptor in listener:
        os.close(descriptor)
    channel.close()


def execute(module):
    """Runs `module` as `python -m` does, or a file of Python, and ends the process as Python ends.

    Except that it does not take TensorFlow apart: in a child that would copy all of its memory, for seconds.
    """
    status = 0
    try:
        if module.endswith(".py"):
            sys.path[0] = os.path.dirname(os.path.abspath(module))
            runpy.run_path(module, run_name="__main__")
        else:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is not None and not isinstance(end.code, int):
            print(end.code, file=sys.stderr)
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:
        sys.excepthook(*sys.exc_info())
        status = 130 if isinstance(error, KeyboardInterrupt) else 1
    finally:
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def warm_up():
    """Does once what each child would do again: reads fonts and grammars, and learns to rewrite Python for a graph.

    Nothing of it runs TensorFlow.
    """
    import io

    import matplotlib.figure
    import tensorflow as tf

    figure = matplotlib.figure.Figure(layout="constrained")
    upper, lower = figure.subplots(2)
    upper.plot([0, 1], [0.1, 10], label="a")
    upper.set(ylabel="loss", yscale="log")
    upper.legend()
    lower.plot([0, 1], [0.1, 10])
    figure.savefig(io.BytesIO(), dpi=100)

    def sample(x, n):
        if n > 0:
            x = x + 1
        for _ in tf.range(n):
            x = sum(each * 2 for each in [x])
        return x

    tf.autograph.to_graph(sample)


if __name__ == "__main__":
    import h5py  # noqa: F401
    import keras  # noqa: F401
    import matplotlib.backends.backend_agg  # noqa: F401
    import matplotlib.figure  # noqa: F401
    import PIL.GifImagePlugin  # noqa: F401
    import PIL.ImageFont  # noqa: F401
    import PIL.PngImagePlugin  # noqa: F401
    import tensorflow as tf  # noqa: F401

    warm_up()
    connection = socket.socket(fileno=int(sys.argv[1]))
    gc.collect()
    gc.freeze()  # or the children's first collection would copy all of TensorFlow's memory
    command = serve(connection)
    become(command, connection)
    execute(command["module"])
