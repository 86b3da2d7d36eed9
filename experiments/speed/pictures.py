"""Measures a folder of pictures: reading it, starting again, memory, and training at several sizes, on this machine.

python -m experiments.speed.pictures [--count=10000] [--many=100000] [--out_dir=out/experiments/speed]

The folder has `count` JPEGs of 256x256 pixels in colour: heads (gan_tf/data/heads.py), enlarged. Another folder has
`many` names of the same files, and a third 1,000. Each measurement has a process of its own:

- reading: `data.load` of the folder at 64x64 pixels, first into an empty cache, then again
- training: `python -m gan_tf.zoo.dcgan --width=16 --batch_size=32` on `many` pictures, which stay in a mapped file, and
  on 1,000, which stay in memory, in turn; its iterations per second and its peak of memory (VmHWM, on Linux)
- sizes: the same with 1,000 pictures at 28, 32, 64 and 128 pixels

Medians of `rounds`, with the lowest and the highest. Writes pictures.json.
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
from PIL import Image

from experiments import record
from experiments.speed.start import peak_memory
from gan_tf.data import heads
from gan_tf.runs import command_line

FLAGS = flags.FLAGS

SIDE, FEW, SIZES = 256, 1000, (28, 32, 64, 128)
OPTIONS = ["--dataset=folder", "--width=16", "--batch_size=32", "--sample_every=100000", "--checkpoint_every=100000"]
ITERS = {28: 300, 32: 300, 64: 100, 128: 30}  # some seconds of training each
LOAD = "from gan_tf import data; import sys; data.load('folder', sys.argv[1]); print(open('/proc/self/status').read())"


def make_folders(place):
    """Writes the three folders, and returns them by their number of pictures."""
    folders = {count: place / str(count) for count in (FLAGS.count, FLAGS.many, FEW)}
    for folder in folders.values():
        folder.mkdir()
    for first in range(0, FLAGS.count, 500):
        for number, pixels in enumerate(heads.draw(first, min(500, FLAGS.count - first))[0], first):
            picture = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
            picture.save(folders[FLAGS.count] / f"{number}.jpg", quality=90)
    for count in (FLAGS.many, FEW):
        for number in range(count):
            os.link(folders[FLAGS.count] / f"{number % FLAGS.count}.jpg", folders[count] / f"{number}.jpg")
    return folders


def load(folder):
    """Loads a folder in a new process. Returns (seconds from its start, peak of memory in MB)."""
    start = time.perf_counter()
    status = subprocess.run([sys.executable, "-c", LOAD, folder], capture_output=True, text=True, check=True).stdout
    return time.perf_counter() - start, int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1000


def train(folder, size):
    """Trains a DCGAN on a folder in a new process. Returns (iterations per second, peak of memory in MB)."""
    with tempfile.TemporaryDirectory() as out_dir:
        command = [sys.executable, "-m", "gan_tf.zoo.dcgan", *OPTIONS, f"--data_dir={folder}", f"--size={size}"]
        command += [f"--iters={ITERS[size]}", f"--log_every={ITERS[size] - 1}", f"--out_dir={out_dir}/out"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in process.stdout:
            if line.startswith(f"Iter: {ITERS[size] - 1}"):
                memory = peak_memory(process.pid)
        log = process.stderr.read()
        if process.wait():
            sys.exit(log)
    return float(re.search(r"iterations in ([\d.]+) s", log)[1]), memory


def rounds(function, *arguments):
    """Returns [lowest, median, highest] of what `function` returns first, and the highest of the second."""
    found = [function(*arguments) for _ in range(FLAGS.rounds)]
    return spread([first for first, _ in found]), max(second for _, second in found)


def spread(values):
    """Returns [lowest, median, highest], rounded."""
    return [round(of(values), 3) for of in (min, statistics.median, max)]


def main():
    """Measures, prints the tables, and writes pictures.json."""
    record.check(FLAGS.out_dir)
    result = record.facts("tensorflow", "numpy", "pillow") | {"count": FLAGS.count, "many": FLAGS.many}
    with tempfile.TemporaryDirectory() as place:
        os.environ["GAN_TF_CACHE_DIR"] = f"{place}/cache"
        folders = make_folders(Path(place))
        reading = {}
        for count in (FLAGS.count, FLAGS.many):
            first, memory = load(folders[count])
            again, _ = rounds(load, folders[count])
            reading[count] = {"first": round(first, 2), "again": again, "memory": round(memory)}
        result["reading"] = reading
        seconds, memory = {FLAGS.many: [], FEW: []}, {}
        for _ in range(FLAGS.rounds):
            for count, found in seconds.items():
                taken, memory[count] = train(folders[count], 64)
                found.append(ITERS[64] / taken)
        result["training"] = {
            count: {"rate": spread(found), "memory": round(memory[count])} for count, found in seconds.items()
        }
        result["sizes"] = {size: spread([ITERS[size] / s for s in _times(folders[FEW], size)]) for size in SIZES}
    record.write_json(Path(FLAGS.out_dir) / "pictures.json", result)
    print(table(result))


def _times(folder, size):
    return [train(folder, size)[0] for _ in range(FLAGS.rounds)]


def table(result):
    """Returns the tables as Markdown."""
    lines = ["| pictures | first start, s | next start, s | memory, MB |", "|---|---|---|---|"]
    for count, row in result["reading"].items():
        lines.append(f"| {int(count):,} | {row['first']:.1f} | {row['again'][1]:.1f} | {row['memory']:,} |")
    lines += ["", "| training on | iterations a second | memory, MB |", "|---|---|---|"]
    for count, row in result["training"].items():
        lines.append(f"| {int(count):,} pictures | {row['rate'][1]:.1f} | {row['memory']:,} |")
    lines += ["", "| size | iterations a second | minutes for 10,000 |", "|---|---|---|"]
    for size, rate in result["sizes"].items():
        lines.append(f"| {size} | {rate[1]:.1f} | {10_000 / rate[1] / 60:.0f} |")
    made = f"({result['machine']}; {result['date']}, commit {result['commit']})"
    return "\n".join([*lines, "", made])


if __name__ == "__main__":
    flags.DEFINE_integer("count", 10_000, "Pictures in the folder.", FEW + 1)
    flags.DEFINE_integer("many", 100_000, "Names in the large folder.", FEW + 1)
    flags.DEFINE_integer("rounds", 3, "How often each is measured.", 1)
    flags.DEFINE_string("out_dir", "out/experiments/speed", "Folder for pictures.json.")
    command_line.run(main, {"Flags": ["count", "many", "rounds", "out_dir"]}, OSError)
