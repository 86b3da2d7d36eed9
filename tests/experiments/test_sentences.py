"""The figures that stand in sentences of the READMEs, outside their tables, are what the committed results say."""

import json
import re
import statistics
from pathlib import Path

import numpy as np
import pytest

from experiments import exact, heads, record
from experiments.mnist import long_runs, measured, objectives, reproduce_blog, zoo, zoo_figures
from experiments.speed import benchmark, plan
from experiments.theory import table as theory
from gan_tf import data, optimizers
from gan_tf.metrics import classifier, table
from gan_tf.metrics.solids import measures
from gan_tf.models import xavier_init
from gan_tf.objectives.recipes import RECIPES
from gan_tf.zoo import regularised

TOP = Path(record.__file__).parents[1]
EVIDENCE = "experiments/EVIDENCE.md"


def says(name, *sentences):
    """Fails unless a page has each of `sentences`, wherever its lines break: `name` or the README of this folder."""
    path = TOP / name if name.endswith(".md") else TOP / name / "README.md"
    text = " ".join(path.read_text().split())
    for sentence in sentences:
        assert " ".join(sentence.split()) in text, sentence


@pytest.fixture(scope="module")
def scores():
    """The scores in the committed report of a run, as rows of (name, title, samples, real images)."""
    text = (record.RESULTS / "report.html").read_text()
    content = json.loads(re.search(r'<script id="content" type="application/json">(.*?)</script>', text)[1])
    assert content["trained"] == 50000 and ["d_lr", 1.0, True] in content["settings"]
    return content["metrics"]["scores"]


def share(result, digit, stage=20_000):
    """The share of samples that the classifier calls `digit`."""
    return result["stages"][str(stage)]["class_histogram"][digit]


def test_the_measures(scores):
    lines = [("", "samples", "real, held out"), *(row[1:] for row in scores)]
    widths = [max(len(line[i]) for line in lines) for i in range(3)]
    shown = "\n".join(f"    {a:{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}" for a, b, c in lines)
    assert shown in (TOP / "experiments" / "README.md").read_text()
    others = ("read_as_asked", "modes", "modes_divergence")
    assert [row[0] for row in scores] == [n for n in table.TITLES if n not in others and not n.startswith("inception")]
    real = {name: text for name, _, _, text in scores}
    said = ("inception-score", "classifier_score"), ("fid", "frechet_distance"), ("classes covered", "classes_covered")
    for _, name in said:
        says("experiments", f"{real[name]}: ")
    says("experiments", *(f"{float(real[name].split()[0]):.3f}: " for name in ("precision", "recall", "spread")))
    _, facts = classifier.load_classifier()
    says("experiments", f"It classifies {facts['test_accuracy']:.2%} of the test images correctly")
    assert 9 < json.loads((TOP / "gan_tf" / "metrics" / "classifier.json").read_text())["minutes"] < 10  # "ten minutes"


def test_the_blogs_run():
    results = reproduce_blog.load_results()
    rate, adam = results["adadelta_1.0-0"], results["adam-0"]
    shares = [share(rate, 1, stage) for stage in (50_000, 500_000, 1_000_000)]
    says(
        "experiments",
        f"After a million iterations {share(adam, 1, 1_000_000):.1%} of the samples are a 1.",
        "{:.0%} of its samples are a 1 at 50,000 iterations, {:.0%} at 500,000, {:.0%} at a million.".format(*shares),
    )
    moved = [reproduce_blog.score(results["adadelta-0"], stage, "d_moved") for stage in (1000, 10_000)]
    says("experiments", "have moved by {:.2g}, after 10,000 by {:.2g}.".format(*moved))
    slopes = [reproduce_blog.score(results["adadelta-0"], stage, "pixel_slope") for stage in (10_000, 200_000)]
    says("experiments", "This slope is {:.1g} at 10,000 iterations and {:.0e} at 200,000".format(*slopes))
    deviation = (784 / 2) ** -0.5
    assert np.std(xavier_init(0)([784, 128])) == pytest.approx(deviation, rel=0.01)
    says("experiments", f"have a standard deviation of {deviation:.3f}.")
    half, whole = (
        [reproduce_blog.score(adam, stage, name) for name in ("precision", "recall")] for stage in (50_000, 1_000_000)
    )
    says(
        "experiments",
        f"precision grows from {half[0]:.2f} to {whole[0]:.2f}, and recall falls from {half[1]:.2f} to {whole[1]:.2f}.",
    )
    # FID by stage: best between 20,000 and 50,000 with Adam, between 50,000 and 200,000 with Adadelta at 1.0.
    for result, first, last in ((adam, 20_000, 50_000), (rate, 50_000, 200_000)):
        distance = {int(stage): each["scores"]["frechet_distance"][0] for stage, each in result["stages"].items()}
        assert first <= min(distance, key=distance.get) <= last
    minutes = sum(result["minutes"] for result in results.values())
    assert f"{minutes / 60:.1f} hours on two cores" in " ".join(reproduce_blog.__doc__.split())


def test_which_iterations_a_loss_is_a_mean_of():
    """Each point of a curve is a mean over a stretch; the tables take the points of the last tenth."""
    says("experiments", "from 89% to 99% of its number. Before stage 1,000 that is only iteration 900.")
    iterations = np.arange(0, 1_000_000, 100)
    bins = np.digitize(iterations, np.geomspace(100, 1_000_000, 200))
    stretches = [iterations[bins == each] for each in np.unique(bins)]
    curve = reproduce_blog.load_results()["adadelta-0"]["losses"]["iteration"]
    assert curve == [stretch.mean() for stretch in stretches]
    for stage in (1000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000):
        used = np.concatenate([each for each in stretches if 0.9 * stage <= each.mean() < stage])
        if stage == 1000:
            assert used == [900]
        assert 0.89 * stage < used.min() <= used.max() < stage


def test_the_objectives():
    results = objectives.load_results()
    score = {
        name: [objectives.score(run, 20_000, "classifier_score") for run in runs] for name, runs in results.items()
    }
    gaps = np.abs(np.subtract(score["minimax"], score["fgan_js"]))
    minimax, js = (f"{min(score[name]):.1f} to {max(score[name]):.1f}" for name in ("minimax", "fgan_js"))
    says(
        "experiments",
        f"by {gaps.min():.2f} to {gaps.max():.2f} in the Inception score after 20,000 iterations. "
        f"The seed matters more: {minimax} with minimax, {js} with JS.",
    )
    for name in ("minimax", "fgan_js", "lsgan", "wgan_gp"):  # "three samples in ten are a 3"
        assert round(10 * np.mean([share(run, 3) for run in results[name]])) == 3
    ones = np.mean([share(run, 1) for run in results["non_saturating_adam"]])
    says("experiments", f"with the non-saturating loss {ones:.0%} are a 1.")
    distance = {
        name: np.mean([objectives.score(run, 20_000, "frechet_distance") for run in results[name]])
        for name in ("non_saturating_adam", "minimax")
    }
    says(
        "experiments",
        "That is the row `--loss=non_saturating --d_optimizer=adam`: FID {:.0f} instead of {:.0f}.".format(
            *distance.values()
        ),
    )
    assert RECIPES["minimax"].d_optimizer == RECIPES["minimax"].g_optimizer == "adam"  # "Adam for both networks"
    assert max(score["non_saturating"]) < 1.001  # "It collapses"
    ones = min(share(run, 1) for run in results["non_saturating_adam_5"])
    says("experiments", f"with all three seeds at least {ones:.2%} of the samples are a 1.")
    minutes = {name: np.mean([run["minutes"] for run in runs]) for name, runs in results.items()}
    assert 4.5 < minutes["wgan_gp"] / minutes["non_saturating_adam"] < 5.5  # "it takes five times as long"
    drawing = [name for name in results if min(score[name]) > 3]
    means = {name: np.mean([objectives.score(run, 20_000, "precision") for run in results[name]]) for name in drawing}
    assert min(means, key=means.get) == "wgan_gp" and len(drawing) == 5
    highest = {
        name: max(max(run["losses"]["d_loss"]) for run in results[name])
        for name in ("fgan_kl", "fgan_reverse_kl", "fgan_pearson")
    }
    kl, reverse, pearson = highest.values()
    says("experiments", f"{kl / 1e9:.1f}e9 (KL), {reverse:.0f} (reverse KL), {pearson:,.0f} (Pearson).")
    says("experiments", f"(KL, seed 0: its loss is {results['fgan_kl'][0]['losses']['g_loss'][-1]:.1e})")
    draw = [run for name in highest for run in score[name] if run > 3]
    assert len(draw) == 1  # "except in one of nine runs"
    assert [round(each, 3) for each in score["fgan_reverse_kl"][:2]] == [1, 1]  # "one picture, two seeds"
    long = json.loads((record.RESULTS / "objectives" / f"{objectives.LONG}-0.json").read_text())
    found = [objectives.score(long, objectives.LONG_ITERS, name) for name in ("classifier_score", "frechet_distance")]
    says("experiments", "WGAN-GP after 20,000: Inception score {:.2f}, FID {:.0f}, ten classes".format(*found))
    assert objectives.score(long, objectives.LONG_ITERS, "classes_covered") == 10
    curve = [pair for pair in zip(long["losses"]["iteration"], long["losses"]["spread"], strict=True) if pair[1]]
    assert max(spread for iteration, spread in curve if 15_000 < iteration < 33_000) < 0.073  # "begins to grow"
    assert min(spread for iteration, spread in curve if iteration > 33_000) > 0.075
    rates = [float(optimizers.make_optimizer(RECIPES[name].g_optimizer).learning_rate) for name in ("wgan", "minimax")]
    assert rates == pytest.approx([5e-5, 20 * 5e-5])  # "a twentieth of Adam's"


def test_the_speed():
    result = json.loads((record.RESULTS / "speed" / "benchmark.json").read_text())
    median = {name: statistics.median(values) for name, values in result["speeds"].items()}
    says(
        EVIDENCE,
        f"One iteration is {benchmark.FLOP / 1e6:.0f} million operations.",
        f"do {median['two_at_once']:.0f} iterations per second, while one run on both cores does "
        f"{median['command']:.0f}.",
    )
    speeds = json.loads((record.RESULTS / "speed" / "convolutions.json").read_text())["speeds"]
    names = "dcgan", "torch", "torch_channels_last", "r3gan"
    (ours, plain, last, r3gan), on_two = ([statistics.median(speeds[name][n]) for name in names] for n in "12")
    says(
        EVIDENCE,
        f"PyTorch is {last / ours:.1f} times as fast with channels last in memory, and {plain / ours:.1f} times "
        "without. "
        f"R3GAN does {r3gan / ours:.1f} times as many iterations as DCGAN, but each has 32 images instead of 64. "
        "On two cores these numbers are {2:.1f}, {1:.1f} and {3:.1f}.".format(*(each / on_two[0] for each in on_two)),
    )
    sweeps = json.loads((record.RESULTS / "speed" / "sweeps.json").read_text())
    slept = sweeps["sleepers"]["seconds_by_nodes"]
    says(
        EVIDENCE,
        f"only slept 10 seconds took {slept['1']:.0f} seconds; 160 is the least possible.",
        f"it was {slept['8']:.0f}.",
    )
    assert (sweeps["sleepers"]["tasks"], sweeps["sleepers"]["cores"], sweeps["sleepers"]["seconds_each"]) == (
        1000,
        64,
        10,
    )
    seconds = [statistics.median(each) for each in sweeps["seconds"].values()]
    assert seconds[2] < 0.95 * min(seconds[:2]) and seconds[3] > seconds[2]  # "less time", "no faster"
    # The README's first commands: "half a minute", then "a minute or two", from the same runs on MNIST, and the start.
    start = json.loads((record.RESULTS / "speed" / "start.json").read_text())["seconds_in_all"]
    for name, result in reproduce_blog.load_results().items():
        iters, least, most = (20_000, 0.5, 1.5) if "_1.0" in name else (5000, 0.25, 0.6)
        if name.startswith("adadelta"):
            minutes = result["minutes"] * iters / max(map(int, result["stages"])) + start / 60
            assert least < minutes < most, name
    says(".", "It takes about half a minute on two cores.", "This takes a minute or two.")


def test_the_numbers_that_stand_in_the_manual():
    """The manual has one number of each part of the page of evidence."""
    speeds, start, xla, sweeps, run, alone = (
        json.loads((record.RESULTS / "speed" / f"{name}.json").read_text())
        for name in ("benchmark", "start", "xla", "sweeps", "plan", "convolutions")
    )
    rate = {name: statistics.median(values) for name, values in speeds["speeds"].items()}
    one, two = ({name: statistics.median(values[cores]) for name, values in alone["speeds"].items()} for cores in "12")
    dcgan = xla["rates"]["dcgan"]
    minutes = [statistics.median(seconds) / 60 for seconds in sweeps["seconds"].values()]
    exactness = json.loads((record.RESULTS / "exact" / "exact.json").read_text())
    distance = np.median(exact.column(exactness, "as it is", "adadelta", "with XLA"))
    attack = json.loads((TOP / "tests" / "attack" / "results.json").read_text())
    assert attack["kills"]["done"] == 1000 and not attack["kills"]["failures"]
    says(
        "gan_tf",
        f"the median difference of a loss after 500 iterations is {exact.short(distance)}, which",
        f"{rate['command']:.0f} iterations per second on two cores, {rate['command'] / rate['script']:.1f} times the "
        "script.",
        f"is {one['torch'] / one['dcgan']:.1f} to {one['torch_channels_last'] / one['dcgan']:.1f} times as fast on one "
        f"core, and {two['torch'] / two['dcgan']:.1f} to {two['torch_channels_last'] / two['dcgan']:.1f} times on two.",
        f"takes {start['seconds_in_all']:.1f} s until the first iteration, and {start['mb_at_3000']:.0f} MB",
        f"DCGAN has {dcgan['with XLA'][1] / dcgan['without'][1]:.2f} of its speed.",
        f"take {minutes[2]:.1f} minutes in a sweep and {minutes[0]:.1f} one after another",
        f"would take {plan.plan(run['run'], 1)['hours']:.1f} hours on 64 cores",
        "A thousand kills at random moments lost no run",
    )
    says(
        EVIDENCE,
        f"| {rate['command'] / rate['script']:.1f} times the script |",
        f"| {start['seconds_in_all']:.1f} s, {start['mb_at_3000']:.0f} MB |",
        f"| {plan.plan(run['run'], 1)['hours']:.1f} hours on 64 cores |",
    )


def test_the_theory():
    results = theory.load_results()
    assert set(results) == set(theory.ROWS) and all(result["holds"] for result in results.values())
    assert theory.table(results) in (TOP / "experiments" / "README.md").read_text()
    machines = {
        file: (*each["machine"].split(", "), each["versions"]["tensorflow"], each["date"])
        for file, each in results.items()
    }
    newer = [machines.pop(file) for file in ("one_point", "few_images")]
    ((newer_name, _, newer_date),) = {(name, version, date) for name, _, version, date in newer}
    ((name, version, date),) = {(name, version, date) for name, _, version, date in machines.values()}
    assert {cores for _, cores, *_ in machines.values()} == {"1 core", "2 cores"} and newer[0][2] == version
    words = f"{name}, TensorFlow {version}, {date}; `one_point` and `few_images`: {newer_name}, {newer_date})."
    says("experiments", f"of one or two cores that other work kept busy ({words}")


def test_the_lessons_of_the_theory():
    def measured(name, what, column="measured"):
        return theory.fill(f"[{what}]", theory.load_results()[name]["rows"], column)

    blind = {
        what: float(measured("inception_score_blind_spot", what))
        for what in ("spread within a class, ten", "spread within a class, real", "recall of ten", "recall of real")
    }
    within, real_within, recall, real_recall = blind.values()
    distances = [float(each) for each in measured("inception_score_blind_spot", "Fréchet distance: ").split("; ")]
    spreads = measured("inception_score_blind_spot", "spread of all: ").split("; ")
    says(
        "experiments",
        f"The spread within a class is {within:.3f}, and {real_within:.3f} for real images; recall is {recall:.0f}, "
        f"and {real_recall:.3f} for real images; the Fréchet distance is {distances[0]:.0f}, and {distances[1]:.1f} "
        f"for real images. The spread of all images together does not see it: {float(spreads[0]):.3f}, and "
        f"{spreads[1]} for real images.",
    )
    few, many = measured("few_images", "FID of real and real images with 100, 10000").split(", ")
    dcgan = zoo.load_results()["dcgan"][0]["metrics"]["samples"]["frechet_distance"]["value"]
    says("experiments", f"two sets of real digits have an FID of {float(few):.0f}.")
    test = zoo.load_results()["dcgan"][0]["metrics"]["real"]["frechet_distance"]["value"]
    says("experiments", f"they have {test:.2f}, while two sets of 10,000 training images have {float(many):.3f}.")
    assert float(few) > dcgan  # "more than a DCGAN has with 10,000 samples"
    in_data, in_fit = map(float, measured("maximum_likelihood", "between the modes").split(", "))
    says("experiments", f"between the modes, where p_data has {in_data:.1%}.")
    assert round(4 * in_fit, 1) == 1  # "a quarter of its mass"
    crossing = float(measured("old_discriminator", "says 0"))
    says("experiments", f"at a step of {crossing:.2f} the old D says 0")
    assert "JSD 0.111" in measured("old_discriminator", "step 1.0: JSD", "what") and crossing < 1  # "above 0.11"
    small, large = (measured("old_discriminator", f"{size}: error of D's value").split(", ") for size in (0.5, 2.0))
    assert float(small[1]) <= 0.01 < float(large[3])  # after 3 steps of 0, 3, 10, 30, 100; after 30
    says("experiments", f"= {float(measured('old_discriminator', 'step 0.01', 'predicted').split()[0]):.3f} s².")
    assert float(measured("vanishing_gradient", "best D: minimax gradient at 8")) < 1 / 1000
    gains = [float(measured("dcgan_features", f"{n} labels: trained D minus random")) for n in (500, 10_000)]
    says("experiments", f"{gains[0]:.3f} with 500 labels, {gains[1]:.3f} with 10,000.")
    noise = float(measured("mode_collapse", "control: noise: share"))
    says("experiments", f"Why are {noise:.0%} of the samples of noise good?")
    right, of_gan = (float(measured("pixel_distance", name)) for name in ("changed digits", "of DCGAN"))
    says(
        "experiments",
        f"stroke in {right:.0%} of the pairs. The D of a trained DCGAN prefers the other one in {1 - of_gan:.0%}.",
    )


def test_the_gallery():
    """What the sentences under its tables say."""
    found = zoo.load_results()
    results = {run: [each["metrics"].get("samples", {}) for each in seeds] for run, seeds in found.items()}
    whole, strides, pooling = (found[name][0] for name in ("dcgan", "dcgan_short", "dcgan_pooling"))
    says(
        "gan_tf/zoo",
        f"iterations with strides took {whole['minutes']:.0f} minutes, 4,000 with pooling {pooling['minutes']:.0f}",
        *(f"{each['metrics']['samples']['frechet_distance']['value']:.1f}" for each in (whole, pooling)),
    )
    fids = [each["metrics"]["samples"]["frechet_distance"]["value"] for each in (pooling, strides, whole)]
    says(
        "gan_tf/zoo",
        f"the better FID, {fids[0]:.1f} instead of {fids[1]:.1f}.",
        f"{fids[2]:.1f} instead of {fids[0]:.1f}.",
    )
    found_digits = [
        found[run][0]["metrics"]["own"]["classes found without labels"]["value"]
        for run in ("infogan", "infogan_no_information")
    ]
    says("gan_tf/zoo", f"{found_digits[0]:.1%} are right.", f"{found_digits[1]:.1%} are right, and one category")
    per_iteration = [each["minutes"] / each["iterations"] for each in (strides, whole, pooling)]
    assert 1.9 < per_iteration[2] / per_iteration[0] < per_iteration[2] / per_iteration[1] < 3.3
    for name, sign in (("classifier_score", 1), ("frechet_distance", -1)):
        scores = [sign * each["metrics"]["samples"][name]["value"] for each in (strides, pooling, whole)]
        assert scores == sorted(scores)
    wrong = [
        round(10_000 * (1 - results[run][0]["read_as_asked"]["value"]))
        for run in ("conditional_no_wrong_digits", "conditional")
    ]
    says("gan_tf/zoo", f"Then {wrong[0]} of 10,000 pictures are read as another digit, with the term {wrong[1]}.")
    both = [results[run][0]["frechet_distance"]["value"] for run in ("dcgan", "loss_sensitive_dcgan")]
    says("gan_tf/zoo", f"FID {both[0]:.2f} after 16,000 iterations, here {both[1]:.2f} after 20,000.")
    assert [found[run][0]["iterations"] for run in ("dcgan", "loss_sensitive_dcgan")] == [16_000, 20_000]
    for name, sign in (("classifier_score", 1), ("precision", 1), ("recall", 1), ("frechet_distance", -1)):
        scores = [sign * results[run][0][name]["value"] for run in ("loss_sensitive_dcgan", "dcgan")]
        assert scores == sorted(scores)
    many, few, many_alone, few_alone = (
        np.mean([each["metrics"]["own"]["accuracy of the classifier"]["value"] for each in found[run]])
        for run in (f"semi_supervised{many}{alone}" for alone in ("", "_labels_only") for many in ("_1000", ""))
    )
    says(
        "gan_tf/zoo",
        f"With 100 labels the classifier reads {few:.1%} of the test images correctly, and {many:.1%} with 1,000.",
        f"the same network learns {few_alone:.1%} and {many_alone:.1%}:",
    )
    others, names = objectives.load_results(), ("frechet_distance", "recall")
    own = [np.mean([each[name]["value"] for each in results["loss_sensitive"]]) for name in names]
    minimax, gp, squares = (
        [np.mean([objectives.score(run, 20_000, name) for run in others[loss]]) for name in names]
        for loss in ("minimax", "wgan_gp", "lsgan")
    )
    says(
        "gan_tf/zoo",
        f"FID is {own[0]:.1f} here, and {minimax[0]:.0f} with minimax, {gp[0]:.0f} with WGAN-GP, {squares[0]:.0f} with",
        f"Recall is {own[1]:.3f}, with minimax {minimax[1]:.3f}, with WGAN-GP {gp[1]:.3f}, with least squares "
        f"{squares[1]:.3f}.",
    )
    assert abs(own[0] - minimax[0]) < 4  # "draws about as well as minimax"
    bounds = [found[run][0]["losses"]["information"] for run in ("infogan", "infogan_no_information")]
    stack = found["stackgan"][0]["metrics"]["own"]
    for name in ("digit", "weight", "slant"):
        shares = [stack[f"{what}: {name} as said"]["value"] for what in ("first stage, enlarged", "images")]
        assert shares[0] < 0.8 and shares[1] > 0.98
        assert stack[f"real images, shrunk and enlarged: {name} as said"]["value"] > 0.98
        assert found["stackgan_one_stage"][0]["metrics"]["own"][f"images: {name} as said"]["value"] < shares[1]
    ours, plain = (found[f"adversarial_autoencoder{rest}"][0]["metrics"] for rest in ("", "_plain"))
    moved, far, chance = (
        each["own"][name]["value"]
        for each, name in (
            (ours, "distance of codes to prior"),
            (plain, "distance of codes to prior"),
            (ours, "95% of such distances by chance"),
        )
    )
    errors, fitted, from_prior = (
        [each["own"][name]["value"] for each in (ours, plain)]
        for name in (
            "squared error of a pixel, decoded again",
            "codes from a fitted normal distribution: FID to test images",
            "codes from the prior: FID to test images",
        )
    )
    parzen = ours["samples"]["parzen_log_likelihood"]["value"]
    says(
        "gan_tf/zoo",
        f"the distance is {moved:.4f} instead of {far:.2f}.",
        "squared error is {:.4f} instead of {:.4f}.".format(*errors),
        f"FID {fitted[1]:.1f}, a little better than the adversarial one's {from_prior[0]:.1f} from the prior.",
        f"340 ± 2, here it is {parzen:.0f}.",
    )
    assert 8 < moved / chance < 12 and parzen > 300
    says("gan_tf/zoo", f"(95% of chance distances are below {chance:.5f}).")
    says("gan_tf/zoo", f"Real images have only {ours['real']['parzen_log_likelihood']['value']:.0f}:")
    cycle, none = (found[run][0]["metrics"]["own"] for run in ("cyclegan", "cyclegan_no_cycle"))
    cycle = {name: score["value"] for name, score in cycle.items()}
    right = [
        100 * cycle[f"{which}{kind}: read as the right digit"]
        for which in ("", "not ")
        for kind in ("handwritten", "printed")
    ]
    fids = [
        round(cycle[f"{which}{kind}: FID to {kind} digits"])
        for kind in ("handwritten", "printed")
        for which in ("not ", "")
    ]
    near = [100 * cycle[f"{which}printed: nearest printed digit is right"] for which in ("real ", "", "not ")]
    says(
        "gan_tf/zoo",
        "{:.1f}% of the handwritten versions and {:.1f}% of the printed ones are read as the right digit. Before the "
        "change it is {:.1f}% and {:.1f}%".format(*right),
        "it falls from {} to {} and from {} to {}.".format(*fids),
        "For real printed digits {:.1f}% are right, for the printed versions {:.0f}%, and for the handwritten digits "
        "as they are {:.0f}%.".format(*near),
    )
    for kind in ("handwritten", "printed"):
        assert none[f"{kind}: read as the right digit"]["value"] < 0.11  # one picture is right for one digit in ten
    both, l1, gan = (found[run][0]["metrics"]["own"] for run in ("pix2pix", "pix2pix_l1_alone", "pix2pix_gan_alone"))
    for name, order in (("FID to the originals", [both, l1, gan]), ("difference of a pixel", [l1, both, gan])):
        scores = [each[f"drawings: {name}"]["value"] for each in order]
        assert scores == sorted(scores)
    large = {run: found[run][0]["metrics"]["own"] for run in found if run.startswith("super_resolution")}
    both, features, pixels, neither = (
        {name: large[f"super_resolution{rest}"][f"enlarged: {name}"]["value"] for name in zoo.PAIRS}
        for rest in ("", "_features_alone", "_pixels", "_error_alone")
    )
    fids = [f"{each['FID to the originals']:.1f}" for each in (both, neither, features, pixels)]
    right = [f"{each['read as the right digit']:.1%}" for each in (both, neither, features)]
    says(
        "gan_tf/zoo",
        f"the best PSNR: {neither['PSNR']:.1f}, with D and features {both['PSNR']:.1f}.",
        "the better FID: {}, squared error alone {}.".format(*fids),
        "FID is {} with the features alone, and {} with D and pixels.".format(*fids[2:]),
        "{} with both, {} with squared error alone, {} with the features alone.".format(*right),
    )
    assert neither["PSNR"] == max(each["PSNR"] for each in (both, features, pixels, neither))
    solids = {run: found[run][0]["metrics"]["own"] for run in found if run.startswith("gan_3d")}
    whole, long, legs = (
        round(100 * solids[run][f"made: {name}"]["value"])
        for run, name in (
            ("gan_3d", "one piece, on the floor"),
            ("gan_3d_dense_long", "one piece, on the floor"),
            ("gan_3d", "as many legs as furniture"),
        )
    )
    says(
        "gan_tf/zoo", f"{whole}% of 1,000 solids are one piece that stands on the floor; of the real furniture all are."
    )
    says(
        "gan_tf/zoo",
        f"as many minutes: {long}% of their solids are one piece on the floor.",
        f"{legs}% of the solids have as many legs as some of",
    )
    says("gan_tf/zoo", f"{100 - whole}% of the solids are more than one piece, or do not stand on the floor.")
    for name in ("height", "filled", "legs"):
        ours, *dense = (
            solids[run][f"made: distance of {name}"]["value"] for run in ("gan_3d", "gan_3d_dense", "gan_3d_dense_long")
        )
        assert [each < ours for each in dense] == [name == "filled", False]
    assert solids["gan_3d_papers_training"]["made: one piece, on the floor"]["value"] == 0
    legs = measures(data.load("furniture", split="test").pixels / 255)["legs"]
    assert set(legs) == {2, 4}
    games = {
        run.removeprefix("imitation").strip("_"): [each["metrics"]["own"] for each in found[run]]
        for run in found
        if run.startswith("imitation")
    }

    def each(run, name="score of the player"):
        return [own[name]["value"] for own in games[run]]

    def mean_of(run, name="score of the player"):
        return np.mean(each(run, name))

    assert {*each(""), *each("papers_reward")} == {500}
    says(
        "gan_tf/zoo",
        f"after {mean_of('cloning'):.0f} steps on average, and with 25 pairs one seed of three falls after "
        f"{min(each('cloning_25')):.0f} steps.",
        f"and the score is {mean_of('upright'):.0f}.",
        f"the player learns to fall: after {mean_of('random'):.0f} steps.",
        "{:.0f}, {:.0f} and {:.0f} with the three seeds.".format(*each("untrained_d")),
        "With the paper's reward (`--nofallen --nod_learns`) it is "
        f"{mean_of('papers_reward_untrained_d'):.0f} even then",
    )
    assert sorted(each("cloning_25"))[1] > 450
    acts = [
        round(100 * mean_of(run, "acts like the expert"))
        for run in ("", "upright", "states", "papers_reward", "papers_reward_untrained_d")
    ]
    places = [mean_of(run, "distance of places") for run in ("", "upright")]
    says(
        "gan_tf/zoo",
        "like the expert in {}% of the expert's states. With random pairs it is {}%,".format(*acts),
        "{:.2f} with the expert's pairs, {:.2f} with random ones.".format(*places),
        f"{acts[2]}% of the actions are the expert's.",
        "act like the expert: {}%, otherwise {}%.".format(*acts[3:]),
    )
    written = {
        run: [[result["metrics"]["own"][name]["value"] for result in found[run]] for name in zoo.WRITTEN]
        for run in ("seqgan", "seqgan_likelihood_alone", "seqgan_paper", "seqgan_paper_likelihood_alone")
    }
    (idea, likelihood), papers = [np.array(each) for each in list(written.values())[:2]], list(written.values())[2:]
    assert (likelihood[0] - idea[0] > 0.15).all() and (idea[1] > likelihood[1]).all()  # each seed
    assert likelihood[2].max() < idea[0].min() and likelihood[3].max() < idea[1].min()  # "better in both columns"
    higher = [
        np.interp(idea_s[:, 0], *likelihood_s.T, left=np.nan, right=np.nan) - idea_s[:, 1]
        for idea_s, likelihood_s in zip(*zoo_figures.curves_of_writing(found).values(), strict=True)
    ]
    assert [np.isnan(each).sum() for each in higher] == [1, 1, 1]  # the sharpest SeqGAN is sharper than all others
    says("gan_tf/zoo", f"higher by {-np.nanmax(higher):.3f} to {-np.nanmin(higher):.3f}.")
    assert papers[0][1] > papers[1][1] and papers[1][2] < papers[0][0]  # "worse again", "better in the first"
    untrained = np.array(
        [[each["metrics"]["own"][name]["value"] for each in found["seqgan_untrained_d"]] for name in zoo.WRITTEN]
    )
    assert untrained[4].max() < 0.05 and sorted(untrained[0])[1] < idea[0].min() < max(untrained[0])  # two seeds
    means = idea.mean(axis=1), likelihood.mean(axis=1)
    says(
        "gan_tf/zoo",
        "[maximum likelihood](../../GLOSSARY.md#maximum-likelihood) alone, "
        f"{means[0][0]:.2f} instead of {means[1][0]:.2f}.",
        f"In the second it is worse, {means[0][1]:.3f} instead of {means[1][1]:.3f}.",
        f"Maximum likelihood alone then has {means[1][2]:.2f} and {means[1][3]:.3f},",
        f"calls {means[0][5]:.0%} of what G writes fake, and {means[0][6]:.0%} of the oracle's new sequences real.",
        f"NLL is {papers[0][0][0]:.2f}, and {papers[1][0][0]:.2f} by maximum likelihood alone.",
        f"calls {papers[0][5][0]:.0%} of what G writes fake, and only {papers[0][6][0]:.0%} of the oracle's new",
        f"{untrained[4].mean():.1%} different triples on average.",
        "calls them probable: {:.2f} and {:.2f}, lower than SeqGAN's NLL.".format(*sorted(untrained[0])),
        f"it is {untrained[1].mean():.2f} on average.",
        f"its loss falls to {found['seqgan_paper'][0]['losses']['d_loss'][-1]:.2f} (guessing has 1.39),",
        f"The run took {found['seqgan_paper'][0]['minutes']:.0f} minutes, with 2,500 updates of D.",
    )
    filled = json.loads((record.RESULTS / "zoo" / "completion.json").read_text())
    scores = filled["scores"]
    ways = ("by the GAN, searched", "by the nearest training image", "by the GAN, guessed")
    right = [scores[way]["read as the right digit"] for way in ways]
    errors = [scores[way]["error"][0] for way in ways]
    assert abs(right[0][0] - right[1][0]) < right[0][1], "as many as"
    says(
        "gan_tf/zoo",
        f"It took {filled['minutes']:.0f} minutes next to other runs.",
        f"{right[0][0]:.0%} of the results are read correctly, as many as with the nearest of 55,000 training images "
        f"({right[1][0]:.0%}).",
        f"With it, {right[2][0]:.1%}".removesuffix("%")
        + f" ± {right[2][1]:.1%} are read correctly, and a pixel in the "
        f"hole differs by {errors[2]:.3f} instead of {errors[1]:.3f}.",
    )
    told, other = (
        json.loads((record.RESULTS / "zoo" / f"{name}.json").read_text())["scores"]
        for name in ("editing", "editing_r3gan")
    )
    change, kept = "change of the attribute", "read as the same digit, least"
    both = [(name, told[f"{name}, {name} direction"]) for name in ("weight", "slant")]
    says(
        "gan_tf/zoo",
        "The weight changes by {:.1f} standard deviations of 10,000 samples, the slant by {:.1f};".format(
            *(row[change][0] for _, row in both)
        ),
        "along a random direction both change by at most 0.4.",
        "of the seven places it is {:.1%} and {:.1%}.".format(*(row[kept][0] for _, row in both)),
        f"as much, and its weight by {other['weight, weight direction'][change][0]:.1f},",
        "but only {:.1%} and {:.1%} keep their digit, and {:.1%} along the random direction.".format(
            *(
                other[f"{name}, {way} direction"][kept][0]
                for name, way in (("weight", "weight"), ("slant", "slant"), ("weight", "random"))
            )
        ),
    )
    for name, row in both:
        assert abs(told[f"{name}, random direction"][change][0]) < 0.4 and row[change][0] > 3
    slants = [moved["slant, slant direction"][change][0] for moved in (told, other)]
    assert slants[0] == pytest.approx(slants[1], rel=0.01), "as much"
    ours = {name: score["value"] for name, score in results["conditional_residual"][0].items() if "value" in score}
    assert ours["read_as_asked"] == 1, "all 10,000"
    says("gan_tf/zoo", f"but FID is {ours['frechet_distance']:.1f} and recall {ours['recall']:.2f}:")
    assert min(bounds[0][10:]) > 2.2 and max(bounds[1]) < 0.3, "nearly all of log 10 after 1,000 iterations; close to 0"
    assert (
        results["dcgan_no_batch_norm"][0]["spread"]["value"] < 1e-3
    )  # of real ones 0.19: "all its pictures are the same"
    for name, sign in (("precision", -1), ("recall", 1)):
        idea, control = (
            [each[name]["value"] for each in results[run]] for run in ("loss_sensitive", "loss_sensitive_no_margin")
        )
        assert min(sign * np.array(idea)) > max(sign * np.array(control))


def test_regularised_in_the_gallery():
    """Three seeds without R1; those of the other rows are looked at in test_what_keeps_the_digits."""
    left = [measured.score(run, 300_000, "classes_covered") for run in long_runs.load_results()["adam"]]
    says("gan_tf/zoo", f"{np.mean(left):.0f} of the ten are left on average after 300,000 iterations.")
    proposals = [name for name in regularised.OPTIONS if name not in ("r1", "d_lr", "g_lr")]
    assert len(proposals) == 5
    says("gan_tf/zoo", "has five more proposals", "A weight of 1 is better than the default of 0.1 (two seeds).")
    assert regularised.OPTIONS["r1"][0] == 0.1


def test_r3gan_in_the_gallery():
    """Its FID is the lowest of all runs there, and by how much."""
    results = zoo.load_results()
    distances = {
        run: [each["metrics"]["samples"]["frechet_distance"]["value"] for each in found]
        for run, found in results.items()
        if "frechet_distance" in found[0]["metrics"].get("samples", {})
    }
    lowest = sorted(distances, key=lambda run: min(distances[run]))
    assert lowest[:4] == ["r3gan", "conditional_no_wrong_digits", "conditional", "infogan"]
    wrong, asked, infogan, dcgan = (
        distances[run][0] for run in ("conditional_no_wrong_digits", "conditional", "infogan", "dcgan")
    )
    speed = json.loads((record.RESULTS / "speed" / "convolutions.json").read_text())
    r3gan, ours = (speed["operations"][name] / 1e9 for name in ("r3gan", "dcgan"))
    rate = statistics.median(speed["speeds"]["r3gan"]["1"])
    (found,) = results["r3gan"]
    says(
        "gan_tf/zoo",
        f"which sees labels ({wrong:.1f} and {asked:.1f}), and of InfoGAN ({infogan:.1f}). DCGAN has {dcgan:.1f}, real",
        f"{r3gan:.1f} billion operations instead of DCGAN's {ours:.1f}, with half as many images",
        f"The {found['minutes']:.0f} minutes are those of a slow core",
        f"Alone it does {rate:.1f} iterations a second ([table](../../experiments/EVIDENCE.md#convolutions)), so "
        f"40,000 take {40_000 / rate / 60:.0f} minutes.",
    )


def test_controls_of_r3gan_and_sngan():
    """FID of the short runs, in the gallery and in the lessons."""
    results = zoo.load_results()

    def of(run, name="frechet_distance"):
        (found,) = results[run]
        return found["metrics"]["samples"][name]["value"]

    four = [of(run) for run in ("r3gan_short", "r3gan_no_pairing", "r3gan_no_r1", "r3gan_no_r2")]
    said = "FID is {}{:.1f}; without pairs it is {:.1f}, without R1 {:.1f}, without R2 {:.1f}."
    says("gan_tf/zoo", said.format("then ", *four))
    says("experiments", "FID is {:.1f}, without pairs {:.1f}, without R1 {:.1f}, without R2 {:.1f}.".format(*four))
    assert max(four) < 8 < of("dcgan_short"), "near to one another"
    neither, others = of("r3gan_no_penalties"), of("r3gan_dcgan")
    says("gan_tf/zoo", f"with DCGAN's networks FID is {others:.0f} after as many iterations, though recall is higher.")
    assert others > 2 * max(four) and of("r3gan_dcgan", "recall") > of("r3gan_short", "recall") + 0.1
    says("gan_tf/zoo", f"same pattern after 8,000 iterations, and FID is {neither:.0f}. D's loss is then below 1e-12:")
    says("experiments", f"But without both penalties all pictures are the same, and FID is {neither:.0f}.")
    assert of("r3gan_no_penalties", "spread") < 1e-3
    assert results["r3gan_no_penalties"][0]["losses"]["d_loss"][-1] < 1e-12
    short, clip = of("sngan_short"), of("sngan_clip")
    says(
        "gan_tf/zoo",
        f"which has FID {of('dcgan_short'):.0f}.",
        f"and some digits; FID is {short:.0f}. With weight clipping, the older bound, FID is {clip:.0f}.",
    )
    says("experiments", f"all pictures are the same without the norm. With it, FID is {short:.0f}.")
    assert of("sngan_no_spectral_norm", "classifier_score") < 1.02 and of("sngan_no_spectral_norm", "spread") < 0.02
    for run in ("r3gan_short", "r3gan_no_pairing", "r3gan_no_r1", "r3gan_no_r2", "r3gan_no_penalties", "sngan_short"):
        assert results[run][0]["iterations"] == (8000 if run.startswith("r3gan") else 4000)


def test_the_heads():
    results = heads.load_results()
    assert set(results) == set(heads.RUNS), "all are measured"
    readme = (TOP / "gan_tf" / "zoo" / "README.md").read_text()
    assert heads.table(results) in readme
    samples = {run: result["metrics"]["samples"] for run, result in results.items()}
    clear, fid = ({run: of[name]["value"] for run, of in samples.items()} for name in ("clear", "frechet_distance"))
    real = results["dcgan"]["metrics"]["real"]
    asked = results["conditional"]["metrics"]["samples"]["read_as_asked"]["value"]
    says(
        "gan_tf/zoo",
        f"Of the real heads {real['clear']['value']:.1%} are clear, of DCGAN's {clear['dcgan']:.1%}.",
        f"FID is {fid['dense'] / fid['dcgan']:.0f} times as large with the reference's dense networks.",
        f"Without batch normalisation in G it is {fid['dcgan_no_batch_norm']:.0f} instead of {fid['dcgan']:.0f},",
        f"{asked:.1%} of the conditional GAN's heads have the hair that they were asked for.",
    )
    for run in ("dcgan", "dcgan_no_batch_norm", "conditional"):  # "all hair colours come about equally often"
        shares = np.array(results[run]["class_histogram"]) * 8
        assert 0.5 < shares.min() and shares.max() < 2, run
    assert results["dcgan"]["minutes"] < 60
    assert 16_000 / 40_000 * results["dcgan"]["minutes"] == pytest.approx(20, rel=0.15)  # of the default --iters
    says("", "This takes about 20 minutes on one core.")
    says("gan_tf/data", f"`--iters=40000` took {results['dcgan']['minutes']:.0f} minutes on one core")
    assert all(result["machine"].endswith("1 core") for result in results.values())
