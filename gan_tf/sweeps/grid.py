"""The runs of a sweep: from lists of values to one command line for each run."""

import dataclasses
import itertools
import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

from gan_tf import members
from gan_tf.runs import files, own
from gan_tf.runs.config import FREE, RunError

SEED_RANGE = re.compile(r"(\d+)(?:-(\d+))?")
OWN = ("out_dir", "overwrite", "dry_run", "threads", "device")  # the sweep chooses these for each run
ALIKE = ("data_dir", "log_every", "checkpoint_every", "tensorboard")  # with another value they make the same run
MOST = 100_000  # runs: more than that is a slip of the pen


class SweepError(Exception):
    """The sweep cannot start; the message says why in one line, and what to do."""


@dataclasses.dataclass(frozen=True)
class Run:
    """One run of a sweep.

    name: what varies, such as "d_lr=1.0,seed=3"; the run's folder has this name.
    setting: the same without the seed. Runs with the same setting are one row of the table.
    gan: a key of `gan_tf.members.GANS`, or the name of a user's module.
    options: the flags of its training command without --iters and --out_dir, such as ("--d_lr=1.0", "--seed=3").
    stages: after how many iterations it is measured, in order. The last one is --iters.
    """

    name: str
    setting: str
    gan: str
    options: tuple
    stages: tuple

    @property
    def module(self):
        """The module of the run's command: python -m MODULE."""
        return module_of(self.gan)

    def arguments(self, iters, out_dir):
        """Returns the arguments with which the command trains up to iteration `iters` in `out_dir`/name."""
        return [*self.options, f"--iters={iters}", f"--out_dir={Path(out_dir) / self.name}"]  # the last --iters counts

    @property
    def command(self):
        """The command of the run, as one would type it, without --out_dir."""
        options = [option for option in self.options if not option.startswith("--iters=")]
        return " ".join([f"python -m {self.module}", f"--iters={self.stages[-1]}", *options])


def save(runs, out_dir):
    """Writes `runs` to out_dir/sweep.json, for `load`."""
    with files.replacing(Path(out_dir) / "sweep.json") as path:
        path.write_text(json.dumps([dataclasses.asdict(run) for run in runs], indent=1) + "\n")


def load(out_dir):
    """Returns the runs of the last sweep in `out_dir`. Raises SweepError if there is none."""
    path = Path(out_dir) / "sweep.json"
    try:
        found = json.loads(path.read_text())
        return [Run(**{key: tuple(v) if isinstance(v, list) else v for key, v in each.items()}) for each in found]
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise SweepError(f"{path} cannot be read ({error}); name the folder of a sweep with --out_dir.") from error


def module_of(gan):
    """Returns the module whose command trains `gan`, such as "gan_tf.zoo.dcgan". Raises SweepError for no GAN.

    Besides those of `gan_tf.members.GANS`, a GAN is a module of the user.
    """
    if gan not in members.GANS:
        try:
            own.require(gan)
        except RunError as error:
            raise SweepError(f"{error} GANs of gan_tf: {', '.join(members.GANS)}.") from error
        return gan
    return "gan_tf.train" if gan == "reference" else members.GANS[gan]


def parse_seeds(text):
    """Returns the seeds in a text such as "0-4" or "0,2,5-7", as a list. Raises SweepError."""
    seeds = []
    for part in text.split(","):
        match = SEED_RANGE.fullmatch(part.strip())
        if not match:
            raise SweepError(f"--seeds={text} is no list of seeds; write it as 0-4 or 0,2,5-7.")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise SweepError(f"--seeds={text} runs backwards; write it as {last}-{first}.")
        if last - first >= MOST:
            raise SweepError(f"--seeds={text} are {last - first + 1:,} seeds; at most {MOST:,} runs can be made.")
        seeds += range(first, last + 1)
    if len(set(seeds)) < len(seeds):
        raise SweepError(f"--seeds={text} names a seed twice.")
    return seeds


def parse_lists(arguments):
    """Returns {flag: [text of each value]} from arguments such as "--d_lr=0.1,1.0" or "--nobatch_norm".

    Raises SweepError for anything else.
    """
    lists = {}
    for argument in arguments:
        match = re.fullmatch(r"--?(\w+)(?:=(.*))?", argument, re.DOTALL)
        if not match:
            raise SweepError(f"{argument!r} is not understood: write training flags as --NAME=VALUE or as a list.")
        name, values = match.groups()
        if name in lists:
            raise SweepError(f"--{name} is there twice; write one list: --{name}=A,B.")
        if name in OWN:
            raise SweepError(f"--{name} is not a flag of the runs; the sweep chooses it for each.")
        if name in ("seed", "noseed"):
            raise SweepError("--seed is not a flag of a sweep; write --seeds=0-4.")
        lists[name] = [""] if values is None else [values] if name == "data_dir" else values.split(",")
        if values is not None and "" in lists[name]:
            raise SweepError(f"--{name}={values} has an empty value; write --{name}=A,B.")
        if name in ALIKE and len(lists[name]) > 1:
            raise SweepError(f"--{name} makes no other run, so it cannot be a list; name one value.")
        if name == "data_dir":
            lists[name] = [os.path.abspath(os.path.expanduser(values or ""))]  # a worker may be elsewhere
        for twice in {value for value in lists[name] if lists[name].count(value) > 1}:
            raise SweepError(f"--{name} has the value {twice} twice.")
    return lists


def expand(gans, lists, seeds, stages):
    """Returns the runs: for each GAN the product of all lists that are flags of it, and of the seeds.

    `gans` are keys of `gan_tf.members.GANS`, or names of users' modules. `lists` is what `parse_lists` returns.
    `stages` is how often each run is measured, at equal distances. A GAN ignores a flag that only others of the GANs
    have. Raises SweepError for a flag that no GAN has, for a value that the GAN's command refuses, and for two runs
    that are the same.
    """
    runs, unknown = [], dict.fromkeys(lists)
    for gan in gans:
        (defaults,) = parsed(gan, [[]])
        own = {name: values for name, values in lists.items() if {name, name.removeprefix("no")} & defaults.keys()}
        unknown = [name for name in unknown if name not in own]
        count = len(seeds) * math.prod(len(values) for values in own.values())
        if count + len(runs) > MOST:
            raise SweepError(f"these lists make {count:,} runs; at most {MOST:,} can be made.")
        found = []
        for values in itertools.product(*own.values()):
            options = tuple(
                f"--{name}={value}" if value else f"--{name}" for name, value in zip(own, values, strict=True)
            )
            varied = [f"{name}={value}" for name, value in zip(own, values, strict=True) if len(own[name]) > 1]
            setting = ",".join([*([f"gan={gan}"] if len(gans) > 1 else []), *varied])
            found += [(setting, options, seed) for seed in seeds]
        settings = parsed(gan, [[*options, f"--seed={seed}"] for _, options, seed in found])
        for (setting, options, seed), flags in zip(found, settings, strict=True):
            name = ",".join([*([setting] if setting else []), f"seed={seed}"])
            iters = flags["iters"]
            at = tuple(sorted({max(1, iters * (stage + 1) // stages) for stage in range(stages)}))
            runs.append(Run(name, setting or "all runs", gan, (*options, f"--seed={seed}"), at))
        require_different(found, settings)
    if unknown:
        raise SweepError(
            f"--{unknown[0]} is not a flag of {' or '.join(gans)}; see python -m {module_of(gans[0])} --help."
        )
    return runs


def parsed(gan, command_lines):
    """Returns {flag: value} for each list of arguments, as the command of `gan` parses them. Raises SweepError."""
    command = [sys.executable, "-m", "gan_tf.sweeps.parse", module_of(gan)]
    done = subprocess.run(command, input=json.dumps(command_lines), capture_output=True, text=True)
    if done.returncode:
        raise SweepError(f"--gan={gan}: {done.stderr.strip().splitlines()[-1].removeprefix('error: ')}")
    found = json.loads(done.stdout)
    for each in found:
        if "error" in each:
            raise SweepError(f"{each['error']} See python -m {module_of(gan)} --help.")
    return [each["values"] for each in found]


def require_different(found, settings):
    """Raises SweepError if two settings have the same values of all flags that decide what a run computes."""
    seen = {}
    for (setting, _, _), flags in zip(found, settings, strict=True):
        key = json.dumps({name: value for name, value in flags.items() if name not in FREE or name == "iters"})
        if key in seen:
            raise SweepError(f"{seen[key]} and {setting} are the same run; remove one of them.")
        seen[key] = setting
