"""No claim: how many of the 1,000 classes of stacked MNIST GANs draw, next to published values.

python -m experiments.mnist.stacked [--data_dir=…] [--only=r3gan,dcgan] [--out_dir=out/experiments/stacked]

Each run is trained with `python -m gan_tf.zoo.NAME --dataset=stacked_mnist` and measured with `python -m
gan_tf.evaluate`. For each run this writes a JSON file and a picture to --out_dir. Then it prints the table. If this is
stopped, the same command resumes it: finished runs are kept. You can run several commands with different --only at the
same time.
"""

import shutil
from pathlib import Path

from absl import flags

from experiments.mnist import measured, zoo
from experiments.record import RESULTS, check, load_seeds, write_json
from gan_tf.metrics.table import rounded
from gan_tf.runs import command_line

FLAGS = flags.FLAGS

SHORT = ["--iters=4000"]
# Run → (member of the zoo, its flags besides --dataset, seeds).
RUNS = {
    "r3gan": ("r3gan", ["--iters=30000", "--halve_every=7500"], [0, 1, 2]),  # 80 minutes next to other runs
    "r3gan_short": ("r3gan", SHORT, [0]),
    "r3gan_no_pairing": ("r3gan", [*SHORT, "--nopairing"], [0]),
    "r3gan_no_r1": ("r3gan", [*SHORT, "--nor1"], [0]),
    "r3gan_no_r2": ("r3gan", [*SHORT, "--nor2"], [0]),
    "r3gan_no_penalties": ("r3gan", [*SHORT, "--nor1", "--nor2"], [0]),
    "r3gan_dcgan": ("r3gan", [*SHORT, "--networks=dcgan"], [0]),
    "dcgan": ("dcgan", SHORT, [0]),
    "dcgan_narrow": ("dcgan", [*SHORT, "--width=8"], [0]),
    "dcgan_no_batch_norm": ("dcgan", [*SHORT, "--nobatch_norm"], [0]),
    "dcgan_batch_16": ("dcgan", [*SHORT, "--batch_size=16"], [0]),
    "dcgan_r1": ("dcgan", [*SHORT, "--r1=1"], [0]),
    "sngan": ("sngan", SHORT, [0]),
    "dense": ("regularised", [*SHORT, "--r1=0"], [0]),
}
SCORES = ("modes", "modes_divergence")
# Published values: (what, modes, KL, where it stands). All count 26,000 pictures.
PUBLISHED = [
    ("DCGAN", "99.0", "3.40", "VEEGAN's paper"),
    ("ALI", "16.0", "5.40", "VEEGAN's paper"),
    ("Unrolled GAN", "48.7", "4.32", "VEEGAN's paper"),
    ("VEEGAN", "150.0", "2.95", "VEEGAN's paper (Srivastava et al. 2017)"),
    ("DCGAN", "78.9", "4.50", "PacGAN's paper, mean of 10 runs"),
    ("PacDCGAN2", "1000", "0.06", "PacGAN's paper (Lin et al. 2018), mean of 10 runs"),
]


def table(results):
    """Returns the table as Markdown. `results` is {run: [result of each seed]}."""
    lines = ["| GAN | modes (of 1,000) | KL of modes from uniform | minutes | from |", "|---|---|---|---|---|"]
    lines += [f"| {name} | {modes} | {divergence} | | {where} |" for name, modes, divergence, where in PUBLISHED]
    for found in results.values():
        command = found[0]["command"].removeprefix("python -m gan_tf.zoo.").replace(" --dataset=stacked_mnist", "")
        columns = ([each["metrics"]["samples"][name]["value"] for each in found] for name in SCORES)
        cells = [measured.plus_minus(values) for values in columns]
        minutes = measured.plus_minus([each["minutes"] for each in found])
        seeds = f"{len(found)} seeds" if len(found) > 1 else "1 seed"
        lines.append(f"| `{command}` | {' | '.join(cells)} | {minutes} | ours, {seeds} |")
    real = next(iter(results.values()))[0]["metrics"]["real"]
    cells = [rounded(real[name]["value"], None) for name in SCORES]
    lines.append(f"| *held-out real digits* | {' | '.join(cells)} | | ours |")
    lines.append("| *equal shares, by chance* | 1000 | 0.019 | | 999 / (2 · 26,000) |")
    made = [result for found in results.values() for result in found]
    return "\n".join([*lines, "", zoo.source("`python -m experiments.mnist.stacked`", made)])


def load_results(folder=RESULTS / "stacked"):
    """Reads the results in `folder`, by default the committed ones: {run: [result of each seed]}."""
    return load_seeds(folder, RUNS)


def main():
    """Trains and measures the runs, then prints the table."""
    out_dir = Path(FLAGS.out_dir)
    check(out_dir)
    for run in FLAGS.only:
        member, options, seeds = RUNS[run]
        for seed in seeds:
            folder = Path(FLAGS.work_dir) / f"{run}-{seed}"
            result = zoo.train(member, ["--dataset=stacked_mnist", *options], seed, folder)
            write_json(out_dir / f"{run}-{seed}.json", result)
            if seed == 0:
                shutil.copy(zoo.picture(folder / "run"), out_dir / f"{run}.png")
    print(table(load_results(out_dir)))


if __name__ == "__main__":
    command_line.run(main, measured.define_flags("stacked", RUNS), OSError)
