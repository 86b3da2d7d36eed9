"""Claim: D's value is the JS divergence only for the G that D was trained against. It misleads after a large step of G.

python -m experiments.theory.old_discriminator

Data are N(0, 1). G is a shift, G(z) = z + μ with z ~ N(0, 1). D is trained at μ = 2. Then G takes a step of size s
towards the data, to μ = 2 - s, and D stays. With V(D, G) = E log D(x) + E log(1 - D(G(z))),

    what the old D says:  (V(old D, new G) + 2 log 2) / 2
    what is true:         JSD(data ‖ new G), which is what the best D for the new G says

The old D says at most what is true, because the best D has the largest V. Both agree at s = 0, in value and in slope.
So a small step does what D promised. For small s the gap is s²/4 ∫ (x - 2)² p q / (p + q) dx, where p is the density of
the data and q that of G at μ = 2. For large s the old D misleads:

    it says 0, "as good as the data", although G has only come half of the way (s = 1);
    it then says less than 0, which no divergence can be;
    beyond s = 2 the divergence grows again, and the old D still says "go on".

A few more steps of D make its value true again; the larger the step of G, the more it takes. This is why D gets k steps
for one of G, and G small ones. The control is a D before training: what it says is wrong at s = 0, too.
Source: Goodfellow et al. 2014, theorem 1, and algorithm 1 with its k steps.
"""

import numpy as np

from experiments import figures
from experiments.theory import claim
from experiments.theory.maximum_likelihood import log_normal

CLAIM = (
    "D's value is the JS divergence only for the G that D was trained against, and misleads after a large step of G."
)
START = 2.0  # where G stands when D is trained; the data are at 0
STEPS = np.linspace(0, 4, 161)  # sizes of G's step
SIZES = (0.5, 1.0, 2.0)  # the steps of G after which D is trained further
MORE = (0, 3, 10, 30, 100)  # for so many steps
X = np.linspace(-12, 12, 24_001)


def density(mu):
    """The density of N(mu, 1) on the grid X."""
    return np.exp(log_normal(X, mu, 1.0))


def integral(values):
    """The integral of a function that is given on the grid X."""
    return float(np.sum(values) * (X[1] - X[0]))


def says(logit, mu):
    """(V + 2 log 2) / 2 of a D with these logits on the grid X, against G at `mu`."""
    value = -integral(density(0) * np.logaddexp(0, -logit) + density(mu) * np.logaddexp(0, logit))
    return (value + 2 * np.log(2)) / 2


def divergence(mu):
    """JSD of N(0, 1) and N(mu, 1)."""
    p, q = density(0), density(mu)
    middle = (p + q) / 2
    return 0.5 * integral(p * np.log(p / middle) + q * np.log(q / middle))


def logits(discriminator):
    """The logits of a network on the grid X, float64."""
    return discriminator(X[:, None].astype(np.float32)).numpy()[:, 0].astype(np.float64)


def crossing(values):
    """The first step of G at which `values`, one for each of STEPS, fall to 0, by linear interpolation."""
    after = int(np.argmax(values <= 0))
    return float(np.interp(0, [values[after], values[after - 1]], [STEPS[after], STEPS[after - 1]]))


def train(steps, batch=2048):
    """A D that was trained with G at `START`, and `go_on(mu, more)`.

    `go_on` trains that D further, with G at `mu`, and returns its logits after each of `more` steps.
    """
    import keras
    import tensorflow as tf

    from gan_tf.objectives.losses import LOSSES

    discriminator = claim.make_network([1, 64, 1], seed=3)

    def train_at(mu, first, steps, optimizer):
        def d_loss(i):
            real, noise = tf.unstack(tf.random.stateless_normal([2, batch, 1], [5, first + i]))
            return LOSSES["non_saturating"][0](discriminator(real), discriminator(noise + mu))

        claim.minimise(d_loss, discriminator.trainable_variables, steps, optimizer)
        return logits(discriminator)

    rate = keras.optimizers.schedules.CosineDecay(0.02, steps)
    trained = train_at(START, 0, steps, keras.optimizers.Adam(rate))
    weights = discriminator.get_weights()

    def go_on(mu, more):
        discriminator.set_weights(weights)
        adam = keras.optimizers.Adam(0.01)
        return [train_at(mu, done, k - done, adam) for done, k in zip((0, *more), more, strict=False)]

    return trained, go_on


def measure(report, steps=3000, sizes=SIZES, more=MORE):
    """Compares what the old D says after a step of G with the divergence, for the best and a trained D. Draws both."""
    best = START**2 / 2 - START * X  # log p_data / p_g
    trained, go_on = train(steps)
    untrained = logits(claim.make_network([1, 64, 1], seed=3))
    true = np.array([divergence(START - step) for step in STEPS])
    by_best, by_trained, by_untrained = (
        np.array([says(each, START - step) for step in STEPS]) for each in (best, trained, untrained)
    )

    report.check("no step: the best D says", true[0], by_best[0], 1e-9)
    report.check("no step: the trained D says", true[0], by_trained[0], 0.002)
    report.check_between("control, no step: an untrained D says", -np.inf, 0.1, by_untrained[0])
    p, q = density(0), density(START)
    curvature = integral((X - START) ** 2 * p * q / (p + q)) / 4
    gap = divergence(START - 0.01) - says(best, START - 0.01)
    report.check("step 0.01: divergence minus what the best old D says, over 0.01²", curvature, gap / 1e-4, 1e-3)
    report.check("step at which the old D says 0: best D; trained D", crossing(by_best), crossing(by_trained), 0.05)
    for step in (0.5, 1.0, 2.0, 3.0):
        at = int(np.abs(STEPS - step).argmin())
        report.check(f"step {step}: JSD {true[at]:.3f}; the trained old D says", by_best[at], by_trained[at], 0.02)
    turn = STEPS[true.argmin()]
    report.check("step with the least divergence", START, turn, 0.03)
    report.check_between(
        "greatest rise of the old D's value beyond it", -np.inf, 0, np.diff(by_trained[STEPS > 2]).max()
    )

    errors = {}
    for size in sizes:
        values = [says(each, START - size) for each in go_on(START - size, more)]
        errors[size] = divergence(START - size) - np.array(values)
        report.note(
            f"step {size}: error of D's value after {', '.join(map(str, more))} more steps of D",
            ", ".join(f"{each:.3f}" for each in errors[size]),
        )
    ten = {size: error[more.index(10)] for size, error in errors.items()}
    report.check_between(f"step {sizes[0]}: error after 10 more steps of D", 0, 0.01, ten[sizes[0]])
    report.check_between(f"step {sizes[-1]}: error after 10 more steps of D", 0.03, 1, ten[sizes[-1]])
    return draw(true, by_best, by_trained, by_untrained, errors, more)


def draw(true, by_best, by_trained, by_untrained, errors, more):
    """The figure: on the left what D says and what is true, on the right how D catches up."""
    import matplotlib.figure

    figure = matplotlib.figure.Figure(figsize=(8.5, 4.6))
    figure.suptitle("D's value is the divergence only for the G that D was trained against")
    left, right = figure.subplots(1, 2, width_ratios=(1.4, 1))
    left.plot(STEPS, true, color="black", label="the divergence (JSD)")
    left.plot(STEPS, by_best, label="the best old D says")
    left.plot(STEPS[::8], by_trained[::8], "o", color="C1", ms=4, label="a trained old D says")
    left.plot(STEPS, by_untrained, ":", color="C2", label="an untrained D says")
    left.axvline(START, color="0.6", lw=1)
    left.axvspan(crossing(by_best), STEPS[-1], color="C4", alpha=0.15, lw=0)
    left.text(crossing(by_best) + 0.05, -1.13, "the old D misleads")
    left.text(START + 0.08, 0.38, "from here on, G moves\naway from the data")
    left.set(xlabel="size of G's step towards the data", ylabel="nats", ylim=(-1.2, 0.7), xlim=(0, 4))
    left.set_title("G takes one step, D stays")
    for (size, error), style in zip(errors.items(), ("C3o-", "C4s-", "C5^-"), strict=False):
        right.plot(range(len(more)), error, style, label=f"after a step of {size}")
    right.set_xticks(range(len(more)), more)
    right.set(xlabel="further steps of D", ylabel="JSD minus what D says (nats)", title="D is trained further")
    figures.legend_below(figure, left, right, columns=2)
    return figure


if __name__ == "__main__":
    claim.run(measure, CLAIM)
