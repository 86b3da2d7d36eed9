"""Each theory file, at reduced size: what it predicts comes true, and a false prediction would show."""

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from command_line import forked

from experiments.theory import claim, divergences, mode_collapse, one_point, table

SMALL = {
    "nash": {"steps": 300},
    "one_point": {"steps": 20_000},
    "maximum_likelihood": {"steps": 1500},
    "optimal_discriminator": {"steps": 1500},
    "divergences": {"distances": (0.5,)},
    "vanishing_gradient": {"trained": (2, 6)},
    "old_discriminator": {"sizes": (0.5, 2.0), "more": (0, 10)},
    "mode_collapse": {"losses": ("minimax",)},
    "inception_score_blind_spot": {"count": 5000},
    "discriminator_as_classifier": {"iters": 300, "many": 5000},
    "few_images": {},
    "fractional_strides": {},
    "mixed_batches": {"width": 4, "steps": 50},
    "covariate_shift": {},
    "dcgan_features": {},
    "pixel_distance": {"iters": 200},
}
QUICK = ("one_point", "fractional_strides")
OF_IMAGES = ("inception_score_blind_spot", "discriminator_as_classifier")
OF_MNIST = (
    "few_images",
    "covariate_shift",
    "dcgan_features",
    "pixel_distance",
)  # they hold at full size only, and not on glyphs


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in SMALL])
def test_claim_holds(name, tmp_path, request):
    """A process of its own, as the files' flags are; on glyphs where any images will do."""
    code = (
        f"import sys; from absl import flags; from experiments.theory import claim, {name} as file\n"
        f"flags.FLAGS(sys.argv); report = claim.Report(file.CLAIM)\n"
        f"claim.draw(file.measure, report, {str(tmp_path / 'figure.png')!r}, **{SMALL[name]!r})\n"
        "report.print(); sys.exit(0 if report.holds() else 1)"
    )
    needs_images = ["--dataset=glyphs"] if name in OF_IMAGES else []
    if name in OF_MNIST:
        needs_images = [f"--data_dir={request.getfixturevalue('mnist_dir')}"]
    top = f"import sys; sys.path.insert(0, {str(claim.Path(__file__).parents[2])!r})\n"  # where `experiments` is
    (tmp_path / "code.py").write_text(top + code)
    result = forked(str(tmp_path / "code.py"), *needs_images, cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "The claim holds." in result.stdout and (tmp_path / "figure.png").stat().st_size > 1000


def test_as_a_user_runs_it(tmp_path):
    """`test_preparing_and_resuming` of prepare_lecture starts it in a process of its own."""
    top = str(claim.Path(__file__).parents[2])  # where `experiments` is
    code = f"import runpy, sys; sys.path.insert(0, {top!r})\n"
    code += "runpy.run_module('experiments.theory.nash', run_name='__main__', alter_sys=True)\n"
    (tmp_path / "code.py").write_text(code)
    result = forked(str(tmp_path / "code.py"), f"--out_dir={tmp_path}", cwd=tmp_path)
    assert result.returncode == 0 and f"Figure: {tmp_path / 'nash.png'}" in result.stdout
    assert (tmp_path / "nash.png").exists()


def test_a_false_prediction_fails():
    report = claim.Report("a claim")
    report.check("right", 1, 1.05, 0.1)
    report.check_between("right, too", 0, np.inf, 3)
    report.note("noted", "something")
    assert report.holds()
    for wrong in (-0.5, 1.2, float("nan")):
        report = claim.Report("a claim")
        report.check("wrong", 1, wrong, 0.1)
        assert not report.holds()
    report = claim.Report("a claim")
    report.check_between("wrong", 0, 1, 1.5)
    assert not report.holds()


def test_every_claim_is_tested():
    files = {path.stem for path in claim.Path(claim.__file__).parent.glob("*.py")} - {"claim", "table"}
    assert files == set(SMALL) == set(table.ROWS)


@pytest.mark.parametrize("theta", [0.0, 0.25, 0.7])
def test_wasserstein_distance(theta):
    """With points in any order and at other heights, the best assignment of points to points gives the same."""
    random = np.random.default_rng(0)
    p, q = divergences.segment(0), random.permutation(divergences.segment(theta)) + random.normal(size=(16, 2))
    cost = np.linalg.norm(p[:, None] - q, axis=-1)
    best = cost[scipy.optimize.linear_sum_assignment(cost)].mean()
    assert divergences.exact(p, q)[2] == pytest.approx(best, abs=1e-9)
    report = claim.Report("a claim")
    divergences.check_points(report, theta)
    assert report.holds()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda p, q: scipy.stats.wasserstein_distance(p[:, 0], q[:, 0]),  # only the horizontal part
        lambda p, q: np.linalg.norm(p.mean(axis=0) - q.mean(axis=0)) ** 2,
        lambda p, q: np.linalg.norm(p - q[::-1], axis=1).mean(),  # not the shortest plan
        lambda p, q: np.linalg.norm(p[:, None] - q, axis=-1).mean(),  # each point to all points
    ],
)
def test_a_wrong_wasserstein_distance_fails(wrong, monkeypatch):
    monkeypatch.setattr(scipy.stats, "wasserstein_distance_nd", wrong)
    report = claim.Report("a claim")
    divergences.check_points(report, 0.25)
    assert not report.holds()


def test_noise_does_not_cover_the_ring():
    """Noise and a circle reach all modes, and neither passes, so both numbers are needed. Two modes fail, too."""
    shown = mode_collapse.controls(2000)
    assert all(mode_collapse.coverage(samples)[0] == 8 for samples in shown.values())
    assert [name for name, samples in shown.items() if mode_collapse.covers(samples)] == ["the data"]
    two_modes = mode_collapse.ring(2000, [0, 3])
    assert mode_collapse.coverage(two_modes)[0] == 2 and not mode_collapse.covers(two_modes)


@pytest.mark.parametrize("gamma", [0.3, 0.5, 0.6])
def test_one_point_with_every_gamma(gamma, monkeypatch):
    """The path turns below 1/2, and not above; the predictions are those of both."""
    monkeypatch.setattr(one_point, "GAMMA", gamma)
    first, second = one_point.eigenvalues(False, gamma)
    root = abs(gamma**2 - 0.25) ** 0.5
    expected = (-gamma - 1j * root, -gamma + 1j * root) if gamma < 0.5 else (-gamma - root, -gamma + root)
    assert (first, second) == (pytest.approx(expected[0], abs=2e-3), pytest.approx(expected[1], abs=2e-3))
    if gamma != 0.5:  # where both eigenvalues are one, rounding moves them by its root
        report = claim.Report("a claim")
        one_point.measure(report, steps=20_000)
        assert report.holds(), report.as_json()
