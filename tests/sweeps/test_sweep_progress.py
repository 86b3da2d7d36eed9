"""The progress of a sweep."""

from gan_tf.sweeps import grid, progress


def test_a_run_that_falls_back_to_its_checkpoint_has_a_speed(tmp_path, monkeypatch, caplog):
    """Its last line was that of iteration 900. It resumes at 500, and 100 iterations later 10 seconds have passed."""

    def write(iteration):
        (tmp_path / "a" / "losses.csv").write_text(f"iteration,d_loss\n{iteration},1\n")

    (tmp_path / "a").mkdir()
    write(900)
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(progress, "LINE_EVERY", 10)
    caplog.set_level("INFO", "absl")
    with progress.Progress([grid.Run("a", "a", "reference", (), (2000,))], tmp_path) as shown:
        for seconds, iteration in ((1, 500), (10, 600)):
            now[0] = seconds
            write(iteration)
            shown.update()
    (line,) = caplog.messages
    assert line.endswith("0 of 1 stages; 10 iterations a second, 2 min left")
