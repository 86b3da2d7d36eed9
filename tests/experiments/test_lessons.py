"""The page of the lessons: its order and form, and the numbers in the solutions of its exercises."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from command_line import command
from test_sentences import says

from experiments import exercises, record
from experiments.mnist import long_runs, measured, reproduce_blog, stacked
from experiments.theory import (
    fractional_strides,
    maximum_likelihood,
    mode_collapse,
    nash,
    old_discriminator,
    one_point,
    vanishing_gradient,
)
from experiments.theory import table as theory
from gan_tf.metrics import scores
from gan_tf.objectives.losses import LOSSES

PAGE = (Path(record.__file__).parent / "README.md").read_text()
PARTS = dict(re.findall(r"^## (.*)\n((?:(?!^## ).*\n?)*)", PAGE, re.MULTILINE))


def lessons(part):
    """The lessons of a part of the page: {title: text}."""
    return dict(re.findall(r"^### (.*)\n((?:(?!^### ).*\n?)*)", PARTS[part], re.MULTILINE))


def solution(title):
    """The solution of a lesson's exercise, as one line."""
    (text,) = (of[title] for of in map(lessons, PARTS) if title in of)
    (found,) = re.findall(r"<details><summary>Solution</summary>\n\n(.*?)\n\n</details>\n", text, re.DOTALL)
    return " ".join(found.split())


def test_lessons_first():
    """In the order of a course, then assignments, the plan, measures, and the commands."""
    *course, assignments, plan, measures, commands = PARTS
    assert [title[:2] for title in course] == ["1.", "2.", "3.", "4.", "5."]
    assert [assignments, plan] == ["Assignments", "A plan for a lecturer"]
    assert [measures, commands] == ["Measures", "All commands"]
    links = re.findall(r"\]\((#[^)]*)\)", PAGE.split("## 1.")[0])
    titles = [title for part in course for title in (part, *lessons(part))]
    assert links[: len(titles)] == [
        "#" + re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles
    ], "the contents name each lesson, in the order of the page"
    for name in theory.ROWS:  # each claim has its lesson
        assert any(f"results/theory/{name}.png)" in PARTS[part] for part in course), name


def test_tables_have_at_most_seven_columns():
    heads = re.findall(r"^(\|.*\|)\n\|---", PAGE, re.MULTILINE)
    assert len(heads) >= 10
    for head in heads:
        assert head.count("|") - 1 <= 7, head


def test_each_exercise_has_a_folded_solution():
    with_exercise = [
        title for part in list(PARTS)[:5] for title, text in lessons(part).items() if "**Exercise.**" in text
    ]
    assert len(with_exercise) >= 20 and set(lessons(list(PARTS)[4])) - set(with_exercise) == {"Few pictures"}
    for part in list(PARTS)[:4]:
        assert set(lessons(part)) <= set(with_exercise)
    for title in with_exercise:
        assert re.search(r"\d", solution(title)), title
    assert PAGE.count("**Exercise.**") == PAGE.count("<details>") == PAGE.count("</details>") == len(with_exercise)
    assert "**Try" not in PAGE and "TODO" not in PAGE


def test_formulas_use_the_signs_of_the_page():
    assert not re.search(r"\bp q\b|\bp \+ q\b|\bp uniform\b", PAGE)
    says(
        "experiments",
        "p_data is the distribution of the real data, p_g that of G's samples.",
        "p_data p_g / (p_data + p_g)",
    )


def test_solutions_of_part_1(monkeypatch):
    assert f"V = -2 log 2 = {-2 * math.log(2):.3f}." in solution("The best discriminator")
    monkeypatch.setattr(old_discriminator, "START", 4.0)
    best = 4.0**2 / 2 - 4.0 * old_discriminator.X
    values = np.array([old_discriminator.says(best, 4.0 - step) for step in old_discriminator.STEPS])
    crossing = old_discriminator.crossing(values)
    found = solution("The old discriminator")
    assert found.startswith(f"At {crossing:.2f}, less than half of the way. At first the old D says {values[0]:.3f}.")
    assert f"At the step of {crossing:.2f} the old D says 0, while the true divergence is still " in found
    assert f"is still {old_discriminator.divergence(4 - crossing):.3f}." in found
    minimax, other = vanishing_gradient.best_gradients(10)
    found = solution("The vanishing gradient")
    assert f"close to μ: {other:.1f}. The minimax gradient is {minimax:.1e}." in found
    assert f"That is {vanishing_gradient.best_gradients(8)[0] / minimax:.0f} times less than at 8." in found
    monkeypatch.setattr(maximum_likelihood, "MODES", (-1.0, 1.0))
    found = solution("Maximum likelihood")
    forward = 0.2, math.sqrt(0.7**2 + 0.4 * 1.2**2 + 0.6 * 0.8**2)
    assert maximum_likelihood.fit(True, -4.0, 1.0) == pytest.approx(forward, abs=1e-3)
    assert "gives mean {:.3f} and deviation {:.3f}, still".format(*forward) in found
    ends = np.array(
        [maximum_likelihood.fit(False, *start) for start in ((-4.0, 1.0), (-1.5, 1.0), (2.0, 1.0), (4.5, 2.0))]
    )
    assert (
        np.ptp(ends, axis=0).max() < 1e-3 and "gives {:.3f} and {:.3f}, from all four starts".format(*ends[0]) in found
    )


def test_solutions_of_part_2():
    runs = [reproduce_blog.load_results()[f"adadelta_0.1-{seed}"] for seed in range(3)]
    spreads, classes = (
        [reproduce_blog.score(run, 50_000, name) for run in runs] for name in ("spread", "classes_covered")
    )
    found = solution("D's optimizer and learning rate")
    assert "spreads are {:.3f}, {:.3f} and {:.3f}, with".format(*spreads) in found
    assert "with {:.0f}, {:.0f} and {:.0f} classes:".format(*classes) in found
    says("experiments", f"With `--d_lr=0.1` the spread is {measured.plus_minus(spreads)}. What do you expect")
    found = solution("Mode collapse")
    noise, circle = 8 * math.pi * 0.2**2 / 3**2, 8 * 4 * math.asin(0.1) / (2 * math.pi)
    many = mode_collapse.controls(200_000)
    for name, share in (("noise", noise), ("a circle", circle)):
        assert mode_collapse.coverage(many[f"control: {name}"])[1] == pytest.approx(share, abs=0.004)
        assert f"= {share:.3f} " in found
    rows = theory.load_results()["mode_collapse"]["rows"]
    for name in ("control: noise", "circle"):
        assert f"(measured: {theory.fill(f'[{name}: share]', rows, 'measured')})" in found
    assert f"8 modes and {float(theory.fill('[gp: share]', rows, 'measured')):.0%}." in found
    growth = np.hypot(*nash.play(1000, False, rate=0.01)[-1]) / np.hypot(1, 1)
    assert f"(1 + η²)^500 = 1.0001^500 = {growth:.4f}." in solution("Nash equilibrium")
    found, values = solution("The GAN of one point"), [each.real for each in one_point.eigenvalues(False, 0.6)]
    assert f"-0.6 ± √0.11 = {values[1]:.3f} and {values[0]:.3f}." in found
    assert (
        f"exp({values[1]:.3f}) = {math.exp(values[1]):.2f}. With γ = 0.3 it is exp(-0.3) = {math.exp(-0.3):.2f}."
        in found
    )
    assert f"exp(-1/2) = {math.exp(-0.5):.2f}" in found
    path = one_point.play(6000, False, 0.6)
    assert (path[3000:] > 0).all() or (path[3000:, 0] * path[3000:, 1] < 0).all(), "it does not turn any more"
    (far, near) = (np.hypot(*path[step]) for step in (4000, 5000))
    assert near / far == pytest.approx(math.exp(10 * values[1]), rel=0.02)
    real, fake = np.float32([[0.8], [0.8]]), np.float32([[0.3], [0.3]])
    d_loss, g_loss = float(LOSSES["lsgan"][0](real, fake)), float(LOSSES["lsgan"][1](fake))
    assert f"½ · 0.2² + ½ · 0.3² = {d_loss:.3f}, G's loss is ½ · 0.7² = {g_loss:.3f}." in solution("Other objectives")
    results = long_runs.load_results()
    without, with_r1 = (results[name][0]["stages"]["100000"]["class_histogram"] for name in ("adam", "r1_0.1"))
    rare = [digit for digit, share in enumerate(without) if share < 0.01]
    assert rare == [4, 6, 7] and np.argmax(without) == 3
    found = solution("What keeps the digits")
    assert "a 4, a 6 or a 7 ({:.1%}, {:.1%} and {:.1%})".format(*(without[digit] for digit in rare)) in found
    assert f"and {without[3]:.0%} are a 3. With R1 every digit has at least {min(with_r1):.1%}." in found


def test_solutions_of_part_3_and_4():
    classes = np.repeat(np.arange(10), [900, *[100] * 9])  # half and half
    score = scores.classifier_score(np.eye(10)[classes])  # its ten parts have the same shares
    assert f"½ log 2 + ½ log 18 = log {score[0]:.0f}, so it is {score[0]:.0f}." in solution(
        "The blind spot of the Inception score"
    )
    zeros = fractional_strides.with_zeros(fractional_strides.IMAGE, 2, 3)[2:5, 2:5]
    corners = [zeros[::2, ::2].ravel(), fractional_strides.KERNEL[::-1, ::-1][::2, ::2].ravel()]
    assert zeros.sum() == zeros[::2, ::2].sum()
    found = solution("Fractional strides")
    assert " + ".join(f"{a} · {b}" for a, b in zip(*corners, strict=True)) + f" = {corners[0] @ corners[1]}." in found
    flat = fractional_strides.convolve(
        fractional_strides.with_zeros(np.ones([3, 3], int), 2, 3), fractional_strides.KERNEL[::-1, ::-1]
    )
    assert flat[2, 2:6].tolist() == [5, 2, 5, 2] and flat[3, 1:].tolist() == [1, -1] * 3
    a, b = np.random.default_rng(0).uniform(-0.5, 0.5, [2, 200_000])
    assert np.abs(a - b).mean() == pytest.approx(1 / 3, abs=0.002)
    rows = theory.load_results()["covariate_shift"]["rows"]
    shift = theory.fill("[with moving noise: shift]", rows, "measured").split(";")[0]
    assert f"The measured {shift} is near it." in solution("Covariate shift")
    found, deviation = solution("One pixel"), math.sqrt(0.25 / 1000)
    rows = theory.load_results()["pixel_distance"]["rows"]
    untrained, trained = (float(theory.fill(f"[{name}]", rows, "measured")) for name in ("untrained", "DCGAN"))
    assert f"= {deviation:.4f}." in found and f"The untrained D is {(untrained - 0.5) / deviation:.1f} of them" in found
    assert f"The D of the DCGAN is {(0.5 - trained) / deviation:.1f} away" in found
    says("experiments", f"the untrained D ({untrained:.3f}) and the D of the DCGAN ({trained:.3f}) differ")
    rows = theory.load_results()["discriminator_as_classifier"]["rows"]
    with_adam, random, pixels = (
        [float(number) for number in theory.fill(f"[{name}: accuracy]", rows, "measured").split(";")[0].split(" ± ")]
        for name in ("Adam", "random D", "pixels")
    )
    found = solution("D as a classifier")
    says("experiments", *("{:.4f} ± {:.4f}".format(*each) for each in (with_adam, random, pixels)))
    errors = [math.hypot(with_adam[1], other[1]) / math.sqrt(10) for other in (random, pixels)]
    gain, lead = float(theory.fill("[500 labels: D trained]", rows, "measured")), pixels[0] - with_adam[0]
    assert f"/ √10 = {errors[0]:.4f}. The gain of {gain:.4f} is {gain / errors[0]:.1f} of that: chance." in found
    assert f"The lead of the pixels, {lead:.4f}, is {lead / errors[1]:.1f} of its {errors[1]:.4f}: no chance." in found
    assert f"(32 + 64 + 128) channels = {16 * (32 + 64 + 128):,} features." in solution("What DCGAN's D knows")


def test_the_channels_of_dcgans_d():
    """Those of the solution, by the width that --run_dir has by default."""
    from gan_tf.zoo import dcgan

    network = dcgan.make_discriminator(1, (28, 28, 1), width=dcgan.OPTIONS["width"][0])
    found = [layer.output.shape[-1] for layer in network.layers if type(layer).__name__ == "LeakyReLU"]
    assert found == [32, 64, 128]


def test_solutions_of_part_5():
    kernel, u, estimates = np.array([[3.0, 0.0], [4.0, 5.0]]), np.array([1.0, 0.0]), []
    for _ in range(2):
        v = kernel @ u / np.linalg.norm(kernel @ u)
        u = kernel.T @ v / np.linalg.norm(kernel.T @ v)
        estimates.append(v @ kernel @ u)
    found = solution("Spectral normalisation")
    assert (
        "√41 = {:.3f}. The second is {:.3f}. The true value is √45 = {:.3f}.".format(
            *estimates, np.linalg.svd(kernel)[1][0]
        )
        in found
    )
    alone, slope = math.log1p(math.exp(-5)), 1 / (1 + math.exp(5))
    found = solution("Pairs and penalties")
    assert f"softplus(-5) = {alone:.4f}, and the derivative is -{slope:.4f}." in found
    assert (
        f"softplus(0) = {math.log(2):.3f}, and the derivative is -0.5. It is {0.5 / slope:.0f} times as large." in found
    )
    random = np.random.default_rng(0)
    by_chance = np.mean([
        scores.divergence_from_uniform(np.bincount(random.integers(0, 1000, 26_000), minlength=1000) / 26_000)
        for _ in range(20)
    ])  # fmt: skip
    assert by_chance == pytest.approx(999 / 52_000, rel=0.05)
    half = scores.divergence_from_uniform(np.repeat([1 / 500, 0], 500))
    assert f"= {999 / 52_000:.3f}. With 500 of 1,000 kinds it is log 2 = {half:.3f}." in solution("Stacked MNIST")
    values = [modes for name, modes, *_ in stacked.PUBLISHED if name == "DCGAN"]
    says(
        "experiments", "found {} of 1,000 modes in one paper (Srivastava et al. 2017) and {} in another".format(*values)
    )
    results = stacked.load_results()
    assert stacked.table(results) in PARTS["5. After 2018"]
    modes, divergence = (
        {run: found[0]["metrics"]["samples"][name]["value"] for run, found in results.items()}
        for name in stacked.SCORES
    )
    real = results["r3gan"][0]["metrics"]["real"]["modes_divergence"]["value"]
    says(
        "experiments",
        f"draws all {modes['r3gan']:,} kinds, but not equally often: KL is {divergence['r3gan']:.2f}, and that of real "
        f"digits {real:.3f}. After 4,000 iterations it draws {modes['r3gan_short']}, without pairs "
        f"{modes['r3gan_no_pairing']}, without R1 {modes['r3gan_no_r1']}, without R2 {modes['r3gan_no_r2']}, and "
        f"{modes['r3gan_no_penalties']} without its two penalties.",
        f"With DCGAN's networks and R3GAN's loss it draws {modes['r3gan_dcgan']:,}, in "
        f"{results['r3gan_dcgan'][0]['minutes']:.0f} minutes: KL is {divergence['r3gan_dcgan']:.2f}. SNGAN draws "
        f"{modes['sngan']} by then, and the script's dense networks {modes['dense']}.",
        f"Ours draws {modes['dcgan']} after 4,000 iterations, with batches of 16 instead of 64 images "
        f"{modes['dcgan_batch_16']}.",
        f"a quarter of the channels in both networks it draws {modes['dcgan_narrow']}, and without batch normalisation "
        f"{modes['dcgan_no_batch_norm']}.",
    )
    rows = re.findall(r"^\| (\w+) \(20\d\d\) \|[^|]*\|[^|]*\| (\d+) \|", PARTS["5. After 2018"], re.MULTILINE)
    hours = [50_000 * int(count) * 0.005 / 3600 for name, count in rows if name in ("ADM", "EDM")]
    assert "= {:.1f} hours. EDM: {:.1f} hours. R3GAN: 250 seconds.".format(*hours) in solution(
        "Next to diffusion models"
    )


def test_solutions_that_were_run():
    """Their numbers are those of the committed results, made by python -m experiments.exercises."""
    results = exercises.load_results()

    def row(name, part):
        (value,) = (each["measured"] for each in results[name]["rows"] if part in each["what"])
        return value

    found = solution("Three distances between distributions")
    assert f"A trained D says {row('divergences', '0.03125: JS by')}, and log 2 = {math.log(2):.4f}." in found
    rows = results["collapse"]["rows"]
    at, spreads = rows["iteration of the warning"], rows["spreads"]
    real = rows["spread of real images"]
    assert solution("The blog's run, reproduced") == (
        f"At iteration {at:,}. Then the spread of 16 samples is {spreads[str(at)]:.4f}. That is less than 5% of the "
        f"real images' spread, {real}. 1,000 iterations before, it was {spreads[str(at - 1000)]:.3f}."
    )
    assert spreads[str(at)] < 0.05 * rows["spread of real images"] < spreads[str(at - 1000)]
    rows = results["mode_collapse"]["rows"]
    assert (
        f"G covers {rows['modes of 8']} of 8 modes, with {rows['share of good samples']:.0%} good samples."
        in solution("Mode collapse")
    )
    fids = row("few_images", "FID of real and real images with 50, 10000").split(", ")
    assert f"The command says {fids[0]}." in solution("FID with few images")
    alone, among = row("mixed_batches", "with batch normalisation: mean logit").split(", ")
    without = row("mixed_batches", "without batch normalisation: mean logit").split(", ")
    assert without[0] == without[1]
    assert (
        f"the mean logit of the 6 generated images is {alone} in a batch of their own, and {among} among the 250 real "
        f"ones. Without it, both are {without[0]}."
    ) in solution("Mixed batches")


def test_a_line_is_changed_once():
    text = "A = 1\nB = 2  # A = 1\n"
    assert exercises.change(text, "A = ", "A = [3]\\1") == "A = [3]\\1\nB = 2  # A = 1\n"
    for begin in ("C = ", "= "):
        with pytest.raises(AssertionError, match="0 lines begin with"):
            exercises.change(text, begin, "")
    for name, (begin, line) in exercises.CHANGES.items():
        path = Path(record.__file__).parent / "theory" / f"{name}.py"
        assert line in exercises.change(path.read_text(), begin, line)


def test_the_changes_are_those_of_the_page():
    lines = {name: line for name, (_, line) in exercises.CHANGES.items()}
    in_words = {
        "vanishing_gradient": "DISTANCES = (2, 3, 4, 6, 8, 10)",
        "maximum_likelihood": "MODES, SIGMA, SHARES = (-1.0, 1.0), 0.7, (0.4, 0.6)",
        "few_images": "SIZES = (50, 100, 200, 500, 1000, 2000, 5000, COUNT)",
        "fractional_strides": "IMAGE = np.ones([3, 3], int)",
    }
    assert {name: lines.pop(name) for name in in_words} == in_words
    for line in lines.values():
        assert f"`{line}`" in PAGE, line


def test_help_lists_the_exercises():
    """All names stand in a sentence, not as a list of Python's."""
    shown = " ".join(command("experiments.exercises", "--help", cwd=record.RESULTS.parents[1]).stdout.split())
    assert f"The exercises to run. Unset: {', '.join(exercises.NAMES)}. --data_dir" in shown
    assert "[" not in shown.partition("Flags:")[2]
