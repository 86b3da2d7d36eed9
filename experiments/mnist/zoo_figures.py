"""No claim: five figures of the gallery in gan_tf/zoo, about InfoGAN, autoencoders, R1, SeqGAN and imitation.

python -m experiments.mnist.zoo_figures [--only=information] [--data_dir=…] [--work_dir=…] [--results=…]

information.png is drawn from the results of the runs infogan and infogan_no_information of experiments.mnist.zoo.
codes.png is drawn from the networks of its runs adversarial_autoencoder_2 and adversarial_autoencoder_2_plain.
regularised.png is the left part of a figure of experiments.mnist.long_runs: without R1, and with two weights of it.
seqgan.png is drawn from the results of its runs seqgan and seqgan_likelihood_alone. imitation.png is drawn from the
results of all its runs of imitation.
"""

import math
from pathlib import Path

import numpy as np
from absl import flags

from experiments import figures
from experiments.mnist import zoo
from experiments.record import RESULTS, check, define_names
from gan_tf import data
from gan_tf.gan import in_batches
from gan_tf.metrics.sequences import OTHERS, SHARPER
from gan_tf.metrics.table import flat
from gan_tf.restore import LoadError, load_run
from gan_tf.runs import command_line
from gan_tf.runs.config import RunError

FLAGS = flags.FLAGS

INFORMATION = {"infogan": "InfoGAN", "infogan_no_information": "without the information in G's loss"}
CODES = {"adversarial_autoencoder_2": "adversarial autoencoder", "adversarial_autoencoder_2_plain": "plain autoencoder"}
SHOWN_PAIRS = {
    "GAIL": {2: "imitation_2", 4: "imitation", 8: "imitation_8", 25: "imitation_25"},
    "cloning": {2: "imitation_cloning_2", 4: "imitation_cloning", 8: "imitation_cloning_8", 25: "imitation_cloning_25"},
}
UPRIGHT = "imitation_upright"
WRITERS = {"seqgan": "SeqGAN", "seqgan_likelihood_alone": "maximum likelihood alone"}
APART = 30  # pixels between two panels of a figure of experiments.mnist.long_runs, at least
FIGURES = ["information", "codes", "regularised", "seqgan", "imitation"]
SHOWN = 5000  # test images
REACH = 3  # deviations of the prior that are drawn
RING = 10  # points across the mark of temperature 1
SIDE = 12  # decoded codes in a row


def draw_information(results, path):
    """Draws the column `information` of both runs over the iterations, from {run: [result]}."""
    import matplotlib.figure

    with figures.style():
        figure = matplotlib.figure.Figure(figsize=(6.4, 3.6))
        axes = figure.subplots()
        axes.axhline(math.log(10), color="black", linestyle=":", label="all of it: log 10")
        for run, label in INFORMATION.items():
            curve = results[run][0]["losses"]
            axes.plot(curve["iteration"], curve["information"], label=label)
        axes.set(xlabel="iteration", ylabel="information (nats)", ylim=(-0.5, 2.5))
        figures.legend_below(figure, axes, columns=2)
        figure.savefig(path)


def draw_codes(gans, test, path):
    """Draws, for each {title: Gan}, the codes of test images by digit, and what evenly spaced codes decode to."""
    import matplotlib.figure

    with figures.style():
        figure = matplotlib.figure.Figure(figsize=(9.6, 9.6))
        for row, (axes, decoded) in zip(gans.items(), figure.subplots(2, 2), strict=True):
            title, gan = row
            codes = in_batches(gan.objects["encoder"], flat(test.images[:SHOWN]))
            dots = axes.scatter(*codes.T, c=test.labels[:SHOWN], cmap="tab10", s=3, vmin=-0.5, vmax=9.5)
            axes.set(title=title, xlabel="first number of the code", ylabel="second number")
            figure.colorbar(dots, ax=axes, ticks=range(10), label="digit")
            steps = np.linspace(-REACH, REACH, SIDE)
            evenly = np.stack(np.meshgrid(steps, steps[::-1]), axis=-1).reshape(-1, 2).astype(np.float32)
            cells = in_batches(gan.objects["decoder"], evenly).reshape(SIDE, SIDE, 28, 28)
            edges = (-REACH, REACH, -REACH, REACH)
            decoded.imshow(cells.transpose(0, 2, 1, 3).reshape(28 * SIDE, 28 * SIDE), vmin=0, vmax=1, extent=edges)
            decoded.set(title="what codes decode to", xlabel="first number of the code", ylabel="second number")
            decoded.grid(False)
        figure.savefig(path)


def draw_regularised(samples, path):
    """Cuts the figure `samples`, long_runs/samples.png, behind its first panels, those of `zoo.LONG_RUNS`."""
    import PIL.Image

    with PIL.Image.open(samples) as picture:
        drawn = np.flatnonzero((np.asarray(picture.convert("L")) < 250).any(axis=0))
        ends = drawn[:-1][np.diff(drawn) > APART]
        picture.crop((0, 0, ends[len(zoo.LONG_RUNS) - 1] + APART // 2, picture.height)).save(path)


def curves_of_writing(results):
    """Returns {run: for each seed float64 [6, 2]}: NLL by the oracle and by G, from the lowest temperature upwards."""
    by_oracle, by_g, *sharper = zoo.WRITTEN[:4]
    names = {1.0: (by_oracle, by_g), SHARPER: sharper}
    names |= {each: (f"temperature {each}: {by_oracle}", f"temperature {each}: {by_g}") for each in OTHERS}
    return {
        run: [
            np.array([[result["metrics"]["own"][name]["value"] for name in names[each]] for each in sorted(names)])
            for result in results[run]
        ]
        for run in WRITERS
    }


def draw_seqgan(results, path):
    """Draws a curve for each seed: NLL in both directions, over six temperatures; a ring is at temperature 1."""
    import matplotlib.figure

    with figures.style():
        figure = matplotlib.figure.Figure(figsize=(6.4, 4.2))
        axes = figure.subplots()
        for (run, curves), color in zip(curves_of_writing(results).items(), ("C0", "C1"), strict=True):
            for i, curve in enumerate(curves):
                axes.plot(*curve.T, ".-", color=color, alpha=0.6, label=None if i else WRITERS[run])
                ring = {"color": color, "fillstyle": "none", "markersize": RING}
                axes.plot(*curve[sorted([*OTHERS, SHARPER, 1.0]).index(1.0)], "o", **ring)
        axes.set(
            xlabel=zoo.WRITTEN[0], ylabel=zoo.WRITTEN[1], title="Lower and further left is better. Ring: temperature 1"
        )
        figures.legend_below(figure, axes, columns=2)
        figure.savefig(path)


def draw_imitation(results, path):
    """Draws two scores of imitation against the pairs that were shown, from {run: [result of each seed]}."""
    import matplotlib.figure

    def scores(run, name):
        return [each["metrics"]["own"][name]["value"] for each in results[run]]

    with figures.style():
        figure = matplotlib.figure.Figure(figsize=(9.6, 3.6))
        panels = {"score of the player": "control: of random actions", "acts like the expert": None}
        both = figure.subplots(1, 2)
        for axes, (name, random) in zip(both, panels.items(), strict=True):
            for (way, runs), marker in zip(SHOWN_PAIRS.items(), "os", strict=True):
                each = {pairs: scores(run, name) for pairs, run in runs.items()}
                (line,) = axes.plot(list(each), [np.mean(values) for values in each.values()], label=f"{way}: mean")
                for pairs, values in each.items():
                    axes.plot([pairs] * len(values), values, marker, color=line.get_color(), alpha=0.5)
            level = scores("imitation", random) if random else scores(UPRIGHT, name)
            axes.axhline(np.mean(level), color="black", linestyle="--", label="random actions")
            axes.set_xscale("log", base=2)
            axes.set(xlabel="pairs of the expert", ylabel=name, xticks=list(each), xticklabels=list(each))
        figures.legend_below(figure, *both)
        figure.savefig(path)


def main():
    """Draws the figures."""
    out_dir = Path(FLAGS.out_dir)
    check(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    results = zoo.load_results(Path(FLAGS.results))
    needed = {
        "information": list(INFORMATION),
        "seqgan": list(WRITERS),
        "imitation": [UPRIGHT, *(run for runs in SHOWN_PAIRS.values() for run in runs.values())],
    }
    for run in [run for name in FLAGS.only for run in needed.get(name, [])]:
        if run not in results:
            raise RunError(f"{FLAGS.results} has no result of {run}; first run: python -m experiments.mnist.zoo")
    if "information" in FLAGS.only:
        draw_information(results, out_dir / "information.png")
    if "regularised" in FLAGS.only:
        draw_regularised(RESULTS / "long_runs" / "samples.png", out_dir / "regularised.png")
    if "seqgan" in FLAGS.only:
        draw_seqgan(results, out_dir / "seqgan.png")
    if "imitation" in FLAGS.only:
        draw_imitation(results, out_dir / "imitation.png")
    if "codes" in FLAGS.only:
        gans = {title: load_run(Path(FLAGS.work_dir) / f"{run}-0" / "run")[0] for run, title in CODES.items()}
        draw_codes(gans, data.load("mnist", FLAGS.data_dir, "test"), out_dir / "codes.png")


if __name__ == "__main__":
    flags.DEFINE_string("data_dir", None, "Folder with MNIST, as in gan_tf.train.")
    flags.DEFINE_string("work_dir", "out/experiments/zoo/runs", "Folder with the runs of experiments.mnist.zoo.")
    flags.DEFINE_string("results", str(RESULTS / "zoo"), "Folder with the results of experiments.mnist.zoo.")
    flags.DEFINE_string(
        "out_dir", "out/experiments/zoo", "Folder for the figures; the committed: experiments/results/zoo."
    )
    define_names("only", FIGURES, "The figures to draw.")
    groups = {"Flags": ["only", "data_dir", "work_dir", "results", "out_dir"]}
    command_line.run(main, groups, (LoadError, RunError, data.DataError, OSError))
