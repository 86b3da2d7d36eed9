"""Claim: D trained to its optimum is p_data / (p_data + p_g), and its value then is -2 log 2 + 2 JSD(p_data ‖ p_g).

python -m experiments.theory.optimal_discriminator

p_data and p_g are two known densities on the line. A small D is trained on fresh samples of both, with the reference's
loss. Then D is compared with the formula wherever p_data + p_g exceeds 0.01, and its value V(D) with the divergence,
both by quadrature. The control is the same D before training. Source: Goodfellow et al. 2014, proposition 1 and theorem
1.
"""

import numpy as np

from experiments import figures
from experiments.theory import claim
from experiments.theory.maximum_likelihood import log_normal

CLAIM = "A trained D is p_data / (p_data + p_g), and V(D) = -2 log 2 + 2 JSD there."
DATA, FAKE = (-1.0, 1.0), (1.5, 0.7)  # mean and deviation
X = np.linspace(-8, 8, 3201)


def logits_of(discriminator):
    """The logits of a network on the grid X, float64."""
    return discriminator(X[:, None].astype(np.float32)).numpy()[:, 0].astype(np.float64)


def sigmoid(logits):
    """D(x), from logits."""
    return 1 / (1 + np.exp(-logits))


def measure(report, steps=4000, batch=2048):
    """Trains D, compares it with the two formulas, and draws it."""
    import keras
    import matplotlib.figure
    import tensorflow as tf

    from gan_tf.objectives.losses import LOSSES

    discriminator = claim.make_network([1, 64, 64, 1], seed=0)

    def loss(i):
        real, fake = (
            mean + sigma * tf.random.stateless_normal([batch, 1], [stream, i])
            for stream, (mean, sigma) in enumerate((DATA, FAKE))
        )
        return LOSSES["non_saturating"][0](discriminator(real), discriminator(fake))

    untrained = sigmoid(logits_of(discriminator))
    rate = keras.optimizers.schedules.CosineDecay(0.01, steps)
    claim.minimise(loss, discriminator.trainable_variables, steps, keras.optimizers.Adam(rate))

    p, q = (np.exp(log_normal(X, *each)) for each in (DATA, FAKE))
    logits = logits_of(discriminator)
    trained, optimal = sigmoid(logits), p / (p + q)
    where = p + q > 0.01
    report.check("greatest distance of the trained D from the formula", 0, np.abs(trained - optimal)[where].max(), 0.02)
    report.check_between("control: of the untrained D", 0.3, 1, np.abs(untrained - optimal)[where].max())
    dx = X[1] - X[0]
    value = -np.sum(p * np.logaddexp(0, -logits) + q * np.logaddexp(0, logits)) * dx
    middle = (p + q) / 2
    jsd = 0.5 * np.sum(p * np.log(p / middle) + q * np.log(q / middle)) * dx
    report.check("V(D)", -2 * np.log(2) + 2 * jsd, value, 0.001)
    report.note("JSD(p_data ‖ p_g) by quadrature, of at most log 2 = 0.6931", f"{jsd:.4f}")

    figure = matplotlib.figure.Figure(figsize=(7.5, 4.2))
    axes = figure.subplots()
    axes.set_title("The best D is p_data / (p_data + p_g)")
    axes.fill_between(X, p, color="0.8")
    axes.fill_between(X, q, color="C4", alpha=0.5)
    axes.text(-1, 0.42, "p_data", ha="center")
    axes.text(1.5, 0.6, "p_g", ha="center")
    axes.plot(X, optimal, color="C5", lw=6, label="p_data / (p_data + p_g)")
    axes.plot(X, trained, color="black", label="trained D")
    axes.plot(X, untrained, ":", color="C1", label="untrained D")
    axes.set(xlim=(-5, 5), ylim=(0, 1.03), xlabel="x", ylabel="density; D(x)")
    figures.legend_below(figure, axes)
    return figure


if __name__ == "__main__":
    claim.run(measure, CLAIM)
