"""Measures the seconds from the command to the first iteration, and the peak of memory, on this machine.

python -m experiments.speed.start [--rounds=3] [--iters=20001] [--data_dir=…] [--out_dir=out/experiments/speed]

Each round runs `import tensorflow`, then `python -m gan_tf.train`, each in a process of its own. The seconds of the
command end when its log says "ready". Earlier lines of the log divide them into stages. Memory is the highest value so
far (VmHWM in /proc/PID/status, on Linux). It is read when the command prints the losses of iteration 3000, and when it
prints its last losses. The stages are those of the round with the median time. The other numbers are medians of all
rounds. Writes start.json.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from absl import flags

from experiments import record
from gan_tf.runs import command_line

FLAGS = flags.FLAGS

# How a line of the command's log begins: what the time before this line was spent on.
STAGES = {
    "importing": "Python, flags, data",
    "device:": "importing TensorFlow",
    "compiling": "networks, images to the device",
    "ready": "compiling with XLA",
}


def peak_memory(pid):
    """Returns the most memory, in MB, that the process `pid` has used at one time so far."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) / 1000


def import_tensorflow():
    """Returns (seconds, MB) of a Python process that only imports TensorFlow."""
    start = time.perf_counter()
    code = "import tensorflow; print(open('/proc/self/status').read())"
    status = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return time.perf_counter() - start, int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1000


def command():
    """Runs the command. Returns ({stage: seconds}, MB at iteration 3000, MB when it prints its last losses)."""
    data = [f"--data_dir={FLAGS.data_dir}"] if FLAGS.data_dir else ["--dataset=glyphs"]
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "gan_tf.train", f"--iters={FLAGS.iters}", f"--out_dir={folder}/out", *data],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        seconds, waiting = {}, dict(STAGES)
        for line in process.stderr:
            for words in [each for each in waiting if f"INFO {each}" in line]:
                now = time.perf_counter()
                seconds[waiting.pop(words)], start = now - start, now
            if not waiting:
                break
        memory = [peak_memory(process.pid) for line in process.stdout if re.fullmatch(r"Iter: \d+000\n", line)]
        process.stderr.read()
        if process.wait() or waiting:
            raise RuntimeError("python -m gan_tf.train failed")
    return seconds, memory[2], memory[-1]


def table(result):
    """Returns the table of a result as Markdown."""
    lines = ["| | seconds |", "|---|---|"]
    lines += [f"| {stage} | {seconds:.1f} |" for stage, seconds in result["seconds"].items()]
    lines.append(f"| **until the first iteration** | **{result['seconds_in_all']:.1f}** |")
    memory = (
        f"Memory at its peak: {result['mb_at_3000']:.0f} MB by iteration 3,000, {result['mb_at_end']:.0f} MB by "
        f"{result['iters'] - 1:,}; `import tensorflow` alone takes {result['mb_of_import']:.0f} MB"
    )
    lines += ["", f"{memory} ({result['machine']}; {result['data']}; {result['date']}, commit {result['commit']})."]
    return "\n".join(lines)


def main():
    """Measures both in turn, writes start.json and prints the table."""
    if not os.path.exists("/proc/self/status"):
        sys.exit("error: this reads memory from /proc, which only Linux has.")
    record.check(FLAGS.out_dir)
    imports, commands = [], []
    for _ in range(FLAGS.rounds):
        imports.append(import_tensorflow())
        commands.append(command())

    def median(values):
        return round(statistics.median(values), 2)

    by_seconds = sorted((seconds for seconds, *_ in commands), key=lambda seconds: sum(seconds.values()))
    middle = by_seconds[len(by_seconds) // 2]
    result = record.facts("tensorflow", "keras", "jax", "numpy") | {
        "data": "MNIST" if FLAGS.data_dir else "glyphs",
        "rounds": FLAGS.rounds,
        "iters": FLAGS.iters,
        "seconds": {stage: round(value, 2) for stage, value in middle.items()},
        "seconds_in_all": round(sum(middle.values()), 2),
        "seconds_of_import": median(seconds for seconds, _ in imports),
        "mb_of_import": median(mb for _, mb in imports),
        "mb_at_3000": median(mb for _, mb, _ in commands),
        "mb_at_end": median(mb for *_, mb in commands),
    }
    record.write_json(Path(FLAGS.out_dir) / "start.json", result)
    print(table(result))


if __name__ == "__main__":
    flags.DEFINE_integer("rounds", 3, "How often each is measured; the median counts.", lower_bound=1)
    flags.DEFINE_integer("iters", 20_001, "Iterations of the command.", lower_bound=4001)
    flags.DEFINE_string("data_dir", None, "Folder with MNIST, as in gan_tf.train; unset: glyphs.")
    flags.DEFINE_string("out_dir", "out/experiments/speed", "Folder for start.json.")
    command_line.run(main, {"Flags": ["rounds", "iters", "data_dir", "out_dir"]}, (OSError,))
