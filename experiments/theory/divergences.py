"""Claim: for two parallel segments KL is infinite and JS is log 2 at any distance; Wasserstein's distance is theirs.

python -m experiments.theory.divergences

p is uniform on {0} × [0, 1], q on {θ} × [0, 1]. First each is 16 points with equal shares, where all three are sums.
Wasserstein's distance is then a linear programme: of all plans that carry p to q, the one with the shortest mean way.
SciPy solves it. Then by what GANs train: a D, whose best loss is 2 log 2 - 2 JSD; and a critic with WGAN-GP's penalty,
whose E f(p) - E f(q) grows with θ. The best critic has one slope s between the segments. It maximises
s θ - 10 (s - 1)², so s = 1 + θ / 20. There are two controls. At θ = 0 all must be 0. And if q is also 1/2 higher, no
plan is shorter than the straight way, √(θ² + 1/4): a mistake that sees only the horizontal part would show.
Source: Arjovsky et al. 2017 (arXiv:1701.07875), example 1.
"""

import numpy as np

from experiments import figures
from experiments.theory import claim

CLAIM = "For parallel segments KL = ∞ and JS = log 2 unless they coincide; Wasserstein's distance is theirs."
DISTANCES = (0.0, 0.25, 0.5, 0.75, 1.0)
POINTS = 16


def segment(x, y=0.0):
    """`POINTS` points at equal distances on {x} × [y, y + 1]: float64 [POINTS, 2]."""
    return np.stack([np.full(POINTS, x), y + (np.arange(POINTS) + 0.5) / POINTS], axis=1)


def exact(p, q):
    """(KL, JS, Wasserstein distance) of two sets of points, [n, 2] and [m, 2], where each point has an equal share."""
    from scipy import stats

    points, index = np.unique(np.concatenate([p, q]), axis=0, return_inverse=True)
    of_p, of_q = np.split(index.reshape(-1), [len(p)])
    shares_p, shares_q = (np.bincount(each, minlength=len(points)) / len(each) for each in (of_p, of_q))

    def kl(a, b):
        with np.errstate(divide="ignore"):
            return np.sum(a[a > 0] * np.log(a[a > 0] / b[a > 0]))

    middle = (shares_p + shares_q) / 2
    js = 0.5 * kl(shares_p, middle) + 0.5 * kl(shares_q, middle)
    return kl(shares_p, shares_q), js, stats.wasserstein_distance_nd(p, q)


def check_points(report, theta):
    """Adds the divergences of the points to the report, for one distance."""
    kl, js, wasserstein = exact(segment(0), segment(theta))
    if theta:
        report.check_between(f"θ = {theta}: KL(p ‖ q) of points", np.inf, np.inf, kl)
    report.check(f"θ = {theta}: JS of points", np.log(2) if theta else 0, js, 1e-12)
    report.check(f"θ = {theta}: Wasserstein of points", theta, wasserstein, 1e-9)
    *_, of_higher = exact(segment(0), segment(theta, 0.5))
    report.check(f"θ = {theta}: control: Wasserstein, q also 1/2 higher", np.hypot(theta, 0.5), of_higher, 1e-9)


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
    """Takes the divergences of points and by trained networks, for each distance, and draws them."""
    import matplotlib.figure

    found = []
    for theta in distances:
        check_points(report, theta)
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
