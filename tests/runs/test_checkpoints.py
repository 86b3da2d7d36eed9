"""gan_tf.runs.checkpoints: which states are saved, kept and restored."""

import os

import keras
import numpy as np
import pytest

from gan_tf.runs.checkpoints import Checkpoints


def network(width=2):
    """A network and its optimizer, by name."""
    model = keras.Sequential([keras.Input([3]), keras.layers.Dense(width)])
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    return {"model": model, "optimizer": optimizer}


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["model", "optimizer"])
def test_a_state_that_is_not_finite_is_not_saved(name, bad, tmp_path):
    """One number of a weight or of a slot is enough."""
    objects = network()
    states = Checkpoints(tmp_path, **objects)
    states.save(1)
    variable = objects[name].variables[-1]
    variable.assign(np.append(np.zeros(variable.shape[0] - 1), bad))
    with pytest.raises(FloatingPointError, match=f"{name} has weights that are not finite"):
        states.save(2)
    assert states.iterations() == [1] and sorted(os.listdir(tmp_path)) == ["1.data-00000-of-00001", "1.index"]


def test_the_newest_three_are_kept(tmp_path):
    objects = network()
    states = Checkpoints(tmp_path, **objects)
    for iteration in (7, 8, 9, 10):
        objects["model"].layers[0].bias.assign([iteration, 0])
        states.save(iteration)
    assert states.iterations() == [10, 9, 8] and len(os.listdir(tmp_path)) == 6
    restored = [(iteration, float(objects["model"].layers[0].bias[0])) for iteration in states.restorable()]
    assert restored == [(10, 10), (9, 9), (8, 8)]


def test_a_state_that_lacks_something_is_damaged(tmp_path, caplog):
    """All that is asked for must be there, in its shape; what was saved besides may be left."""
    objects = network()
    Checkpoints(tmp_path, model=objects["model"]).save(5)
    for wanted in (objects, {"model": network(4)["model"]}):
        caplog.clear()
        assert list(Checkpoints(tmp_path, **wanted).restorable()) == []
        assert "the checkpoint at iteration 5 is damaged" in caplog.text
    Checkpoints(tmp_path, **objects).save(6)
    assert list(Checkpoints(tmp_path, model=network()["model"]).restorable()) == [6, 5]
