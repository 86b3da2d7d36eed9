"""Trains many GANs at once: python -m gan_tf.sweep --seeds=0-4 --d_lr=0.001,0.1,1.0 --iters=50000

Each flag of gan_tf.train can have a list of values, with commas between them. The runs are the
product of all lists. --gan=reference,dcgan names other GANs; each takes the flags that it has. If
the sweep is stopped or killed, the same command resumes it.
"""

import re
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

from absl import flags, logging

from gan_tf import limits
from gan_tf.data import DataError
from gan_tf.runs import command_line
from gan_tf.sweeps import engine, grid, results, worker

FLAGS = flags.FLAGS

flags.DEFINE_string("gan", "reference", "The GANs: reference, or files of gan_tf/zoo.")
flags.DEFINE_string("seeds", "0", "The seeds, such as 0-4 or 0,2,5-7. Each setting is trained with each of them.")
flags.DEFINE_integer("stages", 4, "How often each run is measured, at equal distances.", 1, 100)
flags.DEFINE_bool("evaluate", True, "Measure the runs. --noevaluate only trains them.")
flags.DEFINE_string("out_dir", "out/sweep", "Folder for the runs and tables; on a cluster, one that all machines see.")
flags.DEFINE_bool("dry_run", False, "Print the runs, and how long they would take. Write nothing.")
flags.DEFINE_bool("table_only", False, "Only make the tables and figures of --out_dir again. No other flag matters.")
flags.DEFINE_integer("cpus_per_run", 1, "Cores for each run. Few are best: two runs on a core each beat one on two.", 1)
flags.DEFINE_float("gpus_per_run", 0.0, "GPUs for each run; 0.25: four runs share one.", 0.0)
flags.DEFINE_float(
    "memory_per_run",
    engine.MEMORY,
    "GB of memory for each run: no more runs train at once than fit. Enough for MNIST; larger pictures need more.",
    0.1,
)
flags.DEFINE_string("address", None, "A Ray cluster, such as auto or ray://HOST:10001. Unset: this machine alone.")

MEASURE = 0.4  # minutes for one measurement on one core (20 s), and for a new process that continues the training

GROUPS = {
    "Runs": ["gan", "seeds", "stages", "evaluate"],
    "Output": ["out_dir", "dry_run", "table_only"],
    "Machine": ["cpus_per_run", "gpus_per_run", "memory_per_run", "address"],
}


def take_lists():
    """Removes the flags of the runs from the command line, and returns them."""
    rest = [argument for argument in sys.argv[1:] if not _is_own(argument)]
    sys.argv[1:] = [argument for argument in sys.argv[1:] if _is_own(argument)]
    return rest


def _is_own(argument):
    name = re.fullmatch(r"--?(\w+)(=.*)?", argument, re.DOTALL)
    if command_line.HELP.fullmatch(argument):
        return True
    return bool(name) and (name[1] in FLAGS or name[1].removeprefix("no") in FLAGS)


def main(arguments):
    """Runs the sweep that the flags and `arguments`, those of the runs, describe. Returns the exit status."""
    if "," in FLAGS.out_dir:
        raise grid.SweepError(f"--out_dir={FLAGS.out_dir}: a sweep has one folder; name it without a comma.")
    out_dir = Path(FLAGS.out_dir)
    if FLAGS.table_only:
        return table(grid.load(out_dir), out_dir)
    lists, seeds = grid.parse_lists(arguments), grid.parse_seeds(FLAGS.seeds)
    gans = FLAGS.gan.split(",")
    for gan in gans:
        grid.module_of(gan)
    if len(set(gans)) < len(gans):
        raise grid.SweepError(f"--gan={FLAGS.gan} names a GAN twice.")
    if not (FLAGS.dry_run or engine.available()):
        raise grid.SweepError(engine.MISSING)
    runs = grid.expand(gans, lists, seeds, FLAGS.stages if FLAGS.evaluate else 1)
    if FLAGS.dry_run:
        return dry_run(runs)
    if problem := limits.unwritable(out_dir):
        raise grid.SweepError(f"--out_dir={out_dir}: {problem}; name another.")
    out_dir.mkdir(parents=True, exist_ok=True)
    grid.save(runs, out_dir)
    outcomes = train(runs, out_dir)
    if FLAGS.evaluate:
        table(runs, out_dir)
    failed = {name: problem for name, problem in outcomes.items() if problem not in (None, worker.STOPPED)}
    for name, problem in failed.items():
        logging.error("%s failed: %s", name, problem)
    stopped = sum(problem == worker.STOPPED for problem in outcomes.values())
    if stopped:
        logging.info("%d of %s stopped; the same command resumes what is left", stopped, runs_in_words(runs))
    return 130 if stopped else int(bool(failed))


def train(runs, out_dir):
    """Trains and measures the runs. Returns what became of each, as `engine.run` does."""
    features, left = None, [run for run in runs if not worker.finished(out_dir / run.name, run.stages)]
    logging.info("%s in %s, %d already finished", runs_in_words(runs), out_dir, len(runs) - len(left))
    if not left:
        return {}
    if FLAGS.evaluate:
        features = str(out_dir.resolve())
    with engine.cluster(FLAGS.address, FLAGS.cpus_per_run, FLAGS.gpus_per_run):
        if FLAGS.address:
            engine.require_shared(out_dir)
        return engine.run(left, out_dir, features, FLAGS.cpus_per_run, FLAGS.gpus_per_run, FLAGS.memory_per_run)


def table(runs, out_dir):
    """Writes the tables and figures of the runs that are there. Returns the exit status."""
    written = results.write(runs, out_dir)
    if not written:
        logging.info("no run in %s has been measured yet, so there is no table", out_dir)
        return 1
    print((out_dir / "sweep.md").read_text(), end="")
    logging.info("the table is in %s", out_dir / "sweep.md")
    return 0


def dry_run(runs):
    """Prints the runs, and how long they would take on this machine. Returns the exit status."""
    minutes = {}
    for run in runs:
        print(run.command)
        if run.gan not in minutes:
            nowhere = f"--out_dir={Path(tempfile.gettempdir(), f'gan_tf-{uuid.uuid4()}')}"  # where no run is yet
            command = [sys.executable, "-m", run.module, *run.options, nowhere, "--dry_run"]
            command.append(f"--threads={FLAGS.cpus_per_run}")
            done = subprocess.run(command, capture_output=True, text=True)
            found = re.search(r"would take about ([\d.]+) minutes", done.stdout)
            if not found:
                raise grid.SweepError(f"{run.name}: {done.stderr.strip().splitlines()[-1].removeprefix('error: ')}")
            minutes[run.gan] = float(found[1]) / run.stages[-1]
    total = sum(minutes[run.gan] * run.stages[-1] for run in runs)
    at_once = max(1, min(len(runs), limits.cores() // FLAGS.cpus_per_run))
    measured = MEASURE * sum(len(run.stages) for run in runs) if FLAGS.evaluate else 0
    words = f"about {max(1, (total + measured) / at_once):.0f} min on this machine"
    words += f", of which {max(1, measured / at_once):.0f} min to measure them" if measured else ""
    print(f"{runs_in_words(runs)}, {at_once} at once: {words}.")
    return 0


def runs_in_words(runs):
    """Returns "1 run", "2 runs", …"""
    return "1 run" if len(runs) == 1 else f"{len(runs)} runs"


if __name__ == "__main__":
    rest = take_lists()
    command_line.run(lambda: main(rest), GROUPS, (grid.SweepError, DataError, OSError))
