"""gan_tf.metrics.heads_reader: the weights that ship are what heads_reader.json says of them."""

import numpy as np
import pytest

from gan_tf.data import dataset, heads
from gan_tf.metrics import classifier, heads_reader

FIRST, COUNT = 20_000, 600  # of the test heads


@pytest.fixture(scope="module")
def shipped():
    """The trained network and its facts."""
    return classifier.load_classifier("heads")


@pytest.fixture(scope="module")
def some():
    """The first test heads: (float32 [600, 64, 64, 3], attributes)."""
    pixels, attributes = heads.draw(FIRST, COUNT)
    return dataset.scaled(pixels), attributes


def test_outputs(shipped):
    """Features, then the attributes in their order, then "head". The second output is the hair colour."""
    model, _ = shipped
    sizes = [len(names) for names in heads.ATTRIBUTES.values()]
    assert [shape[1:] for shape in model.output_shape] == [(128,), *((size,) for size in sizes), (1,)]
    assert model.input_shape == (None, 64, 64, 3) and list(heads.ATTRIBUTES)[0] == "hair"


def test_accuracies(shipped, some):
    """Of these heads each attribute is read as often as the file says of all test heads, but for 3 heads of 600."""
    model, facts = shipped
    found = heads_reader.accuracies(model, *some)
    assert set(found) == set(heads.ATTRIBUTES)
    for name, share in found.items():
        assert share == pytest.approx(facts["test_accuracies"][name], abs=0.005) and share > 0.99
    shifted = {name: np.roll(values, 1) for name, values in some[1].items()}
    for name, share in heads_reader.accuracies(model, some[0], shifted).items():
        assert share == pytest.approx(1 / len(heads.ATTRIBUTES[name]), abs=0.08), "the control: labels of other heads"


def test_clear_heads(shipped, some):
    """As often as the file says, within 4 standard errors; pictures that are no heads never."""
    model, facts = shipped
    clear = heads_reader.certainty(model, some[0]) >= facts["threshold"]
    share = facts["clear_test_heads"]
    assert clear.mean() == pytest.approx(share, abs=4 * (share * (1 - share) / COUNT) ** 0.5)
    spoiled = heads_reader.spoil(some[0], np.random.default_rng(7))
    assert (heads_reader.certainty(model, spoiled) >= facts["threshold"]).sum() <= 1
    grey = np.full([4, 64, 64, 3], 0.5, np.float32)
    assert heads_reader.certainty(model, grey).max() < facts["threshold"]


def test_certainty_is_the_least_of_all_probabilities():
    """With logits by hand: first an attribute is the least, then "head"."""

    class Model:
        def predict_on_batch(self, images):
            sure, unsure = [[0.0, 9.0]], [[0.0, 1.0]]
            return [np.zeros([2, 3]), np.array(sure + sure), np.array(unsure + sure), np.array([[8.0], [0.5]])]

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    found = heads_reader.certainty(Model(), np.zeros([2, 4, 4, 3]))
    np.testing.assert_allclose(found, [sigmoid(1.0), sigmoid(0.5)], rtol=1e-6)


def test_spoiled_heads(some):
    """Each kind by hand."""
    images = some[0][:6]
    made, others = heads_reader.spoil(images, np.random.default_rng(3)), np.roll(images, 1, axis=0)
    np.testing.assert_allclose(made[0], (images[0] + others[0]) / 2, atol=1e-6)

    def tiles(picture):
        return sorted(picture[i : i + 16, j : j + 16].tobytes() for i in range(0, 64, 16) for j in range(0, 64, 16))

    assert tiles(made[1]) == tiles(images[1]) and (made[1] != images[1]).any()
    colours = [np.sort(each.reshape(-1, 3).view("f4,f4,f4").ravel()) for each in (made[2], images[2])]
    np.testing.assert_array_equal(*colours)
    assert np.abs(np.diff(made[3], axis=0)).mean() < np.abs(np.diff(images[3], axis=0)).mean() / 3
    np.testing.assert_array_equal(made[4][:, :32], images[4][:, :32])
    np.testing.assert_array_equal(made[4][:, 32:], others[4][:, 32:])
    assert 0.1 < np.abs(made[5] - images[5]).mean() < 0.25


@pytest.mark.slow
def test_it_trains():
    """On some heads, for a moment: better than chance at the hair colour and at telling heads from what is spoiled."""
    pixels, attributes = heads.draw(0, 640)
    images = dataset.scaled(pixels)
    model = heads_reader.fit(images[:512], {name: values[:512] for name, values in attributes.items()}, epochs=6)
    assert heads_reader.accuracies(model, images[512:], {n: v[512:] for n, v in attributes.items()})["hair"] > 0.25


def test_the_file_is_small():
    assert (classifier.HERE / "heads_reader.npz").stat().st_size < 500_000


def test_what_stays_when_the_hair_changes(monkeypatch, shipped):
    """Of four heads, three have the right hair, two the same rest, one both; another head has the same rest once."""
    names = [name for name in heads.ATTRIBUTES if name != "hair"]
    hair = np.array([3, 1, 2, 5])

    def values(colours, changed):  # the rest is 1, but for attribute `changed[i]` of head i
        found = {name: np.ones(4, int) for name in names} | {"hair": np.array(colours)}
        for place, which in enumerate(changed):
            if which is not None:
                found[names[which]][place] = 0
        return found

    seen = {
        "before": values([0, 0, 0, 0], [None] * 4),
        "after": values([3, 1, 2, 0], [None, 7, 0, None]),
        "others": values([0, 0, 0, 0], [3, None, 5, 1]),
    }
    monkeypatch.setattr(heads_reader, "read", lambda model, images: seen[images])
    assert heads_reader.recoloured(*seen, hair) == {
        "hair changed: read as asked": (0.75, pytest.approx((0.75 * 0.25 / 4) ** 0.5)),
        "hair changed: as asked, and the rest is kept": (0.25, pytest.approx((0.75 * 0.25 / 4) ** 0.5)),
        "another head: the rest is the same": (0.25, pytest.approx((0.75 * 0.25 / 4) ** 0.5)),
    }
