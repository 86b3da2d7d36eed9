"""Runs before a lecture what takes too long during it: python -m experiments.prepare_lecture 2

experiments/README.md has the plan of the three lectures. This says first how many minutes it will take. If you stop it,
the same command resumes it. What is there is not made again.
"""

import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from absl import flags

from gan_tf.runs import command_line

FLAGS = flags.FLAGS
MINUTES = 45  # of each lecture


@dataclass
class Run:
    """A run of `python -m` with `words` that a lecture needs. It takes `minutes` on two cores and ends with `makes`."""

    words: str
    minutes: int
    makes: str
    mnist: bool = False  # takes --data_dir


@dataclass
class Show:
    """A part of a lecture: `minutes` with all that is said, `wait` of them in front of a run. `how` is Markdown."""

    what: str
    how: str
    minutes: int
    wait: int = 0
    runs: tuple = ()  # what to run before the lecture


GLYPHS = Run(
    "gan_tf.train --iters=20000 --dataset=glyphs --d_lr=1.0 --out_dir=out/lecture/glyphs",
    2,
    "out/lecture/glyphs/report.html",
)
RING = Run("experiments.theory.mode_collapse", 5, "out/experiments/theory/mode_collapse.json")
DIGITS = (
    Run(
        "gan_tf.train --iters=50000 --d_lr=1.0 --out_dir=out/lecture/digits",
        4,
        "out/lecture/digits/report.html",
        mnist=True,
    ),
    Run("gan_tf.evaluate --run_dir=out/lecture/digits", 2, "out/lecture/digits/metrics.json", mnist=True),
)
LECTURES = {
    "1": (
        "What is a GAN?",
        [
            Show("both networks, live", "open [the report of a run](results/report.html)", 8),
            Show(
                "the whole code",
                "start `python -m gan_tf.minimal`; while it runs, read [gan_tf/minimal.py](../gan_tf/minimal.py)",
                17,
            ),
            Show("D's best answer", "`python -m experiments.theory.optimal_discriminator`", 10, 1),
            Show("why two losses for G", "`python -m experiments.theory.vanishing_gradient`", 10, 1),
        ],
    ),
    "2": (
        "Why do GANs fail?",
        [
            Show(
                "the published script collapses",
                "`python -m gan_tf.train --iters=5000 --dataset=glyphs --out_dir=out/script`",
                8,
                1,
            ),
            Show("one number changed", "prepared: open `out/lecture/glyphs/report.html`", 7, runs=(GLYPHS,)),
            Show("a million iterations", "the figures in [The blog's run, reproduced](#the-blogs-run-reproduced)", 8),
            Show(
                "a ring of eight [modes](../GLOSSARY.md#mode)",
                "prepared: open `out/experiments/theory/mode_collapse.png`",
                8,
                runs=(RING,),
            ),
            Show("steps that circle", "`python -m experiments.theory.nash`", 7, 1),
            Show("what stops the circle", "`python -m experiments.theory.one_point`", 7, 1),
        ],
    ),
    "3": (
        "How good is it?",
        [
            Show(
                "scores next to real images",
                "prepared: open `metrics.json` and `neighbours.png` in `out/lecture/digits`",
                12,
                runs=DIGITS,
            ),
            Show(
                "a score that can be fooled",
                "`python -m experiments.theory.inception_score_blind_spot --dataset=glyphs`",
                10,
                2,
            ),
            Show("a score that needs many images", "the figure in [FID with few images](#fid-with-few-images)", 7),
            Show("other losses", "the table and the picture in [Other objectives](#other-objectives)", 8),
            Show("GANs and diffusion models", "the table in [Next to diffusion models](#next-to-diffusion-models)", 8),
        ],
    ),
}


def table():
    """Returns the plan of all lectures as Markdown."""
    lines = ["| lecture | show | how | minutes | of them waiting |", "|---|---|---|---|---|"]
    for number, (title, shows) in LECTURES.items():
        head = f"{number}. {title}"
        for show in shows:
            lines.append(f"| {head} | {show.what} | {show.how} | {show.minutes} | {show.wait} |")
            head = ""
    return "\n".join(lines)


def runs_of(lecture):
    """Returns what to run before a lecture, in this order."""
    return [run for show in LECTURES[lecture][1] for run in show.runs]


def wait(process):
    """Returns the exit status of `process`. Ctrl-C reaches it, too: it may take its time to save before it ends.

    (`subprocess.run` would kill it after a quarter of a second.) Then this raises KeyboardInterrupt.
    """
    interrupted = False
    while True:
        try:
            status = process.wait()
            break
        except KeyboardInterrupt:
            interrupted = True
    if interrupted:
        raise KeyboardInterrupt
    return status


def prepare(lecture, data_dir):
    """Runs what is not there yet. Returns the exit status."""
    runs = runs_of(lecture)
    if not runs:
        print(f"Lecture {lecture} needs no preparation.")
        return 0
    left = [run for run in runs if not Path(run.makes).exists()]
    minutes = sum(run.minutes for run in left)
    print(
        f"Lecture {lecture}: {len(left)} of {len(runs)} runs are left, about {minutes} minutes on two cores.",
        flush=True,
    )
    for run in left:
        command = [sys.executable, "-m", *shlex.split(run.words)]
        command += [f"--data_dir={data_dir}"] if run.mnist and data_dir else []
        print(f"\n{run.minutes} minutes: python {shlex.join(command[1:])}", flush=True)
        status = wait(subprocess.Popen(command))
        if not Path(run.makes).exists():
            print(
                f"error: this ended with status {status} and without {run.makes}. Its messages are above. "
                "Fix this, then run the same command to resume.",
                file=sys.stderr,
            )
            return 1
    print(f"\nLecture {lecture} is prepared:", *(run.makes for run in runs), sep="\n  ")
    return 0


def main():
    """Prepares the lecture that the first word names. Returns the exit status."""
    if LECTURE not in LECTURES:
        print(f"error: name a lecture: {', '.join(LECTURES)}. See --help.", file=sys.stderr)
        return 2
    return prepare(LECTURE, FLAGS.data_dir)


if __name__ == "__main__":
    LECTURE = sys.argv.pop(1) if sys.argv[1:] and not sys.argv[1].startswith("-") else None
    flags.DEFINE_string("data_dir", None, "Folder with MNIST, as in gan_tf.train; only lecture 3 needs it.")
    command_line.run(main, {"Flags": ["data_dir"]}, ())
