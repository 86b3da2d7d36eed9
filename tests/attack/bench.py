"""What all attacks share: a place to work, the undisturbed runs to compare with, and what every message must be."""

import json
import random
import re
import shutil
import struct
import tempfile
from pathlib import Path

from tests.attack.server import Server

# Small, but with every phase: 8 checkpoints, so that old ones are removed, and 6 grids.
ITERS, MORE = 120, 140
TRAIN = "--nojit --batch_size=16 --sample_every=20 --log_every=50 --checkpoint_every=15 --threads=1 --seed=3".split()
LINE = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (INFO|WARNING|ERROR) |error: |saving; press Ctrl-C again to quit ).*"
)
FOREIGN = {"notes.txt": b"mine", "new-house/photo.jpg": b"also mine"}  # what a user may keep in a run's folder


class Failure(Exception):
    """Attacks have found a defect. The message says what, `count` how many attacks they were."""

    def __init__(self, words, count=1):
        super().__init__(words)
        self.count = count


class Bench:
    """A temporary folder with data, a fork server, and finished runs. Use as a context.

    The folders of attempts that failed stay in `kept`; all else is removed.
    """

    def __init__(self, seed):
        self.kind, self.seed = None, seed
        self.path = Path(tempfile.mkdtemp(prefix="gan_tf-attack-"))
        self.kept = self.path / "failed"
        self._runs, self._server = {}, None
        self.log = []  # what the commands of this attempt said
        write_data(self.path / "data")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self._server:
            self._server.__exit__()
        for path in self.path.iterdir():
            if path != self.kept:
                shutil.rmtree(path)
        if not self.kept.exists():
            self.path.rmdir()

    @property
    def server(self):
        """The fork server, started at first use: not every attack needs it."""
        if self._server is None:
            (self.path / "home").mkdir()
            self._server = Server(self.path / "home")
            self._server.log = self.log
        return self._server

    def keep(self, folder, failure):
        """Keeps the folder of an attempt, and what its commands said."""
        self.kept.mkdir(exist_ok=True)
        if folder.exists():
            shutil.rmtree(self.kept / folder.name, ignore_errors=True)  # of an earlier time
            folder.rename(self.kept / folder.name)
        with open(self.kept / f"{folder.name}.log", "w", errors="backslashreplace") as log:
            log.writelines([*self.log, f"{failure or 'no failure'}\n"])

    def random(self, number):
        """The random numbers of attempt `number`: a generator that depends on kind, seed and number alone."""
        return random.Random(f"{self.kind} {self.seed} {number}")

    def folder(self, number):
        """A new, empty folder for attempt `number` of the kind `self.kind`."""
        path = self.path / f"{self.kind}-{number}"
        path.mkdir()
        return path

    def train(self, *flags, cwd, out="out", iters=ITERS, **options):
        """Runs the small training in the folder `out` of `cwd`. The options are those of `Server.run`."""
        flags = (f"--iters={iters}", f"--data_dir={self.path / 'data'}", f"--out_dir={out}", *TRAIN, *flags)
        return self.server.run("gan_tf.train", *flags, cwd=cwd, **options)

    def command(self, name, cwd, out="out", **options):
        """Runs one of the other commands on the run in `cwd`/`out`."""
        flags = {
            "export": [f"--run_dir={out}"],
            "report": [f"--run_dir={out}"],
            "evaluate": [f"--run_dir={out}", "--count=100"],
            "sample": [f"--run_dir={out}", "--out=drawn.png"],
            "sample_npz": [f"--run_dir={out}", "--out=drawn.npz"],
            "sample_folder": [f"--run_dir={out}", "--out=drawn"],
        }[name]
        return self.server.run(f"gan_tf.{name.split('_')[0]}", *flags, cwd=cwd, **options)

    def reference(self, name="train", iters=ITERS):
        """A folder whose `out` is a run that nothing has disturbed, after the command `name`. Made once."""
        if (name, iters) not in self._runs:
            cwd = self.path / f"reference-{name}-{iters}"
            if name == "train":
                cwd.mkdir()
                result = self.train(cwd=cwd, iters=iters)
            else:
                shutil.copytree(self.reference(iters=iters), cwd)
                result = self.command(name, cwd)
            if result.status != 0:
                raise RuntimeError(f"the undisturbed {name} failed:\n{result.stderr}")
            self._runs[name, iters] = cwd
        return self._runs[name, iters]

    def other_run(self):
        """The folder of a finished run with another seed."""
        if "other" not in self._runs:
            cwd = self.path / "reference-other"
            cwd.mkdir()
            self.train("--seed=4", cwd=cwd, iters=80)
            self._runs["other"] = cwd
        return self._runs["other"] / "out"

    def differences(self, folder, reference, ignore=()):
        """What in a run's folder is not as in the reference, {file: what is wrong}."""
        result = self.server.run("tests.attack.oracle", str(folder), str(reference), cwd=self.path)
        if result.status != 0:
            raise RuntimeError(f"the oracle failed:\n{result.stderr}")
        found = json.loads(result.stdout)
        return {name: what for name, what in found.items() if name not in ignore}

    def require_equal(self, folder, reference, ignore=()):
        """Raises Failure if the run in `folder` is not, byte for byte, the one in `reference`."""
        found = self.differences(folder, reference, ignore)
        if found:
            raise Failure("not the right bytes: " + ", ".join(f"{name} {what}" for name, what in found.items()))


def require(condition, words, result=None):
    """Raises Failure with these words, and the end of what a command said, if the condition is false."""
    if not condition:
        said = f"; it said: {' | '.join(result.stderr.strip().splitlines()[-2:])}" if result else ""
        raise Failure(words + said)


def require_messages(result, statuses):
    """Raises Failure unless a command ended in time, with one of these exit statuses, and said so in one line each."""
    require(result.status is not None, f"it hung, and was killed after {result.seconds:.0f} s", result)
    for text in (result.stdout, result.stderr):
        require("Traceback" not in text, "a traceback", result)
    require("{{function_node" not in result.stderr, "TensorFlow's {{function_node …}} in a message", result)
    require(result.status in statuses, f"exit status {result.status}, not one of {sorted(statuses)}", result)
    lines = result.lines()
    if result.status < 0 and result.stderr[-1:] != "\n":
        lines = lines[:-1]  # the kill cut it
    for line in lines:
        require(LINE.fullmatch(line) or not line, f"a line that is no message: {line!r}")
    if result.status in (1, 2):
        errors = [line for line in lines if line.startswith("error: ")]
        require(len(errors) == 1 and lines[-1] == errors[0], "not one line that begins with error:", result)


def write_data(folder):
    """Four small IDX files: 5,200 glyphs, of which a run trains on the last 200, and 100 to test."""
    from gan_tf.data import glyphs

    folder.mkdir()
    for part, first, count in (("train", 0, 5200), ("t10k", 60000, 100)):
        pixels, labels = glyphs.draw(first, count)
        for kind, array in (("images-idx3", pixels), ("labels-idx1", labels.astype("u1"))):
            header = struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape)
            (folder / f"{part}-{kind}-ubyte").write_bytes(header + array.tobytes())


def put_foreign(folder):
    """Puts files into a run's folder that no run writes."""
    for name, content in FOREIGN.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)


def require_foreign(folder):
    """Raises Failure if one of them is gone."""
    for name, content in FOREIGN.items():
        path = folder / name
        require(path.is_file() and path.read_bytes() == content, f"{name}, which no run wrote, was removed")
