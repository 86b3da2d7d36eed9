"""gan_tf.messages: exceptions as one short line."""

import pytest

from gan_tf import messages


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError("first\nsecond"), "first"),
        (ValueError("\n"), "ValueError"),
        (RuntimeError("{{function_node __wrapped__X}} disk full [Op:SaveV2] name: "), "disk full"),
    ],
)
def test_reason(error, words):
    assert messages.reason(error) == words


def test_short():
    assert messages.short(150 * "a") == 150 * "a" and messages.short(151 * "a") == 150 * "a" + "…"


def test_slow_speeds_have_a_decimal():
    assert [messages.speed(rate) for rate in (0.05, 2.44, 9.96, 10.4, 289.6)] == [
        "0.1 a second",
        "2.4 a second",
        "10.0 a second",
        "10 a second",
        "290 a second",
    ]
