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
    """Only MNIST's own first 5,000 pictures are set aside."""
    arrays = write_idx_folder(tmp_path, train=5010, test=7, suffix="")
    pixels = arrays["train-images-idx3-ubyte"].reshape(-1, 28, 28, 1)
    assert data.load("mnist", tmp_path, "validation").pixels.shape == (0, 28, 28, 1)
    for split, expected, labels in [
        ("train", pixels, arrays["train-labels-idx1-ubyte"]),
        ("test", arrays["t10k-images-idx3-ubyte"].reshape(-1, 28, 28, 1), arrays["t10k-labels-idx1-ubyte"]),
    ]:
        dataset = data.load("mnist", tmp_path, split)
        assert dataset.shape == (28, 28, 1) and dataset.classes == tuple("0123456789") and dataset.classifier is None
        assert dataset.images.dtype == np.float32 and dataset.labels.dtype == np.int64
        # TF1's input_data: float32 pixels, times 1 / 255 in float32.
        np.testing.assert_array_equal(dataset.images, np.multiply(expected.astype(np.float32), 1.0 / 255.0))
        np.testing.assert_array_equal(dataset.labels, labels)
        assert dataset.images.min() >= 0 and dataset.images.max() == 1
        assert dataset.digest == hashlib.sha256(expected.tobytes()).hexdigest()
        assert dataset.name == "custom"


@pytest.mark.parametrize(
    ("name", "flags", "message"),
    [
        (
            "mnist",
            {"size": 32},
            "--dataset=mnist has pictures of one size: remove --size and --channels. "
            "Your own pictures: --dataset=folder --data_dir=FOLDER.",
        ),
        ("heads", {"channels": 1}, "--dataset=heads has pictures of one size: remove --size and --channels."),
        ("folder", {"data_dir": ".", "size": 0}, "--size=0 is not a whole number from 16 to 1024."),
        ("folder", {"data_dir": ".", "size": 1025}, "--size=1025 is not a whole number from 16 to 1024."),
        ("folder", {"data_dir": ".", "size": "64"}, "--size=64 is not a whole number from 16 to 1024."),
        ("folder", {"data_dir": ".", "channels": 2}, "--channels=2 is neither 1 (grey) nor 3 (colour)."),
        ("folder", {}, "--dataset=folder needs the folder of your pictures: name it with --data_dir."),
    ],
)
def test_flags_that_do_not_fit(name, flags, message):
    with pytest.raises(data.DataError) as error:
        data.load(name, **flags)
    assert str(error.value) == message


def test_a_run_loads_what_its_flags_say(monkeypatch):
    """Each flag at its own place; those that older runs lack are left out."""
    from gan_tf.data import loading

    seen = []
    monkeypatch.setattr(loading, "load", lambda *arguments: seen.append(arguments))
    data.load_as({"dataset": "folder", "data_dir": "a", "size": 16, "channels": 1, "cache": False}, "test")
    data.load_as({"dataset": "glyphs", "data_dir": None})
    assert seen == [("folder", "a", "test", 16, 1, False), ("glyphs", None, "train", None, None, True)]


def test_a_tenth_is_held_out_by_name():
    """Whatever else is there; and always the same."""
    from gan_tf.data.dataset import held_out

    names = [f"photos/{i}.jpg" for i in range(5000)]
    found = held_out(names)
    assert found.dtype == bool and abs(found.mean() - 0.1) < 4 * (0.09 / 5000) ** 0.5
    np.testing.assert_array_equal(held_out(names[7:19]), found[7:19])
    digest = hashlib.sha256(b"photos/3.jpg").digest()
    assert found[3] == (int.from_bytes(digest[:8], "big") % 10 == 0)
    assert held_out(["\udcff.png"]).shape == (1,), "bytes that are no text"


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
