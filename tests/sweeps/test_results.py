"""gan_tf.sweeps.results: the table of runs whose data have a classifier, and of runs whose data have none."""

import csv
import json

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
