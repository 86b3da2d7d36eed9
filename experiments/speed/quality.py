"""FID against minutes: which GAN draws good digits soonest on this machine?

python -m experiments.speed.quality [--out_dir=out/experiments/speed]

This trains nothing. It takes FID after some iterations from committed results: the runs of experiments.mnist.zoo, and
R1's long run of experiments.mnist.long_runs. It divides the iterations by the speed of each GAN on one core and on all
cores, measured by experiments.speed.convolutions on one quiet machine. So all minutes are those of this machine, even
if the runs were trained on others. They do not count the start of the program. Prints the table, draws quality.png.
"""

import json
import statistics
from pathlib import Path

from absl import flags

from experiments import figures
from experiments.mnist import long_runs, zoo
from experiments.record import RESULTS
from gan_tf.runs import command_line

FLAGS = flags.FLAGS

# What is in the legend: (contender of experiments.speed.convolutions, runs of experiments.mnist.zoo).
GANS = {
    "dcgan": ("dcgan", ["dcgan_short", "dcgan"]),
    "dcgan --pooling": ("dcgan_pooling", ["dcgan_pooling"]),
    "conditional": ("conditional", ["conditional"]),
    "sngan": ("sngan", ["sngan_short", "sngan"]),
    "r3gan": ("r3gan", ["r3gan_brief", "r3gan_short", "r3gan"]),
}


def points(results, long_run):
    """Returns {GAN: [(command, iterations, FID)]}, for GANs with results.

    `results` is what `zoo.load_results` returns, `long_run` the result of a run with R1. FID is the mean over seeds.
    """
    found = {name: [_point(results[run]) for run in runs if run in results] for name, (_, runs) in GANS.items()}
    command = long_run["command"].removeprefix("python -m gan_tf.zoo.").removesuffix(" --seed=0")
    found["regularised"] = [
        (f"{command} --iters={stage}", int(stage), each["scores"]["frechet_distance"][0])
        for stage, each in long_run["stages"].items()
    ]
    return {name: each for name, each in found.items() if each}


def _point(runs):
    command = runs[0]["command"].removeprefix("python -m gan_tf.zoo.")
    distance = statistics.mean(run["metrics"]["samples"]["frechet_distance"]["value"] for run in runs)
    return command, runs[0]["iterations"], distance


def speeds(measured):
    """Returns {GAN: (iterations per second on one core, on all cores)}, from the result of convolutions.py.

    GANs that were not timed are left out.
    """
    contenders = {name: contender for name, (contender, _) in GANS.items()} | {"regularised": "regularised"}
    most = max(measured["speeds"]["matmul"], key=int)
    timed = measured["speeds"]
    rates = {name: timed[contender] for name, contender in contenders.items() if contender in timed}
    return {name: tuple(statistics.median(each[cores]) for cores in ("1", most)) for name, each in rates.items()}


def table(found, rates, measured):
    """Returns the table as Markdown, the lowest FID last."""
    most = max(measured["speeds"]["matmul"], key=int)
    lines = [f"| `python -m gan_tf.zoo.` | FID | minutes, 1 core | {most} cores |", "|---|---|---|---|"]
    rows = [(command, its, distance, rates[name]) for name, each in found.items() for command, its, distance in each]
    for command, iterations, distance, both in sorted(rows, key=lambda row: -row[2]):
        minutes = " | ".join(f"{iterations / rate / 60:.1f}" for rate in both)
        lines.append(f"| `{command}` | {distance:.3g} | {minutes} |")
    return "\n".join(
        [*lines, "", f"Minutes on {measured['machine']}; {measured['date']}, commit {measured['commit']}."]
    )


def draw(found, rates, path):
    """Draws FID against minutes, one line for each GAN: solid on one core, dashed on all."""
    from matplotlib import pyplot as plt

    with figures.style():
        figure, axes = plt.subplots()
        for name, each in found.items():
            distances, line = [distance for *_, distance in each], None
            for rate, style in zip(rates[name], ("-", "--"), strict=True):
                minutes = [iterations / rate / 60 for _, iterations, _ in each]
                (line,) = axes.plot(
                    minutes,
                    distances,
                    style,
                    marker="o" if style == "-" else "s",
                    color=line.get_color() if line else None,
                    label=None if line else name,
                )
        axes.set(
            xscale="log",
            yscale="log",
            xlabel="minutes (dashed and squares: on both cores)",
            ylabel="FID (MNIST classifier)",
        )
        for axis in (axes.xaxis, axes.yaxis):  # 20 instead of 2 x 10^1
            axis.set_major_formatter("{x:g}")
            axis.set_minor_formatter("{x:g}")
        figures.legend_below(figure, axes)
        figure.savefig(path)
        plt.close(figure)


def main():
    """Prints the table, and draws quality.png."""
    measured = json.loads((RESULTS / "speed" / "convolutions.json").read_text())
    found, rates = points(zoo.load_results(), long_runs.load_results()["r1_0.1"][0]), speeds(measured)
    found = {name: each for name, each in found.items() if name in rates}
    Path(FLAGS.out_dir).mkdir(parents=True, exist_ok=True)
    draw(found, rates, Path(FLAGS.out_dir) / "quality.png")
    print(table(found, rates, measured))


if __name__ == "__main__":
    flags.DEFINE_string("out_dir", "out/experiments/speed", "Folder for quality.png.")
    command_line.run(main, {"Flags": ["out_dir"]}, OSError)
