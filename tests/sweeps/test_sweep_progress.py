"""The progress of a sweep."""

import logging

from gan_tf.sweeps import grid, progress, worker


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


def test_what_a_line_says(tmp_path, monkeypatch, caplog):
    """Once a minute: the runs that have ended, the stages that are there, the speed since the start, the time left.

    The first run resumes at 200 of 20,000, and is at 1,400 after a minute. The second one fails before that.
    """
    runs = [grid.Run("a", "a", "reference", (), (100, 20_000)), grid.Run("b", "b", "reference", (), (500,))]
    runs.append(grid.Run("c", "c", "reference", (), (300,)))
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    caplog.set_level("INFO", "absl")
    losses = tmp_path / "a" / "losses.csv"
    stage = worker.stage_folder(tmp_path / "a", 100)
    stage.mkdir(parents=True)
    (stage / "stage.json").write_text("{}")
    losses.write_text("iteration,d_loss\n" + "".join(f"{n},0.123456789,0.25\n" for n in range(0, 201, 10)))
    with progress.Progress(runs, tmp_path) as shown:
        with open(losses, "a") as file:
            file.write("1400,0.123456789,0.25\n")
        shown.ended("b", "no disk")
        shown.ended("c", "stopped")
        for seconds in (59, 60, 61):
            now[0] = float(seconds)
            shown.update()
        shown.ended("a", None)
    lines = [(record.levelno, record.getMessage()) for record in caplog.records]
    assert lines == [
        (logging.ERROR, "b: failed: no disk; 1 of 3 runs have ended"),
        (logging.INFO, "c: stopped"),
        # (1400 - 200 + 500 + 300) / 60, and 18,600 that are left at this speed
        (logging.INFO, "2 of 3 runs have ended, 1 of 4 stages; 33 iterations a second, 9 min left"),
        (logging.INFO, "a: finished; 3 of 3 runs have ended"),
    ]
