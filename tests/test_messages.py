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
