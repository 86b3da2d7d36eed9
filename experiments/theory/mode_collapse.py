"""Claim: on a ring of eight Gaussians the reference collapses; with Adam for D the same loss covers all modes.

python -m experiments.theory.mode_collapse

Eight Gaussians of deviation 0.1 on the unit circle; G is 100-64-64-2, D 2-64-64-1. A mode is covered if at least 1% of
2000 samples are within three deviations of it, and good samples are those within three of any. Every objective trains
as --loss would on images, with its recipe, and the reference's loss with Adam for D, too. Predicted is what those of
the Jensen-Shannon divergence do; what the others do in so few iterations is only shown. Last two remedies that
introductions name: a GAN for each mode, here with Adam, and more varied data, here Gaussians three times as wide, for
the reference's pair, which does not help it. Source of the ring: Metz et al. 2016 (arXiv:1611.02163), section 3.1.
"""

import numpy as np

from experiments.theory import claim

CLAIM = "Of a ring's eight modes the reference's pair covers next to none, wide ones too; Adam or a GAN a mode, all."
MODES, SIGMA, BATCH = 8, 0.1, 128
CENTRES = np.stack([f(2 * np.pi * np.arange(MODES) / MODES) for f in (np.cos, np.sin)], axis=1)
ADAM = "non_saturating, Adam"
PREDICTED = ("minimax", "fgan_js", ADAM)  # all three measure the Jensen-Shannon divergence


def ring(n, modes=range(MODES), seed=0, sigma=SIGMA):
    """`n` points of the Gaussians numbered `modes`, of deviation `sigma`, float32 [n, 2]."""
    random = np.random.default_rng(seed)
    points = CENTRES[random.choice(list(modes), n)] + random.normal(0, sigma, [n, 2])
    return points.astype(np.float32)


def coverage(samples):
    """(number of modes covered, share of good samples) of points [n, 2]."""
    distances = np.linalg.norm(samples[:, None] - CENTRES, axis=-1)
    good = distances.min(axis=1) < 3 * SIGMA
    counts = np.bincount(distances.argmin(axis=1)[good], minlength=MODES)
    return int((counts >= 0.01 * len(samples)).sum()), float(good.mean())


def make(loss, recipe):
    """(generator, a step of training it, all that the step changes), the generator always with the same weights."""
    from gan_tf import optimizers
    from gan_tf.objectives import critics

    networks = [claim.make_network([100, 64, 64, 2], 1), claim.make_network([2, 64, 64, 1], 2)]
    networks += [optimizers.make_optimizer(name) for name in (recipe.g_optimizer, recipe.d_optimizer)]
    step = critics.make_critic_step(*networks, loss, recipe.d_steps)
    return networks[0], step, sum((each.variables for each in networks), [])


def draw(generator):
    """2000 samples, always of the same noise."""
    from gan_tf.noise import EVALUATION_NOISE, uniform_noise

    return generator(uniform_noise(0, EVALUATION_NOISE, 0, [2000, 100])).numpy()


def train(loss, recipe, data, iters, every):
    """Trains new networks on `data`; returns 2000 samples after each `every` iterations, [iters / every, 2000, 2]."""
    from gan_tf import training

    generator, step, _ = make(loss, recipe)
    train_block = training.make_train_block(step, data, BATCH, 0, every, d_steps=recipe.d_steps)
    samples = []
    for first in range(0, iters, every):
        train_block(first, every)
        samples.append(draw(generator))
    return np.array(samples)


def train_one_each(recipe, iters):
    """Trains a generator for each mode alone, always from the same weights; returns 250 samples of each, [2000, 2]."""
    from gan_tf.noise import iteration_noise

    generator, step, variables = make("non_saturating", recipe)  # compiled once for all of them
    initial, samples = [variable.numpy() for variable in variables], []
    for mode in range(MODES):
        for variable, value in zip(variables, initial, strict=True):
            variable.assign(value)
        batches = ring(iters * BATCH, [mode], mode).reshape(iters, BATCH, 2)
        noise = iteration_noise(mode, 0, iters, BATCH)
        for real, (d_noise, g_noise) in zip(batches, noise, strict=True):
            step(real, d_noise, g_noise)
        samples.append(draw(generator)[::MODES])
    return np.concatenate(samples)


def measure(report, iters=2500, every=500, losses=None):
    """Trains with every objective, or those in `losses`, and counts modes along the way; then tries the remedies."""
    import matplotlib.figure

    from gan_tf.objectives.recipes import RECIPES, Recipe

    data = ring(50_000)
    found = {}
    recipes = {**RECIPES, ADAM: Recipe()}
    for name, recipe in ((name, recipes[name]) for name in losses or recipes):
        found[name] = train(name.split(",")[0], recipe, data, iters, every)
        modes, good = coverage(found[name][-1])
        if name == "non_saturating":
            report.check_between("modes of 8, the reference's pair", 0, 2, modes)
        elif name in PREDICTED:
            report.check_between(f"modes of 8, {name}; {good:.2f} of the samples good", 7, 8, modes)
        else:
            report.note(f"modes of 8, {name}; {good:.2f} of the samples good", modes)
    remedy = train_one_each(Recipe(), every)
    modes, good = coverage(remedy)
    report.check_between(f"modes of 8, one GAN for each; {good:.2f} of the samples good", 8, 8, modes)
    wide = train("non_saturating", RECIPES["non_saturating"], ring(50_000, sigma=3 * SIGMA), iters, iters)[-1]
    report.check_between("modes of 8, the reference's pair, modes three times as wide", 0, 2, coverage(wide)[0])

    figure = matplotlib.figure.Figure(figsize=(12, 6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1, 2))
    axes = left.subplots(2, sharex=True)
    for name, samples in found.items():
        modes, good = np.transpose([coverage(each) for each in samples])
        axes[0].plot(every * np.arange(1, len(samples) + 1), modes, label=name, lw=1)
        axes[1].plot(every * np.arange(1, len(samples) + 1), good, lw=1)
    axes[0].set(ylabel="modes covered")
    axes[1].set(ylabel="share of good samples", xlabel="iteration")
    shown = {**{name: samples[-1] for name, samples in found.items()}, "one GAN a mode": remedy, "wide modes": wide}
    panels = right.subplots(3, 4).ravel()
    for panel in panels[len(shown) :]:
        panel.axis("off")
    for panel, (name, samples) in zip(panels, shown.items(), strict=False):
        panel.plot(*CENTRES.T, "k+", ms=3)
        panel.plot(*samples[:: max(1, len(samples) // 500)].T, ".", ms=1)
        panel.set(xlim=(-1.7, 1.7), ylim=(-1.7, 1.7), xticks=[], yticks=[])
        panel.set_title(name, fontsize=8)
    left.legend(*axes[0].get_legend_handles_labels(), fontsize=6, loc="outside lower center", ncols=2)
    return figure


if __name__ == "__main__":
    claim.run(measure, CLAIM)
