"""gan_tf.runs.exported: the note of what a run has exported."""

import threading

from gan_tf.runs import exported


def test_exports_take_turns(tmp_path):
    """Several may export the same run at once. Of an export that was interrupted no note is left."""
    (tmp_path / "checkpoints").mkdir()
    assert exported.exported(tmp_path) == 0
    for name in ("checkpoints/9.index", "checkpoints/9.data-00000-of-00001", "generator.keras"):
        (tmp_path / name).write_text(name)
    with exported.exporting(tmp_path):
        waiting = threading.Thread(target=lambda: exported.exporting(tmp_path).__enter__())
        waiting.start()
        waiting.join(0.1)
        assert waiting.is_alive()
        exported.write_exported(tmp_path, 9, ["generator.keras"])
    waiting.join(10)
    assert not waiting.is_alive() and exported.exported(tmp_path) == 9
    for name in ("checkpoints/9.data-00000-of-00001", "generator.keras", "checkpoints/exported.json"):
        kept = (tmp_path / name).read_bytes()
        for damaged in (kept[:-1], b""):
            (tmp_path / name).write_bytes(damaged)
            assert exported.exported(tmp_path) == 0, name
        (tmp_path / name).write_bytes(kept)
    assert exported.exported(tmp_path) == 9


def test_the_page_may_be_written_again(tmp_path):
    """gan_tf.report gives it another size; then the run is finished all the same. But it must be there."""
    (tmp_path / "checkpoints").mkdir()
    names = ["losses.csv", "report.html", "checkpoints/9.index", "checkpoints/9.data-00000-of-00001"]
    for name in names:
        (tmp_path / name).write_text(name)
    exported.write_exported(tmp_path, 9, names[:2])
    (tmp_path / "report.html").write_text("a longer page than before")
    assert exported.exported(tmp_path) == 9
    for name in names:
        kept = (tmp_path / name).read_text()
        (tmp_path / name).write_text("")
        assert exported.exported(tmp_path) == 0, name
        (tmp_path / name).unlink()
        assert exported.exported(tmp_path) == 0, name
        (tmp_path / name).write_text(kept)
    assert exported.exported(tmp_path) == 9
