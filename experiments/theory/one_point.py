"""Claim: on the smallest GAN, steps circle the solution for ever; the penalties R1 and R2 make them arrive.

python -m experiments.theory.one_point

All real data are the one number 0, and G draws the one number θ. D(x) = ψx has one weight. The solution is θ = 0, ψ =
0. The relativistic loss pairs a fake with a real: D's loss is softplus(D(fake) - D(real)) = softplus(ψθ). G's loss is
one of two:

    zero-sum:        minus D's loss. Small steps keep θ² + ψ² for ever: a circle.
    non-saturating:  softplus(D(real) - D(fake)) = softplus(-ψθ). It circles, too, but slowly comes nearer: after a
                     time t (steps times their size) θ² + ψ² is about 8/t.

Near the solution, one small step of size η moves (θ, ψ) by η J (θ, ψ). J has the same eigenvalues for both: ± i/2. A
real part of 0 means neither towards the solution nor away from it. R1 and R2 add γ/2 (dD/dx)² to D's loss, at the real
and at the fake point: γψ² together. Then the eigenvalues are -γ ± √(γ² - 1/4). Their real parts are negative, so the
distance falls by the same factor in every unit of time.

Sources: the GAN of one point is from Mescheder, Geiger and Nowozin 2018 (arXiv:1801.04406, section 2); the relativistic
loss with both penalties from Huang et al. 2024 (arXiv:2501.05441, section 2). As D is linear here, D(0) = 0, and the
usual losses of a GAN give the same steps as the relativistic ones.
"""

import cmath

import numpy as np

from experiments.theory import claim

CLAIM = "On the GAN of one point, steps of the relativistic loss circle the solution; with R1 and R2 they arrive."
RATE = 0.01  # of all steps
GAMMA = 0.3


def softplus(t):
    """log(1 + exp(t)), of a real or complex number."""
    return cmath.log(1 + cmath.exp(t))


def slope(loss, at):
    """The derivative of `loss`, a function of one number, exact to rounding (by a complex step)."""
    return loss(at + 1e-30j).imag / 1e-30


def move_g(theta, psi, zero_sum):
    """The direction of θ in gradient descent on G's loss."""
    if zero_sum:
        return -slope(lambda each: -softplus(psi * each), theta)
    return -slope(lambda each: softplus(-psi * each), theta)


def move_d(theta, psi, gamma):
    """The direction of ψ in gradient descent on D's loss."""
    return -slope(lambda each: softplus(each * theta) + gamma * each**2, psi)


def play(steps, zero_sum, gamma, rate=RATE):
    """The points (θ, ψ) of `steps` steps from (1, 1), D first, then G by the new D: [steps + 1, 2]."""
    points = [(1.0, 1.0)]
    for _ in range(steps):
        theta, psi = points[-1]
        psi += rate * move_d(theta, psi, gamma)
        points.append((theta + rate * move_g(theta, psi, zero_sum), psi))
    return np.array(points)


def eigenvalues(zero_sum, gamma, far=1e-6):
    """Those of J, by the directions at two points `far` from the solution; sorted by imaginary, then real parts."""
    columns = [np.array([move_g(*point, zero_sum), move_d(*point, gamma)]) / far for point in ((far, 0.0), (0.0, far))]
    return sorted(np.linalg.eigvals(np.transpose(columns)), key=lambda each: (each.imag, each.real))


def measure(report, steps=50_000):
    """Computes the eigenvalues, plays the game three times, and draws the paths."""
    import matplotlib.figure

    time, root = steps * RATE, cmath.sqrt(GAMMA**2 - 0.25)  # imaginary, or from γ = 1/2 on real
    for name, zero_sum in (("zero-sum", True), ("non-saturating", False)):
        value = eigenvalues(zero_sum, 0.0)[1]
        report.check(f"{name}: real part of the eigenvalues", 0, value.real + 0.0, 1e-6)
        report.check(f"{name}: imaginary part", 0.5, value.imag, 1e-6)
        value = eigenvalues(zero_sum, GAMMA)[1]
        report.check(f"{name}, R1 and R2: real part", root.real - GAMMA, value.real + 0.0, 1e-6)
        report.check(f"{name}, R1 and R2: imaginary part", root.imag, value.imag, 1e-6)

    paths = {
        "zero-sum": play(steps, True, 0.0),
        "non-saturating": play(steps, False, 0.0),
        "non-saturating, R1 and R2": play(steps, False, GAMMA),
    }
    squares = {name: np.sum(path**2, axis=1) for name, path in paths.items()}
    report.check("zero-sum: least θ² + ψ²", 2, squares["zero-sum"].min(), 0.02)
    report.check("zero-sum: greatest", 2, squares["zero-sum"].max(), 0.02)
    report.check("non-saturating: t (θ² + ψ²) at the end", 8, time * squares["non-saturating"][-1], 0.6)
    # Close to the solution, the logarithm of the distance falls by minus the larger real part in a unit of time: by
    # GAMMA, over whole turns, if the path turns.
    near = squares["non-saturating, R1 and R2"]
    turn = round((2 * np.pi / root.imag if root.imag else 20) / RATE)
    fall = np.log(near[turn] / near[2 * turn]) / 2 / turn / RATE
    report.check("R1 and R2: fall of the distance's logarithm in a unit of time", GAMMA - root.real, fall, 0.01)
    report.check_between("R1 and R2: θ² + ψ² at the end", 0, 1e-20, near[-1])

    figure = matplotlib.figure.Figure(figsize=(8.5, 3.7))
    figure.suptitle("Only the penalties bring the GAN of one point to its solution (+)")
    axes = figure.subplots(1, 3)
    shown = paths["zero-sum"][:3000], paths["non-saturating, R1 and R2"]
    for each, path, title in zip(axes, shown, ("Zero-sum:\na circle", "With R1 and R2:\nit arrives"), strict=False):
        each.plot(*path.T, lw=1.2)
        each.plot(0, 0, "k+", ms=12, mew=2)
        each.set(title=title, xlabel="θ, what G draws", ylabel="ψ, D's weight", xlim=(-1.7, 1.7), ylim=(-1.7, 1.7))
        each.set_aspect("equal")
    for name, colour in zip(paths, ("C0", "C1", "C2"), strict=True):
        axes[2].loglog(RATE * np.arange(1, steps + 1), squares[name][1:], color=colour, label=name)
    axes[2].loglog([10, time], [8 / 10, 8 / time], "k--", lw=1, label="8 / t")
    axes[2].set(title="Distance from the solution", xlabel="time t", ylabel="θ² + ψ²", ylim=(1e-6, 10))
    axes[2].legend(fontsize=7, loc="lower left")
    return figure


if __name__ == "__main__":
    claim.run(measure, CLAIM)
