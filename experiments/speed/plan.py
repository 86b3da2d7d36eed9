"""Plans a sweep of 1,000 runs of 50,000 iterations on 64 cores, and on ten such machines, from what is measured here.

python -m experiments.speed.plan [--data_dir=…] [--out_dir=out/experiments/speed]

First a small sweep: one run for each core of this machine, each measured four times, as gan_tf.sweep does. This says
what a run takes: time, memory and disk. The plan multiplies (`plan`). It supposes that a core there is as fast as one
here, and that all share one disk. Writes plan.json.
"""

import math
import tempfile
import threading
import time
from pathlib import Path

from absl import flags

from experiments import record
from gan_tf import limits
from gan_tf.runs import checkpoints, command_line

FLAGS = flags.FLAGS

RUNS, ITERS, STAGES = 1000, 50_000, 4
CORES = 64  # of one machine
MACHINES = (1, 10)


def small_sweep():
    """Trains and measures one run on each core, and returns what it took, as a dict of numbers."""
    from gan_tf.sweeps import engine, grid

    where = [f"--data_dir={FLAGS.data_dir}"] if FLAGS.data_dir else ["--dataset=glyphs"]
    lists = grid.parse_lists([f"--iters={ITERS}", *where])
    runs = grid.expand(["reference"], lists, range(limits.cores()), STAGES)
    with tempfile.TemporaryDirectory() as folder, engine.cluster(None, 1, 0):
        free, least, ended = available(), [], threading.Event()

        def watch():
            while not ended.wait(0.2):
                least.append(available())

        watcher = threading.Thread(target=watch)
        watcher.start()
        begin = time.perf_counter()
        outcomes = engine.run(runs, folder, folder)
        seconds = time.perf_counter() - begin
        ended.set()
        watcher.join()
        if any(outcomes.values()):
            raise RuntimeError(f"the sweep failed: {outcomes}")
        run = Path(folder) / runs[0].name
        newest = checkpoints.iterations(run / "checkpoints")[0]
        return {
            "at_once": len(runs),
            "seconds": round(seconds, 1),
            "memory_mb": round((free - min(least)) / len(runs) / 1e6),
            "disk_mb": round(size(run.rglob("*")), 1),
            "files": sum(path.is_file() for path in run.rglob("*")),
            "checkpoint_mb": round(size((run / "checkpoints").glob(f"{newest}.*")), 1),
        }


def available():
    """Returns how many bytes of memory are free for new processes."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) * 1000 for line in lines if line.startswith("MemAvailable"))


def size(paths):
    """Returns the MB that files take."""
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def plan(run, machines):
    """Returns what 1,000 runs take on `machines` machines of 64 cores. `run` is what `small_sweep` returned.

    at_once = 64 · machines                                       runs at the same time, one on each core
    hours = rounds · seconds of a run / 3600                      rounds = 1000 / at_once, rounded up
    memory_gb = 64 · memory of a run                              of each machine
    disk_gb = 1000 · disk of a run
    checkpoints = at_once · checkpoints of a run / seconds of a run        a second, of all runs
    mb = checkpoints · MB of a checkpoint                                  a second, of all runs
    """
    at_once = CORES * machines
    every = {*range(10_000, ITERS + 1, 10_000), *(ITERS * stage // STAGES for stage in range(1, STAGES + 1))}
    a_second = at_once * len(every) / run["seconds"]
    return {
        "at_once": at_once,
        "hours": math.ceil(RUNS / at_once) * run["seconds"] / 3600,
        "memory_gb": CORES * run["memory_mb"] / 1000,
        "disk_gb": RUNS * run["disk_mb"] / 1000,
        "checkpoints": a_second,
        "mb": a_second * run["checkpoint_mb"],
    }


def table(result):
    """Returns the plan as Markdown, with what it was made of."""
    head = "| machines of 64 cores | runs at once | hours | memory of each | disk | checkpoints a second |"
    lines = [head, "|---|---|---|---|---|---|"]
    for machines in MACHINES:
        found = plan(result["run"], machines)
        lines.append(
            f"| {machines} | {found['at_once']} | {found['hours']:.1f} | {found['memory_gb']:.0f} GB | "
            f"{found['disk_gb']:.0f} GB | {found['checkpoints']:.1f}, {found['mb']:.0f} MB |"
        )
    run = result["run"]
    return "\n".join(
        [
            *lines,
            "",
            f"A run takes {run['seconds']:.0f} s on one core with its four measurements, {run['memory_mb']:,} MB of "
            f"memory, and {run['disk_mb']:.1f} MB on the disk in {run['files']} files; a checkpoint has "
            f"{run['checkpoint_mb']:.1f} MB ({run['at_once']} runs at once; {result['data']}; {result['machine']}; "
            f"{result['date']}, commit {result['commit']}).",
        ]
    )


def main():
    """Measures, writes plan.json and prints the plan."""
    record.check(FLAGS.out_dir)
    result = record.facts("tensorflow", "keras", "ray") | {
        "data": "MNIST" if FLAGS.data_dir else "glyphs",
        "run": small_sweep(),
    }
    record.write_json(Path(FLAGS.out_dir) / "plan.json", result)
    print(table(result))


if __name__ == "__main__":
    flags.DEFINE_string("data_dir", None, "Folder with MNIST, as in gan_tf.train; unset: glyphs.")
    flags.DEFINE_string("out_dir", "out/experiments/speed", "Folder for plan.json.")
    command_line.run(main, {"Flags": ["data_dir", "out_dir"]}, (OSError,))
