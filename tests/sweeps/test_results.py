"""gan_tf.sweeps.results: the table of runs whose data have a classifier, and of runs whose data have none."""

import contextlib
import csv
import json

import matplotlib.figure
import numpy as np
import pytest
from PIL import Image

from gan_tf.sweeps import results, worker
from gan_tf.sweeps.grid import Run

READ = {"classifier_score": 7.5, "frechet_distance": 50.0, "precision": 0.5, "recall": 0.25, "classes_covered": 9.0}
UNREAD = {"sliced_wasserstein": 30.0, "sliced_wasserstein_16x16": 35.0, "nearest_training": 0.125, "copies": 0.0625}


def measured(out_dir, setting, seeds, stages, scores, classifier):
    """Runs of one setting, and the files that their stages have left. All scores grow with the seed and the stage."""
    runs = [Run(f"{setting},seed={seed}", setting, "dcgan", (), stages) for seed in range(seeds)]
    for seed, run in enumerate(runs):
        for stage in stages:
            folder = worker.stage_folder(out_dir / run.name, stage)
            folder.mkdir(parents=True)
            found = {name: [value * (1 + seed) + stage, None] for name, value in scores.items()}
            facts = {"iterations": stage, "classifier": classifier, "scores": found}
            (folder / "stage.json").write_text(json.dumps(facts))
        Image.new("RGB", (20, 20), (200, 30 * seed, 40)).save(out_dir / run.name / "samples.png")
    return runs


@pytest.fixture
def mixed(tmp_path):
    """The runs of a sweep over two data sets, of which a classifier knows one."""
    runs = measured(tmp_path, "dataset=folder", 1, (5,), UNREAD | {"spread": 0.5}, None)
    return runs + measured(tmp_path, "dataset=heads", 2, (5, 10), READ | {"spread": 0.25}, "heads")


def test_each_setting_has_the_scores_of_its_data(mixed, tmp_path):
    """At its last stage; those of a level have no column. Where a score is missing, the cell is empty."""
    found = results.read(mixed, tmp_path)
    names = [*READ, "sliced_wasserstein", "nearest_training", "copies", "spread"]
    assert results.columns_of(found) == names
    own, heads = results.rows(found)
    assert (own["setting"], own["iterations"], own["seeds"]) == ("dataset=folder", 5, 1)
    assert (heads["setting"], heads["iterations"], heads["seeds"]) == ("dataset=heads", 10, 2)
    assert own["sliced_wasserstein"] == (35.0, None) and own["frechet_distance"] is None
    assert heads["frechet_distance"] == (pytest.approx(85), pytest.approx(50 / 2**0.5))  # of 60 and 110
    assert heads["copies"] is None

    assert len(results.write(mixed, tmp_path)) == 4
    with open(tmp_path / "sweep.csv") as file:
        own, heads = csv.DictReader(file)
    assert list(own)[3:] == [f"{name}_{what}" for name in names for what in ("mean", "std")]
    assert own["copies_mean"] == "5.0625" and own["copies_std"] == own["recall_mean"] == own["recall_std"] == ""
    assert heads["spread_mean"] == "10.375" and heads["copies_mean"] == heads["copies_std"] == ""
    header, line, own, heads = (tmp_path / "sweep.md").read_text().splitlines()
    assert {each.count("|") for each in (header, line, own, heads)} == {len(names) + 4}
    assert own == "| dataset=folder | 5 |  |  |  |  |  | 35 | 5.125 | 5.062 | 5.5 | 1 |"


def test_titles_are_those_of_the_classifier(mixed, tmp_path):
    for runs in (mixed[1:], mixed):  # also if the first run's data have none
        assert results.titles_of(runs, tmp_path)["frechet_distance"] == "FID (heads reader)"
    titles = results.titles_of(mixed[:1], tmp_path)
    assert titles["sliced_wasserstein"] == "sliced Wasserstein distance (x 1000)"
    assert set(results.COLUMNS) <= set(titles)


def test_the_figure_is_of_the_best_score_that_there_is(mixed, tmp_path, monkeypatch):
    """FID, with a line for each setting that has it; without a classifier the sliced Wasserstein distance."""
    drawn = []

    def draw(found, score, title, path):
        drawn.append((score, list(found)))
        path.write_text("")

    monkeypatch.setattr(results, "_draw_curves", draw)
    results.write(mixed[:1], tmp_path)
    results.write(mixed, tmp_path)
    assert drawn == [("sliced_wasserstein", ["dataset=folder"]), ("frechet_distance", ["dataset=heads"])]


def test_the_pictures_are_of_the_best_settings(tmp_path, monkeypatch):
    """Ten of twelve: those with the lowest mean of the last stage, the best first. The table has all of them."""
    assert results.LINES == 10
    order = [7, 2, 11, 5, 9, 0, 3, 10, 1, 8, 4, 6]  # the place of each setting, by its score
    runs, drawn = [], {}
    for number, place in enumerate(order):
        scores = READ | {"frechet_distance": 10.0 + place, "precision": place / 20}
        runs += measured(tmp_path, f"d_lr={number}", 2, (5, 10), scores, "mnist")
    monkeypatch.setattr(results, "_draw_curves", lambda found, *_: drawn.update(curves=found))
    monkeypatch.setattr(results, "_draw_samples", lambda runs, *_: drawn.update(samples=runs))
    monkeypatch.setattr(results.files, "replacing", lambda path: contextlib.nullcontext(path))
    results.write(runs, tmp_path)
    best = [f"d_lr={order.index(place)}" for place in range(10)]
    assert list(drawn["curves"]) == best
    assert {run.setting for run in drawn["samples"]} == set(best) and len(drawn["samples"]) == 20
    assert len((tmp_path / "sweep.md").read_text().splitlines()) == 2 + 12


def test_what_is_drawn(tmp_path, monkeypatch):
    """The mean over the seeds with a band of one standard deviation; and samples.png of each run below its name."""
    shown = []
    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", lambda figure, *given, **options: shown.append(figure))
    runs = measured(tmp_path, "a", 3, (10, 5), READ, "mnist") + measured(tmp_path, "b", 1, (5,), READ, "mnist")
    found = results.read(runs, tmp_path)
    results._draw_curves(found, "precision", "the title", None)
    (axes,) = shown[0].axes
    lines = {line.get_label(): line.get_xydata().tolist() for line in axes.lines}
    assert lines == {"a": [[5, 6.0], [10, 11.0]], "b": [[5, 5.5]]}  # 0.5, 1 and 1.5 more than the stage
    band = axes.collections[0].get_paths()[0].vertices
    assert {(5, 5.5), (5, 6.5), (10, 10.5), (10, 11.5)} <= {tuple(point) for point in band.tolist()}
    assert (axes.get_ylabel(), axes.get_ylim()[0]) == ("the title", 0)
    (tmp_path / "a,seed=1" / "samples.png").unlink()
    results._draw_samples(runs, tmp_path, None)
    cells = [
        (axes.get_title(), [image.get_array()[0, 0].tolist()[:3] for image in axes.images]) for axes in shown[1].axes
    ]
    red, green = [200 / 255, 0, 40 / 255], [200 / 255, 60 / 255, 40 / 255]
    assert [name for name, _ in cells] == ["a\nseed=0", "a\nseed=1", "a\nseed=2", "b\nseed=0", "", ""]
    np.testing.assert_allclose([cells[i][1][0] for i in (0, 2, 3)], [red, green, red], atol=1e-6)
    assert [len(pictures) for _, pictures in cells] == [1, 0, 1, 1, 0, 0]
