"""Measures what a sweep gains on this machine, and what Ray costs.

python -m experiments.speed.sweeps [--rounds=2] [--iters=20000] [--data_dir=…] [--out_dir=out/experiments/speed]

Four runs of `python -m gan_tf.train`, with four seeds, are made in four ways: one after another on all cores; by
`gan_tf.sweep` one at a time on all cores; by `gan_tf.sweep` with one core for each; and by two such sweeps at the same
time, so that twice as many train as there are cores. Each round does all four ways in turn; the median counts. Nothing
is measured with gan_tf.evaluate. The names of the ways are those for a machine with two cores.

Then tasks that only sleep take the place of the runs. Ten tasks that do not even sleep, one after another, tell what
Ray costs for each run. With --sleepers=1000, as many tasks that sleep 10 seconds run on 64 cores, of which Ray only
believes that they are there: first as one machine, then as eight with 8 cores each. What this takes longer than the
sleep is what the scheduling itself costs in a large sweep. Writes sweeps.json.
"""

import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from absl import flags

from experiments import record
from gan_tf import limits
from gan_tf.runs import command_line

FLAGS = flags.FLAGS

SEEDS = (0, 1, 2, 3)
SLEEP = 10.0  # seconds
CORES = 64  # of all simulated machines


def options():
    """Returns the flags of each run."""
    where = [f"--data_dir={FLAGS.data_dir}"] if FLAGS.data_dir else ["--dataset=glyphs"]
    return [f"--iters={FLAGS.iters}", *where]


def start(*words):
    """Starts `python -m WORDS`, silently."""
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([sys.executable, "-m", *words], **silent)


def wait(*processes):
    """Waits for the processes. Raises RuntimeError if one fails."""
    if any([process.wait() for process in processes]):
        raise RuntimeError("a run or a sweep failed")


def one_after_another(folder):
    """Runs the command once for each seed."""
    for seed in SEEDS:
        wait(start("gan_tf.train", *options(), f"--seed={seed}", f"--out_dir={folder}/{seed}"))


def sweep(folder, seeds, cores):
    """Starts a sweep of these seeds, with `cores` for each run."""
    chosen = [f"--seeds={','.join(map(str, seeds))}", f"--cpus_per_run={cores}"]
    return start("gan_tf.sweep", *options(), *chosen, "--noevaluate", f"--out_dir={folder}")


WAYS = {
    "one after another, without Ray": one_after_another,
    "a sweep, one at a time on all cores": lambda folder: wait(sweep(folder, SEEDS, limits.cores())),
    "a sweep, one on each core": lambda folder: wait(sweep(folder, SEEDS, 1)),
    "two sweeps at once, two runs on each core": lambda folder: wait(
        sweep(f"{folder}/a", SEEDS[:2], 1), sweep(f"{folder}/b", SEEDS[2:], 1)
    ),
}


def seconds_of(way):
    """Returns how many seconds `way`, a function of a folder, takes."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        way(folder)
        return time.perf_counter() - begin


def memory_of_ray():
    """Returns the MB that the processes of Ray in this session use: shared pages count by each process's share."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            if b"gcs_server" in command or b"raylet" in command or b"/ray/_private/" in command:
                total += int(re.search(r"Pss:\s+(\d+) kB", (folder / "smaps_rollup").read_text())[1])
        except (OSError, TypeError):  # it has just ended
            continue
    return total / 1000


def overhead():
    """Returns Ray's own costs: seconds to start and to stop, seconds for a task in a new process, and MB."""
    import ray

    from gan_tf.sweeps import engine

    begin = time.perf_counter()
    with engine.cluster(None, 1, 0):
        started = time.perf_counter() - begin
        nothing = ray.remote(max_calls=1, num_cpus=1)(lambda before: None)
        before, begin = ray.get(nothing.remote(None)), time.perf_counter()
        for _ in range(10):
            before = nothing.remote(before)
        ray.get(before)
        task = (time.perf_counter() - begin) / 10
        memory, begin = memory_of_ray(), time.perf_counter()
    found = {"start": started, "task": task, "stop": time.perf_counter() - begin, "mb": memory}
    return {name: round(value, 2) for name, value in found.items()}


def sleepers(nodes):
    """Returns how many seconds --sleepers tasks take on 64 cores in `nodes` machines, all simulated here."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": CORES // nodes, "include_dashboard": False})
    for _ in range(nodes - 1):
        cluster.add_node(num_cpus=CORES // nodes)
    ray.init(address=cluster.address, log_to_driver=False, configure_logging=False)
    try:
        task = ray.remote(num_cpus=1)(lambda: time.sleep(SLEEP))
        begin = time.perf_counter()
        ray.get([task.remote() for _ in range(FLAGS.sleepers)])
        return time.perf_counter() - begin
    finally:
        ray.shutdown()
        cluster.shutdown()


def table(result):
    """Returns the table of a result as Markdown."""
    lines = ["| 4 runs | minutes | runs an hour | against the first |", "|---|---|---|---|"]
    first = statistics.median(next(iter(result["seconds"].values())))
    for way, each in result["seconds"].items():
        seconds = statistics.median(each)
        lines.append(f"| {way} | {seconds / 60:.1f} | {3600 * len(SEEDS) / seconds:.0f} | {first / seconds:.2f} |")
    ray = result["ray"]
    costs = (
        f"Ray itself: {ray['start']:.1f} s to start, {ray['task']:.1f} s for a task in a new process (a run takes two "
        f"for each stage), {ray['stop']:.1f} s to stop, {ray['mb']:.0f} MB"
    )
    source = f"{result['iters']:,} iterations each, {result['rounds']} rounds; {result['data']}; {result['machine']}"
    return "\n".join([*lines, "", f"{costs} ({source}; {result['date']}, commit {result['commit']})."])


def main():
    """Measures, writes sweeps.json and prints the table."""
    record.check(FLAGS.out_dir)
    seconds = {way: [] for way in WAYS}
    for _ in range(FLAGS.rounds):
        for way, make in WAYS.items():
            seconds[way].append(round(seconds_of(make), 1))
            print(f"{way}: {seconds[way][-1]} s", file=sys.stderr, flush=True)
    result = record.facts("tensorflow", "keras", "ray") | {
        "data": "MNIST" if FLAGS.data_dir else "glyphs",
        "iters": FLAGS.iters,
        "rounds": FLAGS.rounds,
        "seconds": seconds,
        "ray": overhead(),
    }
    if FLAGS.sleepers:
        result["sleepers"] = {
            "tasks": FLAGS.sleepers,
            "seconds_each": SLEEP,
            "cores": CORES,
            "seconds_by_nodes": {str(nodes): round(sleepers(nodes), 1) for nodes in (1, 8)},
        }
    record.write_json(Path(FLAGS.out_dir) / "sweeps.json", result)
    print(table(result))


if __name__ == "__main__":
    flags.DEFINE_integer("rounds", 2, "How often each way is measured; the median counts.", lower_bound=1)
    flags.DEFINE_integer("iters", 20_000, "Iterations of each run.", lower_bound=1)
    flags.DEFINE_integer("sleepers", 0, "How many tasks that only sleep are scheduled.", lower_bound=0)
    flags.DEFINE_string("data_dir", None, "Folder with MNIST, as in gan_tf.train; unset: glyphs.")
    flags.DEFINE_string("out_dir", "out/experiments/speed", "Folder for sweeps.json.")
    command_line.run(main, {"Flags": ["rounds", "iters", "sleepers", "data_dir", "out_dir"]}, (OSError,))
