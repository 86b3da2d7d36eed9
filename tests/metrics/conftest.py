"""A fixture for scores that look for the nearest of known pictures."""

import pytest

from gan_tf.data import dataset
from gan_tf.metrics import pairs


@pytest.fixture
def know_few(monkeypatch):
    """`know_few(draw)`: now only 4,000 pictures of `draw`, such as `glyphs.draw`, are known, not 10,000."""

    def know(draw):
        monkeypatch.setattr(pairs.data, "load", lambda name: dataset.make(name, "", *draw(5000, 4000)))

    pairs.known.cache_clear()
    yield know
    pairs.known.cache_clear()
