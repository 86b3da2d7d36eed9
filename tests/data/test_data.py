"""gan_tf.data: splits, scaling, and the epoch walk."""

import hashlib
import itertools

import numpy as np
import pytest
from conftest import write_idx_folder

from gan_tf import data


def test_home_is_understood(tmp_path, monkeypatch):
    """Callers in Python may write ~, and so did the config.json of older runs."""
    write_idx_folder(tmp_path / "images", train=5010, test=7)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert len(data.load("mnist", "~/images", "test").pixels) == 7


def test_splits_and_scaling(tmp_path):
    arrays = write_idx_folder(tmp_path, train=5010, test=7, suffix="")
    pixels = arrays["train-images-idx3-ubyte"].reshape(-1, 784)
    for split, expected, labels in [
        ("train", pixels[5000:], arrays["train-labels-idx1-ubyte"][5000:]),
        ("validation", pixels[:5000], arrays["train-labels-idx1-ubyte"][:5000]),
        ("test", arrays["t10k-images-idx3-ubyte"].reshape(-1, 784), arrays["t10k-labels-idx1-ubyte"]),
    ]:
        dataset = data.load("mnist", tmp_path, split)
        assert dataset.images.dtype == np.float32 and dataset.labels.dtype == np.int64
        # TF1's input_data: float32 pixels, times 1 / 255 in float32.
        np.testing.assert_array_equal(dataset.images, np.multiply(expected.astype(np.float32), 1.0 / 255.0))
        np.testing.assert_array_equal(dataset.labels, labels)
        assert dataset.images.min() >= 0 and dataset.images.max() == 1
        assert dataset.digest == hashlib.sha256(expected.tobytes()).hexdigest()
        assert dataset.name == "custom"


def test_too_few_images_for_the_validation_set(tmp_path):
    write_idx_folder(tmp_path, train=5000)
    with pytest.raises(data.DataError, match="5000 training images are too few"):
        data.load("mnist", tmp_path)


def test_unknown_names():
    with pytest.raises(ValueError, match="unknown data set 'cifar'; known: mnist, glyphs"):
        data.load("cifar")
    with pytest.raises(ValueError, match="unknown split 'dev'; known: train, validation, test"):
        data.load("glyphs", split="dev")


def test_glyphs_take_no_folder(tmp_path):
    with pytest.raises(data.DataError, match="remove --data_dir"):
        data.load("glyphs", tmp_path)


def test_every_epoch_has_every_image_once():
    n, batch_size = 10, 4
    walk = data.batch_indices(n, batch_size, seed=3, first=0, steps=25).ravel()
    epochs = walk.reshape(-1, n)
    assert len(epochs) == 10
    for epoch in epochs:
        assert sorted(epoch) == list(range(n))
    assert len({tuple(epoch) for epoch in epochs}) > 1, "the epochs are shuffled alike"


def test_epochs_and_seeds_share_no_random_numbers():
    """Else the order of one epoch is that of another, moved by a few images."""

    def places(seed, epoch, n=4000):
        return np.argsort(data.batch_indices(n, n, seed, epoch, 1)[0])  # where in the epoch each image comes

    orders = [places(seed, epoch) for seed in (3, 4) for epoch in (0, 1)]
    for first, second in itertools.combinations(orders, 2):
        for moved in range(-12, 13):
            assert abs(np.corrcoef(first[12:-12], np.roll(second, moved)[12:-12])[0, 1]) < 0.1


def test_known_orders():
    """They stay as they are: another order would change every run."""
    orders = data.batch_indices(10, 10, seed=0, first=0, steps=2).tolist()
    assert orders == [[0, 2, 9, 1, 8, 5, 4, 3, 6, 7], [1, 9, 2, 8, 3, 5, 0, 4, 7, 6]]


def test_batch_across_the_end_of_an_epoch():
    """As next_batch: the old epoch's tail, then the new epoch's head, and the walk continues behind that."""
    n, batch_size = 10, 4
    epoch_0 = data.batch_indices(n, n, seed=3, first=0, steps=1)[0]
    epoch_1 = data.batch_indices(n, n, seed=3, first=1, steps=1)[0]
    batches = data.batch_indices(n, batch_size, seed=3, first=0, steps=4)
    np.testing.assert_array_equal(batches[2], [*epoch_0[8:], *epoch_1[:2]])
    np.testing.assert_array_equal(batches[3], epoch_1[2:6])


@pytest.mark.parametrize(("n", "batch_size"), [(55000, 128), (130, 128), (128, 128), (7, 3)])
def test_walk_depends_on_the_iteration_alone(n, batch_size):
    whole = data.batch_indices(n, batch_size, seed=1, first=0, steps=900)
    assert whole.shape == (900, batch_size) and whole.dtype == np.int32
    pieces = [data.batch_indices(n, batch_size, seed=1, first=i, steps=s) for i, s in [(0, 1), (1, 428), (429, 471)]]
    np.testing.assert_array_equal(whole, np.concatenate(pieces))
    assert (whole != data.batch_indices(n, batch_size, seed=2, first=0, steps=900)).any()


def test_a_batch_is_spread_over_the_data():
    """A mean of 128 uniform indices of 55,000 has a standard deviation of 55,000 / sqrt(12 * 128) = 1403."""
    means = data.batch_indices(55000, 128, seed=0, first=0, steps=400).mean(1)
    assert abs(means.mean() - 27499.5) < 4 * 1403 / 20
    assert 0.85 < means.std() / 1403 < 1.15
