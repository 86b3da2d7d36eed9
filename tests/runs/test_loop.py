"""gan_tf.runs.loop, as far as test_train_cli.py and test_resume.py do not run it."""

from gan_tf.runs import loop


def test_mode_collapse_is_reported_once(caplog):
    """When the spread falls below a twentieth of the data's, and again only after it has risen."""
    spreads = [float("inf"), 0.1, 0.011, 0.009, 0.001, 0.02, 0.008]
    with caplog.at_level("INFO"):
        for number, (last, spread) in enumerate(zip(spreads, spreads[1:], strict=False)):
            loop.log_spread(f"{number:03}.png", spread, last, data_spread=0.2)
    lines = caplog.messages
    assert [lines[i - 1].split(":")[0] for i, line in enumerate(lines) if "mode collapse" in line] == [
        "002.png",
        "005.png",
    ]
