"""No claim: what GANs make of heads, 64x64 pixels in colour, next to their controls.

python -m experiments.heads [--only=dcgan,dense] [--out_dir=out/experiments/heads]

Each run is trained with `python -m gan_tf.zoo.NAME --dataset=heads` and measured with `python -m gan_tf.evaluate`. For
each run this writes a JSON file and a picture to --out_dir. Then it prints the table. If this is stopped, the same
command resumes it: finished runs are kept. You can run several commands with different --only at the same time.
"""

import shutil
from pathlib import Path

from absl import flags

from experiments.mnist import measured, zoo
from experiments.record import RESULTS, check, load_runs, write_json
from gan_tf.metrics.table import TITLES_OF, rounded
from gan_tf.runs import command_line

FLAGS = flags.FLAGS

SMALL = ["--dataset=heads", "--width=16", "--batch_size=16", "--ema=0.999"]
FAST = [*SMALL, "--learning_rate=0.002", "--iters=40000"]
R1 = ["--r1=1", "--r1_every=8"]
# Run → (member of the zoo, its flags). All have seed 0.
RUNS = {
    "dcgan": ("dcgan", [*FAST, *R1]),
    "dcgan_no_batch_norm": ("dcgan", [*FAST, *R1, "--nobatch_norm"]),
    "dense": ("regularised", ["--dataset=heads", "--batch_size=16", "--iters=40000"]),
    # With --learning_rate=0.002 both losses jumped after 12,000 iterations, and stayed far from those before.
    "conditional": ("conditional", [*SMALL, *R1, "--learning_rate=0.001", "--iters=12000"]),
}
SCORES = ("clear", "frechet_distance", "precision", "recall")
SHARES = "rarest and most frequent hair colour, as a multiple of an equal share"


def table(results):
    """Returns the table as Markdown. `results` is {run: its result}."""
    titles = TITLES_OF["heads"]
    lines = [f"| command | {' | '.join(titles[name] for name in SCORES)} | {SHARES} | minutes |"]
    lines.append("|---" * (len(SCORES) + 3) + "|")
    for result in results.values():
        cells = [rounded(*result["metrics"]["samples"][name].values()) for name in SCORES]
        histogram = result["class_histogram"]
        low, high = (each(histogram) * len(histogram) for each in (min, max))
        lines.append(
            f"| `{result['command'].removeprefix('python -m gan_tf.zoo.')}` | {' | '.join(cells)} | "
            f"{low:.2f} and {high:.2f} | {result['minutes']:.0f} |"
        )
    real = next(iter(results.values()))["metrics"]["real"]
    lines.append(f"| *held-out real heads* | {' | '.join(rounded(*real[name].values()) for name in SCORES)} | | |")
    return "\n".join([*lines, "", zoo.source("`python -m experiments.heads`", list(results.values()))])


def load_results(folder=RESULTS / "heads"):
    """Reads the results in `folder`, by default the committed ones: {run: its result}."""
    return load_runs(folder, RUNS)


def main():
    """Trains and measures the runs, then prints the table."""
    out_dir = Path(FLAGS.out_dir)
    check(out_dir)
    for run in FLAGS.only:
        member, options = RUNS[run]
        folder = Path(FLAGS.work_dir) / run
        write_json(out_dir / f"{run}.json", zoo.train(member, options, 0, folder))
        shutil.copy(zoo.picture(folder / "run"), out_dir / f"{run}.png")
    print(table(load_results(out_dir)))


if __name__ == "__main__":
    command_line.run(main, measured.define_flags("heads", RUNS), OSError)
