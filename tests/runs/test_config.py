"""gan_tf.runs.config: what a run says of itself, and what is damaged."""

import os

import pytest

from gan_tf.runs import config, folder


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"flags": 3}', '{"flags": {}}', "[" * 100_000, '{"flags": {}, "data": {}, "gan": {}}', None],
)
def test_config_that_is_damaged(text, tmp_path):
    os.mkfifo(tmp_path / "config.json") if text is None else (tmp_path / "config.json").write_text(text)
    with pytest.raises(config.RunError, match="config.json cannot be read"):
        config.read_config(tmp_path)
    with pytest.raises(config.RunError, match="config.json cannot be read"):
        folder.check(tmp_path, {}, overwrite=False)
    folder.check(tmp_path, {}, overwrite=True)


def test_versions():
    versions = config.versions()
    assert versions["tensorflow"].startswith("2.") and versions["python"].startswith("3.")
