"""gan_tf.runs.loop, as far as test_train_cli.py and test_resume.py do not run it."""

import types

import keras
import numpy as np

from gan_tf import grids
from gan_tf.gan import Gan
from gan_tf.runs import loop


def test_mode_collapse_is_reported_once(caplog):
    """When the spread falls below a twentieth of the data's, and again only after it has risen."""
    spreads = [float("nan"), 0.001, 0.1, 0.011, 0.009, 0.001, 0.02, 0.008]
    with caplog.at_level("INFO"):
        for number, (last, spread) in enumerate(zip(spreads, spreads[1:], strict=False)):
            loop.log_spread(f"{number:03}.png", spread, last, real_spread=0.2, advice="; do this")
    lines = caplog.messages
    assert [lines[i - 1].split(":")[0] for i, line in enumerate(lines) if "mode collapse" in line] == [
        "003.png",
        "006.png",
    ]
    assert lines[4] == "mode collapse: all samples are (nearly) the same; do this"


def test_mode_collapse_is_reported_once_in_a_run_that_resumes(caplog, tmp_path):
    random = np.random.default_rng(0)

    def draw(index):
        return random.random([4, 28, 28, 1]) if index == 0 else np.ones([4, 28, 28, 1])

    gan = Gan(
        objects={"optimizer": keras.optimizers.SGD()},
        train_block=lambda first, steps: np.zeros([steps, 2]),
        block=10,
        draw=draw,
        measures={"spread": grids.spread},
        real_pictures=random.random([4, 28, 28, 1]),
        shape=(28, 28, 1),
    )
    options = dict(sample_every=10, log_every=10, checkpoint_every=10, tensorboard=False)
    config = {"gan": {"name": "a", "losses": ["d_loss", "g_loss"], "measures": ["spread"], "models": []}}
    config |= {"flags": {"sample_every": 10}, "data": {"digest": "", "name": "mnist", "images": 4}}
    warnings = []
    for iters in (10, 20, 40):  # before the collapse, with it, and after it
        caplog.clear()
        with caplog.at_level("INFO"):
            loop.Loop(gan, types.SimpleNamespace(iters=iters, **options)).train(tmp_path, config)
        assert f"00{iters // 10 - 1}.png: spread" in caplog.text
        warnings.append(caplog.text.count("mode collapse"))
    assert warnings == [0, 1, 0]
