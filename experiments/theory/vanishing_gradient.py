"""Claim: as D nears its optimum, G's gradient vanishes under the minimax loss, and not under the non-saturating one.

python -m experiments.theory.vanishing_gradient

Data are N(0, 1); G is a shift, G(z) = z + μ with z ~ N(0, 1), at μ = 3, so there is one number to differentiate by. The
best D has the logit log p_data / p_g = μ²/2 - μ x, of slope -μ, so that dL/dμ is μ E D(G(z)) for
minimax, E log(1 - D(G(z))), and μ E (1 - D(G(z))) for the non-saturating loss, -E log D(G(z)); E D(G(z)) by
quadrature. A D that is trained goes there from its first, ignorant state.
Source: Goodfellow et al. 2014, section 3, end; Arjovsky and Bottou 2017 (arXiv:1701.04862), theorem 2.4.
"""

import numpy as np

from experiments.theory import claim
from experiments.theory.maximum_likelihood import log_normal

CLAIM = "The better D is, the smaller G's minimax gradient; the non-saturating one stays large."
MU = 3.0
SHOWN = (0, 10, 30, 100, 300, 1000, 3000)


def optimal():
    """(minimax gradient, non-saturating gradient) of μ for the best D."""
    x = np.linspace(-10, 15, 25_001)
    d = 1 / (1 + np.exp(-(MU**2 / 2 - MU * x)))
    mean_d = np.sum(np.exp(log_normal(x, MU, 1.0)) * d) * (x[1] - x[0])
    return MU * mean_d, MU * (1 - mean_d)


def measure(report, shown=SHOWN, batch=2048):
    """Trains D for longer and longer, and takes G's gradient by μ under both losses."""
    import keras
    import matplotlib.figure
    import tensorflow as tf

    from gan_tf.objectives.losses import LOSSES

    discriminator = claim.make_network([1, 64, 1], seed=3)
    adam = keras.optimizers.Adam(0.01)
    z = tf.random.stateless_normal([200_000, 1], [9, 9])
    gradients, done = [], 0
    for steps in shown:

        def d_loss(i, done=done):
            real, noise = tf.unstack(tf.random.stateless_normal([2, batch, 1], [5, done + i]))
            return LOSSES["non_saturating"][0](discriminator(real), discriminator(noise + MU))

        claim.minimise(d_loss, discriminator.trainable_variables, steps - done, adam)
        done = steps
        mu = tf.constant(MU)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(mu)
            logits = discriminator(z + mu)
            losses = [LOSSES[name][1](logits) for name in ("minimax", "non_saturating")]
        gradients.append([abs(float(tape.gradient(loss, mu))) for loss in losses])
    gradients = np.array(gradients)
    minimax, non_saturating = optimal()
    for name, best, column in zip(("minimax", "non-saturating"), (minimax, non_saturating), gradients.T, strict=True):
        report.check(
            f"{name} gradient after {shown[-1]} steps of D; predicted for the best D", best, column[-1], 0.15 * best
        )
    ratios = gradients[:, 1] / gradients[:, 0]
    best = non_saturating / minimax
    report.check("non-saturating by minimax gradient, then", best, ratios[-1], 0.25 * best)
    report.note("before D was trained", f"{ratios[0]:.2g}")

    figure = matplotlib.figure.Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    for column, name, best in zip(gradients.T, ("minimax", "non-saturating"), (minimax, non_saturating), strict=True):
        (line,) = axes.plot(np.maximum(shown, 1), column, ".-", label=name)
        axes.axhline(best, color=line.get_color(), ls=":", lw=0.8)
    axes.set(xscale="log", yscale="log", xlabel="steps of D", ylabel="|dL / dμ| of G (dotted: best D)")
    axes.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    claim.run(measure, CLAIM)
