"""Claim: between two parallel segments KL is infinite and JS log 2, however far apart; Wasserstein's distance is it.

python -m experiments.theory.divergences

p is uniform on {0} × [0, 1], q on {θ} × [0, 1]. First on a grid of 64 × 16 cells, where the two are sums that can be
taken exactly, the Wasserstein distance by moving each cell's mass straight across. Then by what GANs train: a D, whose
best loss is 2 log 2 - 2 JSD, and which saturates for every θ but 0; and a critic with WGAN-GP's penalty, whose
E f(p) - E f(q) grows with θ. Where it is best, f has one slope s between the segments: it maximises s θ - 10 (s - 1)²,
at s = 1 + θ / 20. Source: Arjovsky et al. 2017 (arXiv:1701.07875), example 1.
"""

import numpy as np

from experiments.theory import claim

CLAIM = "For parallel segments KL = ∞ and JS = log 2 unless they coincide, and Wasserstein's distance is theirs."
DISTANCES = (0.0, 0.25, 0.5, 0.75, 1.0)
COLUMNS, ROWS = 64, 16


def exact(theta):
    """(KL, JS, Wasserstein distance) of the two segments, on a grid in whose columns they lie."""
    p, q = np.zeros([2, COLUMNS + 1, ROWS])
    column = round(theta * COLUMNS)
    p[0], q[column] = 1 / ROWS, 1 / ROWS

    def kl(a, b):
        with np.errstate(divide="ignore"):
            return np.sum(a[a > 0] * np.log(a[a > 0] / b[a > 0]))

    middle = (p + q) / 2
    return kl(p, q), 0.5 * kl(p, middle) + 0.5 * kl(q, middle), column / COLUMNS


def trained(theta, steps, batch=256):
    """(JSD by a trained D, E f(p) - E f(q) of a trained critic) of the two segments."""
    import keras
    import tensorflow as tf

    from gan_tf.objectives.critics import make_penalised_update
    from gan_tf.objectives.losses import LOSSES

    def segments(i):
        heights = tf.random.stateless_uniform([2, batch, 1], [7, i])
        real, fake = tf.zeros([batch, 1]), tf.fill([batch, 1], tf.constant(theta, tf.float32))
        return tf.concat([real, heights[0]], 1), tf.concat([fake, heights[1]], 1)

    discriminator = claim.make_network([2, 64, 64, 1], seed=1)
    d_loss_fn = LOSSES["non_saturating"][0]

    def loss(i):
        real, fake = segments(i)
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
            update(*segments(i))
            i += 1

    run(tf.constant(2 * steps))
    heights = np.linspace(0, 1, 101)
    f_p, f_q = (critic(np.stack([np.full(101, x), heights], 1).astype(np.float32)).numpy() for x in (0, theta))
    return jsd, float(f_p.mean() - f_q.mean())


def measure(report, steps=1000, distances=DISTANCES):
    """Takes the divergences exactly and as trained networks see them, for each distance, and draws them."""
    import matplotlib.figure

    found = []
    for theta in distances:
        kl, js, wasserstein = exact(theta)
        if theta:
            report.check_between(f"θ = {theta}: KL(p ‖ q), exactly", np.inf, np.inf, kl)
        report.check(f"θ = {theta}: JS, exactly", np.log(2) if theta else 0, js, 1e-12)
        report.check(f"θ = {theta}: Wasserstein, exactly", theta, wasserstein, 1e-12)
        by_d, by_critic = trained(theta, steps)
        report.check(f"θ = {theta}: JS by a trained D", np.log(2) if theta else 0, by_d, 0.001)
        expected = theta * (1 + theta / 20)
        report.check(f"θ = {theta}: E f(p) - E f(q) of a trained critic", expected, by_critic, 0.01 + 0.01 * theta)
        found.append((by_d, by_critic))

    figure = matplotlib.figure.Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    fine = np.linspace(0, 1, 101)
    axes.plot(fine, np.where(fine > 0, np.log(2), 0), "C0", lw=0.8, label="JS")
    axes.plot(fine, fine, "C1", lw=0.8, label="Wasserstein")
    by_d, by_critic = np.array(found).T
    axes.plot(distances, by_d, "C0o", label="by a trained D")
    axes.plot(distances, by_critic, "C1s", label="by a trained critic")
    axes.set(xlabel="θ, the distance of the segments")
    axes.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    claim.run(measure, CLAIM)
