"""--dataset=mnist with folders as people have them: each kind in tests/data/relatives.py."""

import numpy as np
import pytest
import relatives
from relatives import HELD_OUT, KINDS, Gives

from gan_tf import data


def expected(result):
    """{split: (pixels, labels, classes) or a message}"""
    if not isinstance(result, Gives):
        result = result if isinstance(result, dict) else dict.fromkeys(data.SPLITS, result)
        return {split: (each, None, ()) if isinstance(each, np.ndarray) else each for split, each in result.items()}
    train, labels, test, test_labels = result.train, result.labels, result.test, result.test_labels
    if test is None:
        rest = np.setdiff1d(np.arange(len(train)), HELD_OUT)
        test, train = train[HELD_OUT], train[rest]
        test_labels, labels = (None, None) if labels is None else (labels[HELD_OUT], labels[rest])
    parts = {"train": (train, labels), "validation": (train[:0], None), "test": (test, test_labels)}
    return {
        split: (pixels, labels, () if labels is None and split != "validation" else result.classes)
        for split, (pixels, labels) in parts.items()
    }


@pytest.mark.parametrize("name", KINDS)
def test_kind(tmp_path, name):
    relatives.write(name, tmp_path)
    for split, what in expected(KINDS[name][1]).items():
        if isinstance(what, str):
            with pytest.raises(data.DataError) as caught:
                data.load("mnist", tmp_path, split)
            assert str(caught.value) == what.replace("FOLDER", str(tmp_path))
            continue
        pixels, labels, classes = what
        read = data.load("mnist", tmp_path, split)
        assert (read.name, read.classifier, read.classes) == ("custom", None, classes)
        assert read.pixels.dtype == np.uint8 and read.labels.dtype == np.int64
        pixels = pixels if pixels.ndim == 4 else pixels[..., None]
        assert read.pixels.shape == pixels.shape
        np.testing.assert_array_equal(read.pixels, pixels)
        np.testing.assert_array_equal(read.labels, np.zeros(len(pixels)) if labels is None else labels)
