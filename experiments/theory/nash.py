"""Claim: gradient descent need not find a Nash equilibrium; on min_x max_y xy it circles it.

python -m experiments.theory.nash

The equilibrium is (0, 0). Both players start at (1, 1) and take steps of size η.

    simultaneous:  x ← x - η y,  y ← y + η x.  Each step multiplies x² + y² by 1 + η²: a spiral outwards.
    alternating:   the same, but y sees the new x.  x² + y² - η x y never changes: an ellipse around the equilibrium.

The mean of the alternating points goes to the equilibrium as 1/n, because their sum telescopes: Σ y_t = (x_0 - x_n) /
η. Introductions often say that training ends in equilibrium. This is why it need not. Source: Gidel et al. 2019
(arXiv:1802.10551), section 2.
"""

import numpy as np

from experiments.theory import claim

CLAIM = "On min_x max_y xy, simultaneous gradient steps spiral outwards, alternating ones circle, their mean converges."
RATE = 0.1


def play(steps, alternating, rate=RATE):
    """The points (x, y) of `steps` steps from (1, 1), the first included: [steps + 1, 2]."""
    points = [(1.0, 1.0)]
    for _ in range(steps):
        x, y = points[-1]
        new_x = x - rate * y
        points.append((new_x, y + rate * (new_x if alternating else x)))
    return np.array(points)


def measure(report, steps=1000):
    """Plays both games, checks them against the closed forms, and draws their paths."""
    import matplotlib.figure

    simultaneous, alternating = play(steps, False), play(steps, True)
    growth = np.hypot(*simultaneous[-1]) / np.hypot(*simultaneous[0])
    expected = (1 + RATE**2) ** (steps / 2)
    report.check(f"simultaneous: distance after {steps} steps, of that at the start", expected, growth, 1e-9 * expected)
    x, y = alternating.T
    invariant = x**2 + y**2 - RATE * x * y
    report.check("alternating: least x² + y² - η x y", 2 - RATE, invariant.min(), 1e-9)
    report.check("alternating: greatest", 2 - RATE, invariant.max(), 1e-9)
    # On that ellipse the distance from (0, 0) is at most sqrt((2 - η) / (1 - η / 2)) = sqrt(2), at least this:
    nearest = ((2 - RATE) / (1 + RATE / 2)) ** 0.5
    distance = np.hypot(x, y)
    report.check("alternating: least distance from the equilibrium", nearest, distance.min(), 0.01)
    means = np.cumsum(alternating, axis=0) / np.arange(1, steps + 2)[:, None]
    bound = 2 * 2**0.5 / RATE / steps + 2 / steps  # the sums of both telescope to less than 2 √2 / η
    report.check_between("alternating: distance of the mean from it", 0, 2**0.5 * bound, np.hypot(*means[-1]))

    figure = matplotlib.figure.Figure(figsize=(8.5, 3.7))
    figure.suptitle("Gradient steps on min max xy do not find the equilibrium (+)")
    axes = figure.subplots(1, 3)
    axes[0].plot(*simultaneous[:300].T, lw=1.2)
    axes[0].set(title="Simultaneous:\nspirals outwards", xlabel="x", ylabel="y")
    axes[1].plot(*alternating[:300].T, lw=1.2)
    axes[1].set(title="Alternating:\nkeeps its distance", xlabel="x", ylabel="y")
    number = np.arange(1, steps + 2)
    axes[2].plot(number, np.hypot(*means.T))
    axes[2].plot(number, (4 / RATE + 2 * 2**0.5) / number, "--", color="C1")
    axes[2].text(0.3 * steps, 0.3, "bound:\n(4 / η + 2√2) / n", color="C1")
    axes[2].set(
        title="Alternating:\nthe mean converges",
        xlabel="number n of points",
        ylim=(0, 1.5),
        ylabel="distance of their mean from +",
    )
    for each in axes[:2]:
        each.plot(0, 0, "k+", ms=12, mew=2)
        each.set_aspect("equal")
    return figure


if __name__ == "__main__":
    claim.run(measure, CLAIM)
