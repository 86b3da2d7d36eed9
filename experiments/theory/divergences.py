"""Claim: for two parallel segments KL is infinite and JS is log 2 at any distance; Wasserstein's distance is theirs.

python -m experiments.theory.divergences

p is uniform on {0} × [0, 1], q on {θ} × [0, 1]. First on a grid of 64 × 16 cells, where all three are sums. The two
have the same heights, so their Wasserstein distance is that of their horizontal parts, the area between the two
cumulative distributions: ∫ |F_p(x) - F_q(x)| dx. Then by what GANs train: a D, whose best loss is 2 log 2 - 2 JSD; and
a critic with WGAN-GP's penalty, whose E f(p) - E f(q) grows with θ. The best critic has one slope s between the
segments. It maximises s θ - 10 (s - 1)², so s = 1 + θ / 20. The control is at θ = 0, where all must be 0. Source:
Arjovsky et al. 2017 (arXiv:1701.07875), example 1.
"""

import numpy as np

from experiments import figures
from experiments.theory import claim

CLAIM = "For parallel segments KL = ∞ and JS = log 2 unless they coincide; Wasserstein's distance is theirs."
DISTANCES = (0.0, 0.25, 0.5, 0.75, 1.0)
COLUMNS, ROWS = 64, 16


def segments(theta):
    """The two distributions p and q on the grid: the mass of each cell, float64 [COLUMNS + 1, ROWS]."""
    p, q = np.zeros([2, COLUMNS + 1, ROWS])
    p[0], q[round(theta * COLUMNS)] = 1 / ROWS, 1 / ROWS
    return p, q


def exact(theta):
    """(KL, JS, Wasserstein distance) of the two segments, on the grid."""
    p, q = segments(theta)

    def kl(a, b):
        with np.errstate(divide="ignore"):
            return np.sum(a[a > 0] * np.log(a[a > 0] / b[a > 0]))

    middle = (p + q) / 2
    wasserstein = np.abs(np.cumsum(p.sum(axis=1) - q.sum(axis=1))).sum() / COLUMNS
    return kl(p, q), 0.5 * kl(p, middle) + 0.5 * kl(q, middle), wasserstein


def trained(theta, steps, batch=256):
    """(JSD by a trained D, E f(p) - E f(q) of a trained critic) of the two segments."""
    import keras
    import tensorflow as tf

    from gan_tf.objectives.critics import make_penalised_update
    from gan_tf.objectives.losses import LOSSES

    def batch_of(i):
        heights = tf.random.stateless_uniform([2, batch, 1], [7, i])
        real, fake = tf.zeros([batch, 1]), tf.fill([batch, 1], tf.constant(theta, tf.float32))
        return tf.concat([real, heights[0]], 1), tf.concat([fake, heights[1]], 1)

    discriminator = claim.make_network([2, 64, 64, 1], seed=1)
    d_loss_fn = LOSSES["non_saturating"][0]

    def loss(i):
        real, fake = batch_of(i)
        return d_loss_fn(discriminator(real), discriminator(fake))

    claim.minimise(loss, discriminator.trainable_variables, steps, keras.optimizers.Adam(0.01))
    jsd = (2 * np.log(2) - float(loss(steps))) / 2

    critic = claim.make_network([2, 64, 64, 1], seed=2)
    adam = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.003, 2 * steps), beta_1=0.5, beta_2=0.9)
    adam.build(critic.trainable_variables)
    update = make_penalised_update(critic, adam, LOSSES["wgan_gp"][0])

    @tf.function(jit_compile=True)
    def run(steps):
        i = tf.constant(0)
        while i < steps:
            update(*batch_of(i))
            i += 1

    run(tf.constant(2 * steps))
    heights = np.linspace(0, 1, 101)
    f_p, f_q = (critic(np.stack([np.full(101, x), heights], 1).astype(np.float32)).numpy() for x in (0, theta))
    return jsd, float(f_p.mean() - f_q.mean())


def measure(report, steps=1000, distances=DISTANCES):
    """Takes the divergences on the grid and by trained networks, for each distance, and draws them."""
    import matplotlib.figure

    found = []
    for theta in distances:
        kl, js, wasserstein = exact(theta)
        if theta:
            report.check_between(f"θ = {theta}: KL(p ‖ q) on the grid", np.inf, np.inf, kl)
        report.check(f"θ = {theta}: JS on the grid", np.log(2) if theta else 0, js, 1e-12)
        report.check(f"θ = {theta}: Wasserstein on the grid", theta, wasserstein, 1e-12)
        by_d, by_critic = trained(theta, steps)
        report.check(f"θ = {theta}: JS by a trained D", np.log(2) if theta else 0, by_d, 0.001)
        if theta:  # at 0 both means are over the same points
            expected = theta * (1 + theta / 20)
            report.check(f"θ = {theta}: E f(p) - E f(q) of a trained critic", expected, by_critic, 0.01 + 0.01 * theta)
        found.append((by_d, by_critic))

    figure = matplotlib.figure.Figure(figsize=(7.5, 4.4))
    axes = figure.subplots()
    axes.set_title("Only Wasserstein's distance tells near from far")
    fine = np.linspace(0, 1, 101)
    axes.plot(fine[1:], np.full(100, np.log(2)), color="C0", label="JS divergence: log 2")
    axes.plot(fine, fine, color="C1", label="Wasserstein distance: θ")
    by_d, by_critic = np.array(found).T
    axes.plot(fine, fine * (1 + fine / 20), "--", color="C1", lw=1, label="best critic with penalty: θ (1 + θ / 20)")
    axes.plot(distances, by_critic, "s", color="C1", ms=10, label="by a trained critic")
    axes.plot(distances, by_d, "o", color="C0", label="by a trained D")
    axes.set(xlabel="distance θ between the segments", ylabel="JS (nats); Wasserstein distance", ylim=(-0.04, 1.12))
    figures.legend_below(figure, axes, columns=2)
    return figure


if __name__ == "__main__":
    claim.run(measure, CLAIM)
