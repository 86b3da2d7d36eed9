"""Wrong command lines, from a small grammar of each command's flags.

Each must end within seconds, with status 1 or 2 and one line, or do what it says: print help, or a dry run. Some
command lines meet a strange place instead: a standard output that is full, a locale without ü, a keras.json.
"""

import json
import os
import shutil
import subprocess
import sys

from tests.attack.bench import TRAIN, Failure, require, require_messages
from tests.attack.server import ENVIRONMENT, ROOT, Result

NUMBERS = (
    "0 -1 1 2 3 1.5 1e9 1000000000 99999999999999999999 -0 nan inf -inf 1e400 1e-50 0x10 ١ 1_000 +1 true None".split()
)
NUMBERS += ["", " ", "1 ", "1;2", "一", "1" * 5000, "\udcff", "'1'", "1\n2"]
WORDS = [
    "",
    " ",
    "x",
    "mnist,glyphs",
    "GLYPHS",
    "mnist",
    "glyphs",
    "cpu",
    "gpu",
    "auto",
    "adam",
    "lsgan",
    "-",
    "--",
    "\udcff\udc80",
]
WORDS += [
    "ü",
    "a" * 300,
    "a/" * 3000,
    "a\nb",
    "{}",
    "%s",
    "\x1b[31m",
    "../..",
    "/",
    "/dev/null",
    "/dev/full",
    "/proc",
    "/proc/self/mem",
]
WORDS += [
    "nowhere",
    "data",
    "out",
    "out/config.json",
    "out/generator.keras",
    "out/checkpoints",
    "fifo",
    "loop",
    "~",
    "~nobody/x",
    ".",
]
BOOLS = ["", "=true", "=false", "=1", "=0", "=2", "=x", "=", "=None"]
# Flag: the values that it is tried with.
SMALL = {"batch_size": NUMBERS, "d_steps": NUMBERS, "iters": NUMBERS, "seed": NUMBERS, "threads": NUMBERS}
COMMANDS = {
    "gan_tf.train": SMALL
    | {name: NUMBERS for name in ("sample_every", "log_every", "checkpoint_every", "d_lr", "g_lr")}
    | {name: WORDS for name in ("loss", "d_optimizer", "g_optimizer", "dataset", "data_dir", "out_dir", "device")}
    | {name: BOOLS for name in ("overwrite", "tensorboard", "jit", "tf32")},
    "gan_tf.sample": {name: NUMBERS for name in ("count", "columns", "seed")}
    | {name: WORDS for name in ("run_dir", "model", "out")}
    | {name: BOOLS for name in ("interpolate", "overwrite")},
    "gan_tf.evaluate": {name: NUMBERS for name in ("count", "seed")}
    | {name: WORDS for name in ("run_dir", "generator", "images", "dataset", "data_dir", "out_dir")},
    "gan_tf.export": {"run_dir": WORDS},
    "gan_tf.report": {"run_dir": WORDS},
}
# What makes the rest of the line sound, so that the wrong flag decides. The last one counts.
BASE = {
    "gan_tf.train": ["--data_dir=data", "--iters=10", *TRAIN],
    "gan_tf.sample": ["--model=out/generator.keras"],
    "gan_tf.evaluate": ["--generator=out/generator.keras", "--data_dir=data", "--count=100"],
    "gan_tf.export": [],
    "gan_tf.report": [],
}
ODD = [
    "",
    "x",
    "-",
    "--",
    "---",
    "--=",
    "--x",
    "--no",
    "--noiters",
    "--help=1",
    "--flagfile=nowhere",
    "--flagfile=/dev/null",
]
ODD += [
    "--undefok",
    "--undefok=x",
    "--x=1",
    "-iters=3",
    "--ITERS=3",
    "--iters",
    "\udcff",
    "--\udcff=1",
    "--ü",
    "--only_check_args",
]
ODD += [
    "--verbosity=x",
    "--verbosity=9999999999",
    "--logtostderr",
    "--log_dir=/nowhere",
    "--pdb",
    "--run_with_pdb",
    "--helpfull",
]
ODD += [
    "--run_with_profiling",
    "--profile_file=/nowhere/x",
    "--logger_levels=x",
    "--stderrthreshold=x",
    "--helpxml",
    "--showprefixforinfo=x",
]
SURROUNDINGS = ("keras.json", "ascii", "full output", "closed output", "closed error", "odd folder", "help")
SECONDS, MEMORY = 30, 24 * 2**30


def available():
    """Returns None: every machine can do it."""


def attempt(bench, number):
    """One command line."""
    random, cwd = bench.random(number), bench.folder(number)
    _surroundings(bench, cwd)
    if random.random() < 0.03:
        return _strange_place(bench, random, cwd)
    module = random.choices(list(COMMANDS), [10, 4, 3, 1, 1])[0]
    line = list(BASE[module])
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        if random.random() < 0.15:
            line.insert(random.randint(0, len(line)), random.choice(ODD))
        else:
            name = random.choice(list(COMMANDS[module]))
            values = COMMANDS[module][name]
            value = random.choice(values if random.random() < 0.9 else random.choice([NUMBERS, WORDS]))
            no = values is BOOLS and random.random() < 0.3
            line.append(f"--{'no' * no}{name}{value}" if values is BOOLS else f"--{name}={value}")
    if module == "gan_tf.train":
        line.insert(0, "--dry_run")
    words = f"python -m {module} {' '.join(map(_shown, line))}"
    result = bench.server.run(module, *line, cwd=cwd, timeout=SECONDS, memory=MEMORY)
    try:
        require_messages(result, {0, 1, 2})
        left = sorted(os.listdir(cwd))
        if result.status in (1, 2) or "--dry_run" in line:
            require(left == ["data", "fifo", "loop", "out"], f"it left {left}", result)
            require((cwd / "out" / "config.json").exists(), "out is gone", result)
    except Failure as failure:
        raise Failure(f"{words}: {failure}") from None
    return 1


def _surroundings(bench, cwd):
    shutil.copytree(bench.reference() / "out", cwd / "out")
    (cwd / "data").symlink_to(bench.path / "data")
    os.mkfifo(cwd / "fifo")
    (cwd / "loop").symlink_to("loop")


def _shown(flag):
    text = ascii(flag) if not flag.isascii() or not flag.isprintable() else flag
    return text if len(text) < 80 else f"{text[:20]}…({len(text)} characters)"


def _strange_place(bench, random, cwd):
    """A sound command line in a process of its own, where something around it is strange."""
    which = random.choice(SURROUNDINGS)
    environment = {**os.environ, **ENVIRONMENT, "HOME": str(cwd), "PYTHONPATH": str(ROOT)}
    flags = [f"--data_dir={bench.path / 'data'}", "--iters=120", *TRAIN, "--out_dir=new"]
    output, error, statuses = subprocess.PIPE, subprocess.PIPE, {0, 1}
    before = None
    if which == "keras.json":
        settings = random.choice(
            [{"floatx": "float64"}, {"floatx": "float16"}, {"image_data_format": "channels_first"}, {"epsilon": 1.0}]
        )
        which += f" {settings}"
        (cwd / ".keras").mkdir()
        (cwd / ".keras" / "keras.json").write_text(json.dumps({"backend": "tensorflow"} | settings))
        statuses = {0}
    elif which == "ascii":
        environment |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        flags[-1] = random.choice(["--out_dir=ü", "--out_dir=new"])
    elif which == "odd folder":
        flags[-1] = "--out_dir=" + random.choice(["\udcff", "a" * 300, "a/" * 3000, "a\nb", "a[1]", "a\\b"])
    elif which == "full output":
        output = open("/dev/full", "w")  # noqa: SIM115
    elif which in ("closed output", "closed error"):
        number = 1 if which == "closed output" else 2
        before = lambda: os.close(number)  # noqa: E731
    else:
        flags, output = ["--help"], random.choice([open("/dev/full", "w"), subprocess.PIPE])  # noqa: SIM115
        statuses = {0} if output == subprocess.PIPE else {1}
    try:
        process = subprocess.run(
            [sys.executable, "-m", "gan_tf.train", *flags],
            cwd=cwd, env=environment, stdout=output, stderr=error, preexec_fn=before, timeout=120,
        )  # fmt: skip
        said = (process.stderr or b"").decode(errors="backslashreplace")
        result = Result(process.returncode, (process.stdout or b"").decode(errors="backslashreplace"), said, 0)
        if which != "closed error":  # there is nowhere to say anything
            require_messages(result, statuses)
        elif result.status != 0:
            require(result.status == 1, f"exit status {result.status}")
            bench.train(cwd=cwd, out="new")  # whatever it has written, it can be used
            bench.require_equal(cwd / "new", bench.reference() / "out")
        out = cwd / flags[-1].removeprefix("--out_dir=")
        if result.status == 0 and flags != ["--help"]:
            bench.require_equal(out, bench.reference() / "out")
        if result.status == 1 and flags != ["--help"] and which != "full output":
            require("after" not in said, "it found out only after the training", result)
    except subprocess.TimeoutExpired:
        raise Failure(f"{which}: it hung") from None
    except Failure as failure:
        raise Failure(f"{which}, python -m gan_tf.train {' '.join(map(_shown, flags))}: {failure}") from None
    finally:
        if output != subprocess.PIPE:
            output.close()
    return 1
