"""The table of the claims in experiments/README.md, from the results of their runs.

python -m experiments.theory.table [--out_dir=out/experiments/theory]

Reads the JSON file that each claim's command has written into --out_dir, and prints one row for each.
"""

import json
import re
from pathlib import Path

from absl import flags

from experiments.record import RESULTS
from gan_tf.runs import command_line

FLAGS = flags.FLAGS

# Of each file: the claim, what was predicted, what was measured. A part of a row's name in brackets stands for the
# prediction, or the measurement, in this row of the command's own table.
ROWS = {
    "optimal_discriminator": (
        "A trained D is p_data / (p_data + p_g); its value is -2 log 2 + 2 JSD",
        "greatest distance [greatest distance]; V = [V(D)]",
        "[greatest distance] (untrained D: [untrained D]); [V(D)]",
    ),
    "old_discriminator": (
        "D's value is the JS divergence only for the G that D was trained against, and misleads after a large step of "
        "G",
        "[no step: the trained] before the step; 0 at a step of [says 0]; then [step 2.0: JSD] at a step of 2, where "
        "the JSD is 0",
        "[no step: the trained] (untrained D: [no step: an untrained]); [says 0]; [step 2.0: JSD]",
    ),
    "vanishing_gradient": (
        "With the best D, G's minimax gradient vanishes as the distance grows; the non-saturating one grows",
        "with a trained D at 2, 3, 4, 6: minimax [2, trained D: minimax], [3, trained D: minimax], "
        "[4, trained D: minimax], [6, trained D: minimax]; non-saturating [2, trained D: non], [3, trained D: non], "
        "[4, trained D: non], [6, trained D: non]",
        "[2, trained D: minimax], [3, trained D: minimax], [4, trained D: minimax], [6, trained D: minimax]; "
        "[2, trained D: non], [3, trained D: non], [4, trained D: non], [6, trained D: non] (untrained D, at 2 and 8: "
        "[2, untrained] and [8, untrained])",
    ),
    "divergences": (
        "Between parallel segments KL = ∞ and JS = log 2 at any distance θ; Wasserstein's distance is θ",
        "Wasserstein of points at θ = 0.25 and 1: [0.25: Wasserstein], [1.0: Wasserstein]; JS by D there: "
        "[0.25: JS by], [1.0: JS by]; by a WGAN-GP critic at θ = 0.25, 0.5, 0.75, 1: [0.25: E f(p)], [0.5: E f(p)], "
        "[0.75: E f(p)], [1.0: E f(p)]",
        "[0.25: Wasserstein], [1.0: Wasserstein]; [0.25: JS by], [1.0: JS by]; [0.25: E f(p)], [0.5: E f(p)], "
        "[0.75: E f(p)], [1.0: E f(p)]",
    ),
    "maximum_likelihood": (
        "KL(p_data ‖ p_g) covers both modes, KL(p_g ‖ p_data) covers only one",
        "mean [mean, the mixture's], deviation [deviation, the mixture's]; by the start, mean [mean from start 1] or "
        "[mean from start 4], deviation [deviation from start 1]",
        "[mean, the mixture's], [deviation, the mixture's]; [mean from start 1] or [mean from start 4], "
        "[deviation from start 1]",
    ),
    "mode_collapse": (
        "On a ring of 8 modes the reference collapses; with Adam for D it covers all, with good samples; so do WGAN "
        "and WGAN-GP, with enough time",
        "the reference [reference: modes] modes; Adam, minimax, JS, WGAN, WGAN-GP: [Adam: modes] modes and a share of "
        "good samples of [Adam: share]; noise and a circle: [control: noise: modes], and [control: noise: share]",
        "[reference: modes]; [Adam: modes], [minimax: modes], [js: modes], [wgan: modes], [gp: modes] modes with "
        "[Adam: share], [minimax: share], [js: share], [wgan: share], [gp: share]; noise [control: noise: modes], "
        "[control: noise: share]; circle [circle: modes], [circle: share]",
    ),
    "nash": (
        "On min max xy, simultaneous steps spiral outwards, alternating steps circle, and their mean converges",
        "growth [simultaneous]; invariant [least x²]; distance of the mean [distance of the mean]",
        "[simultaneous]; [least x²]; [distance of the mean]",
    ),
    "one_point": (
        "On the GAN of one point, the relativistic loss circles the solution; with R1 and R2 it arrives",
        "real part of the eigenvalues [zero-sum: real], with R1 and R2 [zero-sum, R1 and R2: real]; θ² + ψ² at least "
        "[zero-sum: least]; with R1 and R2 at the end [R1 and R2: θ²]",
        "[zero-sum: real], [zero-sum, R1 and R2: real]; [zero-sum: least]; [R1 and R2: θ²]",
    ),
    "inception_score_blind_spot": (
        "Ten images, one of each digit, score higher than MNIST",
        "[score of ten images], above the real images'; five images [score of five]; recall [recall of ten]",
        "[score of ten images]; real [classifier score of real]; five images [score of five]; noise [score of noise]; "
        "recall [recall of ten], of real images [recall of real]",
    ),
    "few_images": (
        "With few images FID is too large, for real images too; KID is not",
        "FID of real images falls like n to the power of [power of]; with 100 images it is [real and real images with "
        "100, divided] times as large as with 10,000; KID at most [farthest from 0] standard errors from 0",
        "[power of]; [real and real images with 100, divided]; [farthest from 0] (FID with 100, 10,000: "
        "[FID of real and real images with 100, 10000])",
    ),
    "discriminator_as_classifier": (
        "Against what introductions say: a linear probe finds no more in the trained D of this GAN than in a random "
        "one",
        "gain [500 labels: D trained] with 500 labels, [10000 labels: D trained] with 10,000",
        "[500 labels: D trained]; [10000 labels: D trained] (the pixels, over D: [500 labels: 784], "
        "[10000 labels: 784])",
    ),
    "fractional_strides": (
        "A transposed convolution is a convolution of the image with zeros put between its pixels",
        "[zeros and convolution] of 49 numbers equal; error [7x7, kernel 5x5]",
        "[zeros and convolution]; [7x7, kernel 5x5] (kernel not turned: [not turned]; pixels repeated: [repeated])",
    ),
    "mixed_batches": (
        "One mixed batch and two separate ones give D the same gradient, but only without batch normalisation",
        "relative difference of the gradient [without batch normalisation: of]; with batch normalisation "
        "[with batch normalisation: of]",
        "[without batch normalisation: of]; [with batch normalisation: of]",
    ),
    "pixel_distance": (
        "D can learn which wrong pixel is worse, the squared error cannot; a GAN's D need not know",
        "difference of the squared errors [squared errors]; share of pairs that D orders rightly, if it learned from "
        "such images: [changed digits]",
        "[squared errors]; [changed digits] (D of a DCGAN: [DCGAN], untrained D: [untrained])",
    ),
    "covariate_shift": (
        "Batch normalisation makes DCGAN learn faster, even if its layers' inputs are made to move",
        "FID divided by that without: [FID batch], with moving noise [FID with the noise]; the noise moves inputs "
        "[the noise moves] times as much",
        "[FID batch], [FID with the noise]; [the noise moves] (shift; FID: with [batch normalisation: shift], "
        "without [without: shift], with the noise [with moving noise: shift])",
    ),
    "dcgan_features": (
        "A linear probe on a trained DCGAN's D does better than on a random D, and than on the pixels",
        "gain over a random D [500 labels: trained D minus random] with 500 labels, "
        "[10000 labels: trained D minus random] with 10,000",
        "[500 labels: trained D minus random]; [10000 labels: trained D minus random] (over the pixels: "
        "[500 labels: trained D minus pixels]; [10000 labels: trained D minus pixels])",
    ),
}


def load_results(folder=RESULTS / "theory"):
    """Reads the results in `folder`, by default the committed ones, by file."""
    paths = {name: Path(folder) / f"{name}.json" for name in ROWS}
    return {name: json.loads(path.read_text(encoding="utf-8")) for name, path in paths.items() if path.exists()}


def fill(text, rows, column):
    """Returns `text` with each [part of a name] replaced by `column` of the one row whose name has this part."""

    def value(match):
        (row,) = (row for row in rows if match[1] in row["what"])
        return row[column]

    return re.sub(r"\[(.*?)\]", value, text)


def table(results):
    """Returns the table as Markdown."""
    lines = ["| `python -m experiments.theory.…` | claim | predicted | measured | s |", "|---|---|---|---|---|"]
    for name, result in results.items():
        claim, predicted, measured = ROWS[name]
        cells = [f"[`{name}`](theory/{name}.py)", claim]
        cells += [fill(predicted, result["rows"], "predicted"), fill(measured, result["rows"], "measured")]
        lines.append(f"| {' | '.join(cells)} | {result['seconds']} |")
    return "\n".join(lines)


def main():
    """Prints the table."""
    print(table(load_results(FLAGS.out_dir)))


if __name__ == "__main__":
    flags.DEFINE_string("out_dir", "out/experiments/theory", "Folder that the claims have written into.")
    command_line.run(main, {"Flags": ["out_dir"]}, (OSError,))
