"""Claim: minimising KL(p_data ‖ p_g), as maximum likelihood does, covers all modes; the reverse drops some.

python -m experiments.theory.maximum_likelihood

p_data is a mixture of two Gaussians. p_g is one Gaussian; gradient descent fits its mean and deviation both ways, from
four starts. The integrals are sums over a fine grid. KL(p_data ‖ p_g) is least where p_g has the mixture's mean and
variance. So p_g puts mass between the modes, where there are no data. KL(p_g ‖ p_data) has a minimum at each mode,
close to that mode's own mean and deviation. The start decides which one is found.
Source: Goodfellow 2016 (arXiv:1701.00160), section 3.2.5; Bishop 2006, section 10.1.2.
"""

import numpy as np

from experiments import figures
from experiments.theory import claim

CLAIM = "KL(p_data ‖ p_g) covers both modes of a mixture, KL(p_g ‖ p_data) keeps to one."
X = np.linspace(-12, 12, 4801)
MODES, SIGMA, SHARES = (-3.0, 3.0), 0.7, (0.4, 0.6)


def log_normal(x, mean, sigma):
    """Log-density of N(mean, sigma²)."""
    return -0.5 * ((x - mean) / sigma) ** 2 - np.log(sigma) - 0.5 * np.log(2 * np.pi)


def log_data(x):
    """Log-density of the mixture."""
    return np.logaddexp(*(np.log(w) + log_normal(x, m, SIGMA) for w, m in zip(SHARES, MODES, strict=True)))


def fit(forward, mean, sigma, steps=4000, rate=0.02):
    """(mean, sigma) after gradient descent on KL(p_data ‖ p_g) if `forward`, else on KL(p_g ‖ p_data)."""
    dx, log_p, scale = X[1] - X[0], log_data(X), np.log(sigma)
    for _ in range(steps):
        z = (X - mean) / np.exp(scale)
        log_q = log_normal(X, mean, np.exp(scale))
        d_mean, d_scale = z / np.exp(scale), z**2 - 1  # derivatives of log q
        if forward:  # -∫ p d log q
            weight = -np.exp(log_p)
        else:  # ∫ q (log q - log p) d log q; ∫ q d log q is zero
            weight = np.exp(log_q) * (log_q - log_p)
        mean -= rate * np.sum(weight * d_mean) * dx
        scale -= rate * np.sum(weight * d_scale) * dx
    return mean, np.exp(scale)


def measure(report, steps=4000):
    """Fits both ways from several starts, and draws what came out."""
    import matplotlib.figure

    starts = [(-4.0, 1.0), (-1.5, 1.0), (2.0, 1.0), (4.5, 2.0)]
    mean = np.dot(SHARES, MODES)
    sigma = (SIGMA**2 + np.dot(SHARES, (np.array(MODES) - mean) ** 2)) ** 0.5
    forward = np.array([fit(True, *start, 5 * steps) for start in starts])
    for what, predicted, found in zip(("mean", "deviation"), (mean, sigma), forward.T, strict=True):
        furthest = found[np.abs(found - predicted).argmax()]
        report.check(f"KL(p_data ‖ p_g): {what}, the mixture's; furthest of 4 starts", predicted, furthest, 1e-3)
    reverse = np.array([fit(False, *start, steps) for start in starts])
    for number, (start, found) in enumerate(zip(starts, reverse, strict=True)):
        nearest = MODES[int(start[0] > 0)]
        report.check(f"KL(p_g ‖ p_data): mean from start {number + 1}, the mode's", nearest, found[0], 0.02)
        report.check(f"KL(p_g ‖ p_data): deviation from start {number + 1}", SIGMA, found[1], 0.02)
    between = np.exp(log_normal(X, *forward[0]))[np.abs(X) < 1].sum() * (X[1] - X[0])
    in_data = np.exp(log_data(X))[np.abs(X) < 1].sum() * (X[1] - X[0])
    report.note("mass between the modes, |x| < 1: p_data, fitted p_g", f"{in_data:.4f}, {between:.3f}")

    figure = matplotlib.figure.Figure(figsize=(7.5, 4.2))
    axes = figure.subplots()
    axes.set_title("One Gaussian for two modes: cover both, or choose one")
    axes.fill_between(X, np.exp(log_data(X)), color="0.8", label="p_data, the mixture")
    axes.plot(X, np.exp(log_normal(X, *forward[0])), label="least KL(p_data ‖ p_g)")
    for found in reverse[[0, -1]]:
        axes.plot(X, np.exp(log_normal(X, *found)), "--", color="C1", label="two minima of KL(p_g ‖ p_data)")
    axes.set(xlim=(-8, 8), xlabel="x", ylabel="density")
    figures.legend_below(figure, axes)
    return figure


if __name__ == "__main__":
    claim.run(measure, CLAIM)
