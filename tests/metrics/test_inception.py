"""gan_tf.metrics.inception: what torch-fidelity gets, what it makes of it, and that our formulas are its own."""

import sys

import numpy as np
import pytest

from gan_tf import grids
from gan_tf.metrics import inception, scores

RANDOM = np.random.default_rng(0)
MADE = RANDOM.random([60, 16, 12, 3], np.float32) ** 2
TRAINING = (256 * RANDOM.random([50, 16, 12, 3]) ** 1.9).astype(np.uint8)


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    with pytest.raises(inception.InceptionError, match=r"pip install -e '\.\[fid\]'\.$"):
        inception.require()


@pytest.fixture(scope="module")
def tiny():
    """Registers a small network in torch-fidelity: the means of colours in six parts of a picture, and five logits."""
    pytest.importorskip("torch_fidelity", reason="the extra fid is not installed")
    import torch
    from torch_fidelity import register_feature_extractor
    from torch_fidelity.feature_extractor_base import FeatureExtractorBase

    class Tiny(FeatureExtractorBase):
        def __init__(self, name, features_list, **kwargs):
            super().__init__(name, features_list)

        @staticmethod
        def get_provided_features_list():
            return ("means", "logits")

        @staticmethod
        def get_default_feature_layer_for_metric(metric):
            return "logits" if metric == "isc" else "means"

        @staticmethod
        def can_be_compiled():
            return False

        def forward(self, pictures):
            means = features(pictures.permute(0, 2, 3, 1).numpy() / 255)
            found = {"means": torch.from_numpy(means), "logits": torch.from_numpy(logits(means))}
            return tuple(found[name] for name in self.features_list)

    register_feature_extractor("tiny", Tiny)
    return "tiny"


def features(pictures):
    parts = pictures.astype(np.float64).reshape(len(pictures), 2, 8, 3, 4, 3)
    return 3 * parts.mean(axis=(2, 4)).reshape(len(pictures), -1)


def logits(means):
    return 20 * (means[:, :5] - means[:, 5:10])


@pytest.mark.slow
def test_our_formulas_are_torch_fidelitys(tiny):
    """On the same features, to 1e-6: FID, precision, recall, and KID of one subset of all; the Inception score, too."""
    found = inception.measure(MADE[:50], TRAINING, tiny)
    made, real = features(np.round(255 * MADE[:50].astype(np.float64)) / 255), features(TRAINING / 255)
    assert found["inception_frechet_distance"][0] == pytest.approx(scores.frechet_distance(real, made), rel=1e-6)
    precision, recall = scores.precision_recall(real, made)
    assert 0 < precision != recall > 0
    assert found["inception_precision"] == (pytest.approx(precision, rel=1e-6), None)
    assert found["inception_recall"] == (pytest.approx(recall, rel=1e-6), None)
    expected = scores.kernel_inception_distance(real, made, blocks=1)[0]
    assert found["inception_kernel_distance"][0] == pytest.approx(expected, rel=1e-6)
    exponentials = np.exp(logits(made))
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    assert 1 < found["inception_score"][0] < 5
    whole = np.exp(scores._mean_divergence(probabilities))  # not of the same parts, which torch-fidelity shuffles
    assert found["inception_score"][0] == pytest.approx(whole, rel=0.3)


@pytest.mark.slow
def test_more_samples_than_training_pictures(tiny):
    found = inception.measure(MADE, TRAINING[:40], tiny)
    assert all(np.isfinite(value) for value, _ in found.values()) and len(found) == 5


@pytest.mark.slow
def test_a_folder_of_samples_is_read_as_it_is(tiny, tmp_path):
    """What gan_tf.sample --out=folder/ writes, read by torch-fidelity's own loader, has the same scores."""
    import torch_fidelity

    for number, picture in enumerate(MADE):
        grids.save_image(picture, tmp_path / f"{number:05}.png")
    from_folder = torch_fidelity.calculate_metrics(
        input1=str(tmp_path),
        input2=str(tmp_path),
        feature_extractor=tiny,
        feature_layer_fid="means",
        isc=True,
        fid=True,
        cache=False,
        cuda=False,
        verbose=False,
        batch_size=20,
    )
    assert from_folder["frechet_inception_distance"] == pytest.approx(0, abs=1e-6)
    found = inception.measure(MADE, TRAINING, tiny)
    assert found["inception_score"][0] == pytest.approx(from_folder["inception_score_mean"], rel=1e-9)


@pytest.mark.slow
def test_tensors(tiny):
    """8 bits, rounded; grey three times; channels first."""
    tensor = inception.as_tensor(MADE[0])
    assert tensor.shape == (3, 16, 12)
    np.testing.assert_array_equal(tensor.permute(1, 2, 0).numpy(), np.round(255 * MADE[0].astype(np.float64)))
    grey = inception.as_tensor(TRAINING[0, :, :, :1])
    np.testing.assert_array_equal(grey.permute(1, 2, 0).numpy(), np.repeat(TRAINING[0, :, :, :1], 3, axis=2))


@pytest.mark.slow
def test_without_a_network(tiny, monkeypatch, tmp_path):
    """One line that says so."""
    import torch.hub

    def refuse(*args, **kwargs):
        raise OSError("<urlopen error>")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    with pytest.raises(inception.InceptionError, match="cannot download the weights .* try again with a network"):
        inception.measure(MADE, TRAINING)


@pytest.mark.slow
def test_clean_fid_reads_a_folder_as_it_is(tmp_path):
    """Its own loader gives its network every pixel of what gan_tf.sample --out=folder/ writes."""
    fid = pytest.importorskip("cleanfid.fid", reason="clean-fid is not installed: it needs torchvision, with 5 GB")
    for number, picture in enumerate(MADE):
        grids.save_image(picture, tmp_path / f"{number:05}.png")
    found = fid.get_folder_features(
        str(tmp_path),
        model=lambda batch: batch,
        custom_fn_resize=lambda pixels: pixels,
        num_workers=0,
        device="cpu",
        verbose=False,
    )
    np.testing.assert_array_equal(found.transpose(0, 2, 3, 1), np.round(255 * MADE.astype(np.float64)))
