"""Claim: with the best D, G's minimax gradient vanishes as G moves away from the data; the non-saturating one grows.

python -m experiments.theory.vanishing_gradient

Data are N(0, 1). G is a shift, G(z) = z + μ with z ~ N(0, 1). So μ is the distance, and G has one gradient, dL/dμ. The
best D has the logit log p_data / p_g = μ²/2 - μ x. Its slope is -μ. This gives

    minimax,         L = E log(1 - D(G(z))):   dL/dμ = μ E D(G(z))
    non-saturating,  L = -E log D(G(z)):       dL/dμ = μ E (1 - D(G(z)))

First the best D, by quadrature: the formulas, and the slopes of the two losses. Then a D that was trained at each
distance. At 6 that D is less steep than the best one, because hardly a sample lies between the two to say how steep it
must be; so there only the order of the non-saturating gradient is predicted. The control is a D before training.
Source: Goodfellow et al. 2014, section 3, end; Arjovsky and Bottou 2017 (arXiv:1701.04862), theorem 2.4.
"""

import numpy as np

from experiments import figures
from experiments.theory import claim
from experiments.theory.maximum_likelihood import log_normal

CLAIM = "With the best D, G's minimax gradient vanishes as the distance grows; the non-saturating gradient grows."
DISTANCES = (2, 3, 4, 6, 8)
TRAINED = (2, 3, 4, 6)  # at 8, fewer than one sample in 10,000 lies where the best D is unsure: nothing to learn from
NAMES = ("minimax", "non-saturating")
X = np.linspace(-10, 20, 30_001)


def mean(values, mu):
    """The mean of a function of G's samples, by quadrature; `values` is the function on the grid X."""
    return np.sum(np.exp(log_normal(X, mu, 1.0)) * values) * (X[1] - X[0])


def best_logit(mu):
    """The logit of the best D at distance `mu`, on the grid X."""
    return mu**2 / 2 - mu * X


def best_gradients(mu):
    """(minimax gradient, non-saturating gradient) of μ with the best D, by the formulas."""
    mean_d = mean(1 / (1 + np.exp(-best_logit(mu))), mu)
    return mu * mean_d, mu * (1 - mean_d)


def slopes(mu, h=1e-3):
    """The same two gradients, as the slopes of the two losses when G moves and the best D stays."""
    logit = best_logit(mu)
    losses = (-np.logaddexp(0, logit), np.logaddexp(0, -logit))
    return tuple((mean(loss, mu + h) - mean(loss, mu - h)) / (2 * h) for loss in losses)


def gradients(discriminator, mu):
    """(minimax gradient, non-saturating gradient) of μ with the network `discriminator`, over 200,000 samples of G."""
    import tensorflow as tf

    from gan_tf.objectives.losses import LOSSES

    z, mu = tf.random.stateless_normal([200_000, 1], [9, 9]), tf.constant(float(mu))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(mu)
        logits = discriminator(z + mu)
        losses = [LOSSES[name][1](logits) for name in ("minimax", "non_saturating")]
    return tuple(abs(float(tape.gradient(loss, mu))) for loss in losses)


def train(mu, steps, batch=2048):
    """A D that was trained to tell N(0, 1) from N(mu, 1)."""
    import keras
    import tensorflow as tf

    from gan_tf.objectives.losses import LOSSES

    discriminator = claim.make_network([1, 64, 1], seed=3)

    def d_loss(i):
        real, noise = tf.unstack(tf.random.stateless_normal([2, batch, 1], [5, i]))
        return LOSSES["non_saturating"][0](discriminator(real), discriminator(noise + mu))

    rate = keras.optimizers.schedules.CosineDecay(0.02, steps)
    claim.minimise(d_loss, discriminator.trainable_variables, steps, keras.optimizers.Adam(rate))
    return discriminator


def measure(report, steps=3000, trained=TRAINED):
    """Takes G's gradients at each distance: by quadrature, with a trained D, with an untrained D. Draws them."""
    best = np.array([best_gradients(mu) for mu in DISTANCES])
    for mu, row in zip(DISTANCES, best, strict=True):
        for name, predicted, slope in zip(NAMES, row, slopes(mu), strict=True):
            report.check(f"distance {mu}, best D: {name} gradient", predicted, slope, 1e-5 * predicted)
    far_by_near = f"gradient at {DISTANCES[-1]}, divided by that at {DISTANCES[0]}"
    report.check_between(f"best D: minimax {far_by_near}", 0, 0.001, best[-1, 0] / best[0, 0])
    report.check_between(f"best D: non-saturating {far_by_near}", 4, np.inf, best[-1, 1] / best[0, 1])
    found = np.array([gradients(train(mu, steps), mu) for mu in trained])
    for mu, (minimax, non_saturating) in zip(trained, found, strict=True):
        predicted = best_gradients(mu)
        what = f"distance {mu}, trained D:"
        report.check(f"{what} minimax gradient", predicted[0], minimax, 0.15 * predicted[0])
        if mu < 6:
            report.check(f"{what} non-saturating gradient", predicted[1], non_saturating, 0.15 * predicted[1])
        else:
            report.check_between(f"{what} non-saturating gradient", predicted[1] / 3, predicted[1], non_saturating)
    network = claim.make_network([1, 64, 1], seed=3)
    untrained = np.array([gradients(network, mu) for mu in DISTANCES])
    for mu, row in zip(DISTANCES, untrained, strict=True):
        report.note(f"distance {mu}, untrained D: minimax; non-saturating", "{:.3g}; {:.3g}".format(*row))
    ratio = untrained[-1, 0] / untrained[0, 0]
    report.check_between(f"control, untrained D: minimax {far_by_near}", 0.5, 2, ratio)
    return draw(best, trained, found, untrained)


def draw(best, trained, found, untrained):
    """The figure: on the left why, on the right both gradients over the distance."""
    import matplotlib.figure

    figure = matplotlib.figure.Figure(figsize=(8.5, 4.2))
    figure.suptitle("Far from the data, the minimax loss gives G no gradient")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.25))
    left.fill_between(X, np.exp(log_normal(X, 0, 1)), color="0.8")
    left.fill_between(X, np.exp(log_normal(X, 6, 1)), color="C4", alpha=0.5)
    left.text(0, 0.42, "data", ha="center")
    left.text(6, 0.42, "G", ha="center")
    left.plot(X, 1 / (1 + np.exp(-best_logit(6))), color="black")
    left.text(3.5, 0.85, "best D(x)\nis flat at G")
    left.set(xlim=(-4, 10), ylim=(0, 1.05), xlabel="x", ylabel="density; D(x)", title="Distance 6")
    for number, (name, marker) in enumerate(zip(NAMES, "os", strict=True)):
        color = f"C{1 - number}"
        right.plot(DISTANCES, best[:, number], color=color, label=f"{name}, best D")
        right.plot(trained, found[:, number], marker, color=color, label=f"{name}, trained D")
        right.plot(DISTANCES, untrained[:, number], ":", color=color, label=f"{name}, untrained D")
    right.set(yscale="log", xlabel="distance μ between G and the data", ylabel="size of G's gradient, |dL / dμ|")
    right.set(title="G's gradient", ylim=(2e-4, 20))
    figures.legend_below(figure, right, columns=2)
    return figure


if __name__ == "__main__":
    claim.run(measure, CLAIM)
