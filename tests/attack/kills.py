"""Kills and interrupts a command at random moments, starts it again until it is finished, and compares.

Most moments are a system call: the command is stopped before its N-th change of the folder and gets the signal there.
N is drawn from all calls, or, half of the time, from the calls of one sort, so that rare ones are hit as often. Other
moments are a random time.
"""

import collections
import os
import re
import shutil
import signal
import subprocess
import sys

from tests.attack import bench as _bench
from tests.attack.bench import FOREIGN, ITERS, TRAIN, Failure, require, require_messages
from tests.attack.server import ENVIRONMENT, ROOT, Result, send_signal

KILL, INT, TERM = signal.SIGKILL, signal.SIGINT, signal.SIGTERM
SIGNALS = {(KILL,): 12, (INT,): 2, (TERM,): 2, (INT, INT): 1, (INT, TERM): 1, (TERM, TERM): 1, (TERM, KILL): 1}
FLAVOURS = {"train": 30, "overwrite": 6, "tensorboard": 1, "odd_folder": 2, "process": 1}
FLAVOURS |= {"export": 4, "report": 2, "sample": 1, "sample_folder": 1, "evaluate": 1}
DRAWN = {"sample": "drawn.png", "sample_folder": "drawn"}  # what they write, next to the run
# What a folder may be called on Linux; TensorFlow takes some of these for patterns.
ODD = ["a[1]", "back\\slash", "ünï cödé", "with space", "*", "a?", "{a,b}", "-x", "%s", "a:b", "$HOME"]


def attempt(bench, number):
    """One chain: up to six interruptions of one command, then the command to its end. Returns the interruptions."""
    random, cwd = bench.random(number), bench.folder(number)
    flavour = random.choices(list(FLAVOURS), FLAVOURS.values())[0]
    if flavour == "process":
        return real_process(bench, random, cwd)
    out = random.choice(ODD) if flavour == "odd_folder" else "out"
    reference, ignore = bench.reference(), ()
    if flavour in ("train", "odd_folder", "overwrite", "tensorboard"):
        flags = {"overwrite": ["--overwrite"], "tensorboard": ["--tensorboard"]}.get(flavour, [])
        if flavour == "overwrite":
            shutil.copytree(bench.other_run(), cwd / out)
            _bench.put_foreign(cwd / out)
            ignore = FOREIGN

        def command(**options):
            return bench.train(*flags, cwd=cwd, out=out, **options)
    else:
        reference = bench.reference(flavour)
        shutil.copytree(bench.reference() / "out", cwd / out)
        flags = []

        def command(**options):
            return bench.command(flavour, cwd, **options)

    drawn = DRAWN.get(flavour, "")
    watch, kills = (cwd if drawn else cwd / out), 0
    trace = calls_of(bench, flavour)
    for _ in range(random.choice([1, 1, 2, 2, 3, 6])):
        moment = Moment(random, trace)
        at = {"kill": moment.times} if moment.times else {"on_call": moment.on_call, "watch": watch}
        result = command(**at)
        kills += 1
        if drawn and (cwd / drawn).exists():
            break  # it was killed when it had done all; the same command would refuse to write over this
        if result.status == 0:
            break
        require_messages(result, {-KILL, -INT, -TERM, 128 + INT, 128 + TERM})
        if "stopped at" in result.stderr and "--overwrite" in flags:
            require("--overwrite" in result.lines()[-1], "the advice would delete the run: --overwrite again", result)
            flags.clear()  # as it should advise
    if not drawn or not (cwd / drawn).exists():
        require_messages(command(), {0})
    if drawn:
        require(_contents(cwd / drawn) == _contents(reference / drawn), f"{drawn} differs")
        require(sorted(os.listdir(cwd)) == [drawn, "out"], f"left behind: {os.listdir(cwd)}")
    bench.require_equal(cwd / out, reference / "out", ignore)
    if flavour == "overwrite":
        _bench.require_foreign(cwd / out)
    return kills


def _contents(path):
    """The bytes of a file; of a folder, {name: bytes}."""
    return {each.name: each.read_bytes() for each in path.iterdir()} if path.is_dir() else path.read_bytes()


class Moment:
    """When to send which signals, drawn from the calls that an undisturbed command makes."""

    def __init__(self, random, trace, signals=None):
        """With `signals`, these, and never at a time."""
        self._signals = list(signals or random.choices(list(SIGNALS), SIGNALS.values())[0])
        self._seen, self._label, self.times = -1, None, []
        self._gap = random.choice([0, 0, 1, 3, 10, 30])  # calls between two signals
        how = random.random()
        if how < 0.1 and not signals:
            first = random.uniform(0, 3)
            self.times = [(first + random.uniform(0, 0.2) * n, each) for n, each in enumerate(self._signals)]
            self._signals = []
        elif how < 0.55:
            self._at = random.randrange(len(trace))
        else:
            self._label = random.choice(sorted(set(trace)))
            self._at = random.randrange(trace.count(self._label))

    @property
    def over(self):
        """True after the last signal."""
        return not self._signals

    def on_call(self, call):
        """Counts the call; sends the signal if this is the moment."""
        if self._label is None or label(call) == self._label:
            self._seen += 1
        if self._signals and self._seen >= self._at:
            if self._signals[0] == KILL or not self._gap:
                for number in self._signals:
                    send_signal(call.pid, number)
                self._signals = []
            else:
                send_signal(call.pid, self._signals.pop(0))
                self._label, self._at = None, self._seen + self._gap


def label(call):
    """What sort of call it is: its name and the file's, with # for digits."""
    return f"{call.name} {re.sub(r'[0-9]+', '#', os.path.basename(call.paths[-1]))}"


def calls_of(bench, flavour, _known=collections.defaultdict(dict)):  # noqa: B006
    """The sorts of the calls that an undisturbed command makes, in their order."""
    flavour = "train" if flavour == "odd_folder" else flavour
    known = _known[bench.path]
    if flavour not in known:
        found, cwd = [], bench.path / f"calls-{flavour}"
        cwd.mkdir()
        options = dict(on_call=lambda call: found.append(label(call)), watch=cwd)
        if flavour in ("train", "tensorboard", "overwrite"):
            if flavour == "overwrite":
                shutil.copytree(bench.other_run(), cwd / "out")
            flags = {"train": []}.get(flavour, [f"--{flavour}"])
            bench.train(*flags, cwd=cwd, **options)
        else:
            shutil.copytree(bench.reference() / "out", cwd / "out")
            bench.command(flavour, cwd, **options)
        known[flavour] = found
    return known[flavour]


def real_process(bench, random, cwd):
    """Signals in the first seconds of a process of its own, while it imports TensorFlow."""
    signals = random.choice([(INT,), (TERM,), (INT, TERM), (INT, INT)])
    flags = [f"--iters={ITERS}", f"--data_dir={bench.path / 'data'}", *TRAIN]
    environment = {**os.environ, **ENVIRONMENT, "HOME": str(cwd), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-m", "gan_tf.train", *flags],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for pause in (random.uniform(0.05, 6), random.uniform(0, 0.15)):
            try:
                process.wait(pause)
            except subprocess.TimeoutExpired:
                process.send_signal(signals[0])
                signals = signals[1:] or signals
        try:
            output = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failure("it hung after a signal") from None
    # Python itself takes some hundredths of a second before it has read the command.
    require_messages(Result(process.returncode, *output, 0), {0, -INT, -TERM, 128 + INT, 128 + TERM})
    require_messages(bench.train(cwd=cwd), {0})
    bench.require_equal(cwd / "out", bench.reference() / "out")
    return 1
