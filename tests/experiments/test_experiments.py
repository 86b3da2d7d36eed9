"""What the experiments share, and that their tables say what their results say."""

import importlib
import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from command_line import forked
from conftest import write_idx_folder
from PIL import Image

from experiments import exact, figures, heads, record
from experiments.mnist import (
    few_pictures,
    fidelity,
    long_runs,
    measured,
    objectives,
    reproduce_blog,
    stacked,
    zoo,
    zoo_figures,
)
from experiments.speed import benchmark, convolutions, pictures, plan, sweeps, xla
from experiments.speed import start as start_up
from gan_tf import grids, models, reference
from gan_tf.objectives.recipes import RECIPES
from gan_tf.zoo import completion, regularised

README = Path(reproduce_blog.__file__).parents[1] / "README.md"


@pytest.fixture
def images_dir(tmp_path):
    """A folder of IDX files: 300 training images beyond the validation set, 150 test images."""
    write_idx_folder(tmp_path / "images", train=5300, test=150)
    return tmp_path / "images"


def test_a_killed_process_counts_as_much_as_the_others():
    """1,000 iterations in 50 s, a killed process, 500 iterations in 40 s: 2,000 iterations took 120 s."""
    log = "1000 iterations in 50.0 s, 20 a second\nresumed at 1500\n500 iterations in 40.0 s, 13 a second\n"
    assert measured.training_seconds(log, 2000) == 120


@pytest.mark.slow
def test_a_run_is_measured_in_stages(images_dir, tmp_path, monkeypatch):
    """What is there is not trained again; each stage is measured with its own networks."""
    monkeypatch.setattr(measured, "COUNT", 200)
    options = ["--nojit", "--batch_size=16", "--sample_every=10", "--d_optimizer=adam", "--seed=3"]
    for stages in ([20], [20, 50], [20, 50]):
        measured.train({"some": (options, stages)}, str(images_dir), tmp_path)
    log = (tmp_path / "some.log").read_text()
    assert log.count("iterations in ") == 2 and "resumed at 20" in log
    assert measured.training_seconds(log, 50) > 0

    yardstick = measured.load_yardstick(str(images_dir))
    initial = reference.make_networks(3)[1]
    found = measured.measure("some", options, [20, 50], tmp_path, yardstick, initial)
    record.write_json(tmp_path / "results" / "some.json", found)
    assert json.loads((tmp_path / "results" / "some.json").read_text()) == json.loads(json.dumps(found))
    assert found["command"] == f"python -m gan_tf.train --iters=50 {' '.join(options)}" and found["seed"] == 3
    first, last = (found["stages"][stage]["scores"] for stage in ("20", "50"))
    # Adam's steps are at most about 0.001 each.
    assert 0.001 < first["d_moved"][0] < last["d_moved"][0] < 0.05
    assert first["spread"] != last["spread"]
    assert "parzen_log_likelihood" in last and "parzen_log_likelihood" not in first

    folders = [[measured.stage_folder(tmp_path / "some", stage) for stage in (20, 50)]]
    measured.picture(folders, (("a run",), ("20", "50")), tmp_path / "picture.png")
    assert Image.open(tmp_path / "picture.png").size == (720, 368)


@pytest.mark.slow
def test_long_runs(images_dir, tmp_path, monkeypatch):
    """Only finished runs are returned. A second call trains nothing. Each stage has its own scores.

    One run is trained for longer.
    """
    monkeypatch.setattr(long_runs, "STAGES", (20, 50))
    monkeypatch.setattr(long_runs, "SHOWN_STAGES", (20, 50))
    monkeypatch.setattr(long_runs, "LONGER", (100,))
    monkeypatch.setattr(long_runs, "LONGEST", "good-1")
    monkeypatch.setattr(long_runs, "OPTIONS", {"good": ["--r1=0.1", "--deviation"], "bad": ["--d_lr=none"]})
    monkeypatch.setattr(long_runs, "RUNS", {"good-1": ("good", 1), "bad-0": ("bad", 0)})
    for _ in range(2):
        assert long_runs.train(["good-1", "bad-0"], str(images_dir), tmp_path) == ["good-1"]
    assert (tmp_path / "good-1.log").read_text().count("iterations in ") == 3
    found = long_runs.result("good-1", tmp_path, str(images_dir))
    assert found["command"] == "python -m gan_tf.zoo.regularised --r1=0.1 --deviation --seed=1"
    first, last = (found["stages"][stage]["scores"] for stage in ("20", "50"))
    assert all(first[name] != last[name] for name in ("spread", "d_weights", "d_slope"))
    assert first["d_weights"][0] == pytest.approx(0.051, abs=0.002)  # that of Xavier's first weights
    (row,) = long_runs.table({"good": [found]}).splitlines()[2:]
    assert row.startswith(f"| `--r1=0.1 --deviation` | {measured.plus_minus([first['frechet_distance'][0]])} | ")
    assert row.endswith(f"| {measured.plus_minus([last['d_slope'][0]])} |")
    assert long_runs.table({"good": [found, found]}).splitlines()[2].startswith("| `--r1=0.1 --deviation`, 2 seeds | ")
    long_runs.draw_curves({"good": [found]}, tmp_path / "curves.png")
    assert Image.open(tmp_path / "curves.png").size[0] == 1536
    long_runs.draw_samples(["good"], tmp_path, tmp_path / "samples.png")
    assert not (tmp_path / "samples.png").exists(), "only runs with seed 0 are drawn"
    (tmp_path / "good-1").rename(tmp_path / "good-0")
    long_runs.draw_samples(["good"], tmp_path, tmp_path / "samples.png")
    assert Image.open(tmp_path / "samples.png").size == (400, 1008)


def test_slope():
    """In a batch of one image, whose deviation is 0, the whole network has it. More images do not change it."""
    network = regularised.with_deviation(models.make_discriminator(1), 2)
    images = np.random.default_rng(0).uniform(0, 1, [3, 784]).astype(np.float32)
    squares = [regularised.r1_penalty(network, tf.constant(image[None])).numpy() for image in images]
    assert np.std(squares) > 0.01 * np.mean(squares)
    assert long_runs.slope(network, tf.constant(images)) == pytest.approx(np.mean(squares) ** 0.5, rel=1e-5)
    together = regularised.r1_penalty(network, tf.constant(images)).numpy() ** 0.5
    assert abs(together / np.mean(squares) ** 0.5 - 1) > 1e-4, "the control: with what it does to the other logits"


@pytest.mark.slow
def test_a_run_that_fails_ends_the_experiment(tmp_path):
    with pytest.raises(SystemExit, match="error: some: --d_optimizer=none is not adadelta, .* See --help"):
        measured.train({"some": (["--d_optimizer=none"], [10])}, None, tmp_path)


def test_curves_of_losses(tmp_path):
    """Means over stretches, and no point for a stretch without a grid."""
    lines = [f"{it},{it / 100},{2 * it},{'0.5' if it % 1000 == 0 else ''}" for it in range(0, 5000, 100)]
    (tmp_path / "losses.csv").write_text("\n".join(["iteration,d_loss,g_loss,spread", *lines, ""]))
    curves = measured.losses(tmp_path / "losses.csv", 4000)
    assert curves["iteration"][0] == 0 and max(curves["iteration"]) < 4000
    np.testing.assert_allclose(np.array(curves["d_loss"]) * 100, curves["iteration"], rtol=1e-3)
    np.testing.assert_allclose(np.array(curves["g_loss"]) / 2, curves["iteration"], rtol=1e-3)
    assert set(curves["spread"]) == {0.5, None}


def test_names_of_runs():
    assert reproduce_blog.name_of("adadelta", 0.1, 2) == "adadelta_0.1-2"
    assert reproduce_blog.options_of("adadelta", None, 0) == []
    assert reproduce_blog.options_of("adadelta", 0.1, 2) == ["--d_lr=0.1", "--seed=2"]
    assert reproduce_blog.options_of("adam", None, 1) == ["--d_optimizer=adam", "--seed=1"]
    assert len(reproduce_blog.RUNS) == 15


@pytest.fixture
def repository(tmp_path):
    """A repository with one commit: a file, a result, and what git ignores."""
    for name, text in (("code.py", "1"), (".gitignore", "/out/"), ("experiments/results/some.json", "{}")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "all"]):
        subprocess.run(["git", "-C", tmp_path, *words], check=True)
    return tmp_path


def test_the_commit_of_a_result(repository, monkeypatch):
    """It has a + whenever another file than a result or an ignored one differs from the commit, also a new file."""
    commit = record.commit(repository)
    assert re.fullmatch("[0-9a-f]{7,}", commit)
    for name, dirty in {
        "out/file": False,
        "experiments/results/some.json": False,
        "experiments/results/more/new.json": False,
        "code.py": True,
        "experiments/new.py": True,
        "new.py": True,
    }.items():
        path = repository / name
        old = path.read_bytes() if path.exists() else None
        path.parent.mkdir(exist_ok=True)
        path.write_text("2")
        assert record.commit(repository) == commit + ("+" if dirty else ""), name
        path.unlink() if old is None else path.write_bytes(old)
    assert record.commit(repository) == commit
    (repository / "code.py").unlink()
    assert record.commit(repository) == commit + "+"
    monkeypatch.chdir(repository)  # the present folder says nothing
    archive = repository / "out" / "archive"
    archive.mkdir()
    assert record.commit(archive) == "unknown"


def test_results_that_are_kept_name_their_code(monkeypatch, tmp_path):
    """With changes that have no commit, an experiment writes everywhere but into experiments/results."""
    monkeypatch.setattr(record, "commit", lambda: "abc1234+")
    record.check(tmp_path)
    monkeypatch.chdir(Path(record.__file__).parents[1])
    for folder in ("experiments/results", "experiments/../experiments/results/theory"):
        with pytest.raises(SystemExit, match="error: .*; commit them, or name another --out_dir"):
            record.check(folder)
    for clean in ("abc1234", "unknown"):
        monkeypatch.setattr(record, "commit", lambda clean=clean: clean)
        record.check("experiments/results")


def test_every_result_names_a_commit():
    """That of its code. Only for one commit, of before this was checked, that is not so, and the files say it."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in record.RESULTS.rglob("*.json")]
    assert len(results) >= 60
    results += [
        run for each in results for runs in each.pop("runs", {}).values() for run in runs.values()
    ]  # fidelity's
    for result in (each for each in results if "dataset" not in each or "commit" in each):
        if result["commit"] == "f872400+":
            assert "the commit has its +" in result["edited"]
        else:
            assert re.fullmatch("[0-9a-f]{7,}", result["commit"])


def test_the_tables_are_the_results():
    """The README's tables are what the committed results say."""
    results = reproduce_blog.load_results()
    text = README.read_text()
    tables = [reproduce_blog.table_of_runs(results), reproduce_blog.table_of_study(results)]
    for table in [*tables, objectives.table(objectives.load_results())]:
        assert table.strip() in text
    assert reproduce_blog.verdict(results)


def test_what_keeps_the_digits():
    """Its tables, and the sentences around them."""
    results, blog = long_runs.load_results(), reproduce_blog.load_results()["adam-0"]
    text = README.read_text()
    words = " ".join(text.split())
    assert long_runs.table(results) in text and long_runs.table_of_longer(results) in text
    assert long_runs.source(results) in words
    assert all((record.RESULTS / "long_runs" / f"{name}.png").exists() for name in ("curves", "samples"))

    stages = long_runs.STAGES
    scores = ("frechet_distance", "classes_covered", "d_weights", "d_slope", "precision", "recall")
    fids, classes, weights, slopes, precision, recall = (
        {
            name: np.array([[measured.score(run, stage, score) for stage in stages] for run in runs])
            for name, runs in results.items()
        }
        for score in scores
    )

    def at(values, name, stage=stages[-1]):
        return values[name][:, stages.index(stage)].mean()

    seeds = {"adam": 3, "r1_0.1": 3, "r1_1": 2, "deviation": 2, "decay": 2, "smoothing": 1, "falling": 1, "average": 1}
    assert {name: len(runs) for name, runs in results.items()} == seeds
    assert all((np.diff(fids[name]) < 0).all() for name in ("r1_0.1", "r1_1", "decay"))
    assert all((classes[name] == 10).all() for name in ("r1_0.1", "r1_1", "deviation"))
    assert (np.diff(fids["adam"][:, 1:]) > 0).all() and (np.diff(fids["falling"][:, 1:]) > 0).all()
    assert (classes["decay"][:, -1] == 10).all() and (classes["falling"][:, -1] == 9).all()
    ones = [run["stages"][str(stages[-1])]["class_histogram"][1] for run in results["decay"]]
    assert 0.22 < min(ones) < max(ones) < 0.27, "a quarter"
    assert (np.diff(slopes["adam"]) > 0).all()
    assert max(at(slopes, name) for name in ("r1_0.1", "r1_1", "decay")) < 0.15 * slopes["adam"][:, -1].min()
    assert slopes["deviation"][:, -1].min() > max(slopes[name][:, -1].max() for name in slopes if name != "deviation")
    assert weights["deviation"][:, -1].min() > max(at(weights, name) for name in weights if name != "deviation")
    assert fids["smoothing"][0, -1] < fids["adam"][0, -1] and slopes["smoothing"][0, -1] > slopes["adam"][0, -1]
    for stage in stages:
        assert measured.score(results["adam"][0], stage, "frechet_distance") == measured.score(
            blog, stage, "frechet_distance"
        )
    (million,) = long_runs.long_enough(results)
    assert all(measured.score(million, stage, "classes_covered") == 10 for stage in million["stages"])
    minutes = [run["minutes"] * stages[-1] / max(map(int, run["stages"])) for run in results["r1_0.1"]]
    assert 28 < min(minutes) < max(minutes) < 52 and "30 to 50 minutes" in (README.parents[1] / "README.md").read_text()
    ends, left = [[f"{end:.0f}" for end in values["adam"][:, -1]] for values in (fids, classes)]
    six = results["falling"][0]["stages"][str(stages[-1])]["class_histogram"][6]
    d_loss = np.mean([run["losses"]["d_loss"][-1] for run in results["r1_1"]])
    for sentence in (
        f"FID is {ends[0]} at the end, with {left[0]} classes. The other two seeds end with FID {ends[1]} "
        f"and {ends[2]}, and with {left[1]} and {left[2]} of the ten classes.",
        f"FID falls at every stage, to {at(fids, 'r1_0.1'):.0f}, and all ten classes are there**,",
        f"better still: {at(fids, 'r1_1'):.0f}, with two seeds.",
        f"FID rises from 50,000 iterations on, to {at(fids, 'adam'):.0f}.",
        f"precision is only {at(precision, 'r1_0.1'):.2f}. Real test images have 0.87.",
        f"FID is {at(fids, 'decay', 20_000):.0f} after 20,000 iterations. Then it falls at every stage, "
        f"to {at(fids, 'decay'):.0f}, but",
        f"FID falls to {at(fids, 'deviation', 100_000):.0f} in 100,000 iterations, and only a little more until the "
        f"end ({at(fids, 'deviation'):.0f}).",
        f"recall falls, from {at(recall, 'deviation', 50_000):.2f} after 50,000 iterations to "
        f"{at(recall, 'deviation'):.2f}:",
        f"FID falls to {at(fids, 'falling', 50_000):.0f} and then rises slowly, to {at(fids, 'falling'):.0f}.",
        f"At the end {six:.1%} of the samples are a 6",
        f"as long as {round(30 / np.log(2))},000 steps",
        f"ends with FID {at(fids, 'smoothing'):.0f} and {at(classes, 'smoothing'):.0f} classes",
        f"({at(fids, 'average', 20_000):.0f} instead of {fids['adam'][0, 0]:.0f} after 20,000 iterations), but "
        f"almost the same at the end: {at(fids, 'average'):.0f}, with {at(classes, 'average'):.0f} classes.",
        f"slopes of {slopes['adam'][0, 3]:.0f} and {slopes['adam'][2, 3]:.0f}, but {classes['adam'][0, 3]:.0f} and "
        f"{classes['adam'][2, 3]:.0f} classes.",
        f"({slopes['smoothing'][0, -1]:.0f} and {slopes['adam'][0, -1]:.0f} with seed 0)",
        f"D's loss is {d_loss:.2f} at the end",
        f"FID falls to {measured.score(million, long_runs.LONGER[-1], 'frechet_distance'):.0f}. The first row",
    ):
        assert sentence in words, sentence


COMMON = {"dataset", "iters", "batch_size", "seed"}


def test_runs_have_flags_of_their_members():
    """A flag that a member lacks would be found only after hours of other runs."""
    runs = [(member, options) for member, options, *_ in [*zoo.RUNS.values(), *stacked.RUNS.values()]]
    runs += [*heads.RUNS.values(), *((member, options) for *_, member, options in few_pictures.RUNS.values())]
    for member, options in runs:
        known = importlib.import_module(f"gan_tf.zoo.{member}").OPTIONS
        for option in options:
            name, _, value = option.removeprefix("--").partition("=")
            name = name if value or name in known else name.removeprefix("no")
            assert name in known or name in COMMON, (member, option)
            if name in known and len(known[name]) > 2 and isinstance(known[name][2], list):
                assert value in known[name][2], (member, option)


def made_up(**scores):
    return {
        "command": "python -m gan_tf.zoo.r3gan --dataset=stacked_mnist --iters=8000",
        "minutes": 4.2,
        "machine": "a machine",
        "commit": "0123456",
        "date": "2026-11-30",
        "versions": {"tensorflow": "2.21.0"},
        "metrics": {
            column: {n: {"value": v, "error": None} for n, v in scores.items()} for column in ("samples", "real")
        },
    }


def test_the_table_of_stacked_mnist():
    """Published rows first, then ours with the mean over seeds."""
    results = [made_up(modes=modes, modes_divergence=0.05) for modes in (1000, 998)]
    lines = stacked.table({"r3gan": results}).split("\n")
    assert "| VEEGAN | 150.0 | 2.95 | | VEEGAN's paper (Srivastava et al. 2017) |" in lines
    assert "| `r3gan --iters=8000` | 999.0 ± 1.4 | 0.05 | 4.2 | ours, 2 seeds |" in lines
    assert lines[-4].startswith("| *held-out real digits* | 1000 | 0.05 |")
    assert lines[-3].startswith("| *equal shares, by chance* | 1000 | 0.019 |")


def test_the_tables_of_few_pictures():
    """One for each data set, sorted by the number of pictures; the run with augmentation comes second."""
    scores = dict.fromkeys(few_pictures.SCORES, 2.5) | {"copies": 0.25}
    results = {
        run: made_up(**scores) | {"dataset": dataset, "pictures": count, "command": " ".join(options)}
        for run, (dataset, count, _, options) in few_pictures.RUNS.items()
    }
    for dataset, first, reader, expected in (
        ("mnist", "100", "MNIST classifier", ["| 100 | no", "| 100 | yes", "| 500 | no"]),
        ("heads", "heads_200", "heads reader", ["| 200 | no", "| 200 | yes"]),
    ):
        results[f"{first}_augmented"]["metrics"]["samples"]["copies"]["value"] = 0.125
        table = few_pictures.table(results, dataset)
        rows = [line for line in table.split("\n") if line.startswith("|")]
        assert [" | ".join(row.split(" | ")[:2]) for row in rows[2 : 2 + len(expected)]] == expected
        assert rows[2].endswith("| 2.5 | 2.5 | 2.5 | 2.5 | 0.25 |") and rows[3].endswith("| 2.5 | 0.125 |")
        assert len(rows) == 3 + 2 * len({count for name, count, *_ in few_pictures.RUNS.values() if name == dataset})
        assert f"FID ({reader})" in rows[0] and few_pictures.AUGMENT[dataset] in rows[0]


def test_the_zoos_gallery_is_the_results():
    """Its tables, and a picture of each first run; DCGAN's is better than every stage of the reference's networks."""
    text, results = (README.parents[1] / "gan_tf" / "zoo" / "README.md").read_text(), zoo.load_results()
    first = {zoo.RUNS[run][0]: run for run in reversed(results)}
    for member, run in first.items():
        assert zoo.table(member, results) in text
        assert f"results/zoo/{run}.png)" in text and (zoo.RESULTS / "zoo" / f"{run}.png").exists()
    assert zoo.table_of_regularised(long_runs.load_results()) in text and "results/zoo/regularised.png)" in text
    made = {name: zoo.RESULTS / "zoo" / f"{name}.json" for name in zoo.ON_A_RUN}
    assert made["completion"].exists()
    for name, path in made.items():
        if not path.exists():
            continue
        result = json.loads(path.read_text())
        assert zoo.table_on_a_run(name, result) in text and f"results/zoo/{name}.png)" in text
    (dcgan,) = results["dcgan"]
    for run in reproduce_blog.load_results().values():
        for stage in run["stages"].values():
            for name, better in (("classifier_score", 1), ("frechet_distance", -1), ("recall", 1)):
                assert better * (dcgan["metrics"]["samples"][name]["value"] - stage["scores"][name][0]) > 0


def test_a_table_of_the_gallery_has_at_most_seven_columns():
    """What has no place is elsewhere: in a sentence (seeds), a second table (the paper's size) or a figure (pairs)."""
    results = zoo.load_results()
    tables = {member: zoo.table(member, results) for member in zoo.COLUMNS if member in results}
    for member, table in tables.items():
        rows = [line for line in table.split("\n") if line.startswith("|")]
        assert max(line.count(" | ") for line in rows) < 7, member
        seeds = {str(len(found)) for run, found in results.items() if zoo.RUNS[run][0] == member}
        in_words = "".join(re.findall(r"Each row has (.) seeds?\.", table))
        assert ("| seeds |" in table) != bool(in_words) and set(in_words) <= seeds, member
    assert "has 3 seeds" in tables["semi_supervised"] and "has 1 seed." in tables["infogan"]
    small, large = tables["seqgan"].split("At the paper's size:")
    assert small.count("`") == 4 and "Each row has 3 seeds." in small and "| *random words* | 5.369 " in small
    assert large.count("--words=5000") == 2 and "Each row has 1 seed." in large
    assert "| *random words* | 11.157 " in large
    assert "--pairs" not in tables["imitation"] and tables["imitation"].count("\n| ") == 10
    mixed = {"infogan": results["infogan"] * 2, "infogan_no_information": results["infogan_no_information"]}
    assert "Each row has 1 or 2 seeds." in zoo.table("infogan", mixed)


def test_rows_of_a_picture_have_labels(tmp_path):
    """The grid itself stays as it is, to the right of the labels; another number of rows is an error."""
    images = np.linspace(0, 1, 6 * 784).reshape(6, 28, 28, 1) ** 2
    grids.save_grid(images, tmp_path / "grid.png", 2)
    figures.label_rows(tmp_path / "grid.png", ["one", "a longer one", "three"], tmp_path / "labelled.png")
    plain, labelled = (np.asarray(Image.open(tmp_path / f"{n}.png").convert("L")) for n in ("grid", "labelled"))
    margin = labelled.shape[1] - plain.shape[1]
    np.testing.assert_array_equal(labelled[:, margin:], plain)
    ink = (labelled[:, :margin] < 128).reshape(len(labelled), margin)
    rows = [ink[10 + 78 * i : 84 + 78 * i] for i in range(3)]
    assert sum(row.sum() for row in rows) == ink.sum()
    first = [np.flatnonzero(row.any(axis=0))[0] for row in rows]
    assert first[1] < first[2] < first[0] and all(29 < np.flatnonzero(row.any(axis=1)).mean() < 45 for row in rows)
    with pytest.raises(ValueError, match="other rows than 4"):
        figures.label_rows(tmp_path / "grid.png", list("abcd"), tmp_path / "labelled.png")
    for run, (member, *_) in zoo.RUNS.items():
        path = zoo.RESULTS / "zoo" / f"{run}.png"
        if member in zoo.ROWS and path.exists():
            assert Image.open(path).width > 640 + 90, run
    assert [label.removeprefix("by the ") for label in completion.ROWS] == [
        label.removeprefix("by the ") for label in zoo.ROWS["completion"]
    ]


def test_figures_of_the_gallery(tmp_path, monkeypatch):
    """A curve for each seed of both writers, with a ring at temperature 1. R1's figure is a part of a larger one."""
    drawn = []
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda figure, _: drawn.append(figure))
    zoo_figures.draw_seqgan(zoo.load_results(), None)
    curves, rings = ([line for line in drawn[0].axes[0].lines if line.get_marker() == mark] for mark in ".o")
    assert len(curves) == len(rings) == 6 and {line.get_fillstyle() for line in rings} == {"none"}
    for i, (curve, ring) in enumerate(zip(curves, rings, strict=True)):
        own = zoo.load_results()[list(zoo_figures.WRITERS)[i // 3]][i % 3]["metrics"]["own"]
        for name, numbers, place in zip(zoo.WRITTEN[:2], curve.get_data(), ring.get_data(), strict=True):
            assert len(numbers) == 6 and numbers[3] == place[0] == own[name]["value"]
            others = {
                0: "temperature 0.7",
                1: "temperature 0.8",
                2: "sharper",
                4: "temperature 1.1",
                5: "temperature 1.2",
            }
            assert all(numbers[at] == own[f"{words}: {name}"]["value"] for at, words in others.items())
    zoo_figures.draw_regularised(record.RESULTS / "long_runs" / "samples.png", tmp_path / "cut.png")
    cut, kept, whole = (
        np.asarray(Image.open(path).convert("L"))
        for path in (
            tmp_path / "cut.png",
            record.RESULTS / "zoo" / "regularised.png",
            record.RESULTS / "long_runs" / "samples.png",
        )
    )
    np.testing.assert_array_equal(cut, kept)
    np.testing.assert_array_equal(cut, whole[:, : cut.shape[1]])
    assert (cut[:, -10:] > 250).all() and round(len(list(long_runs.OPTIONS)) * cut.shape[1] / whole.shape[1]) == 3


def test_the_speed_tables_are_the_results():
    """Those of EVIDENCE.md."""
    text = README.with_name("EVIDENCE.md").read_text()
    result = json.loads((record.RESULTS / "speed" / "benchmark.json").read_text())
    assert benchmark.table(result) in text
    assert convolutions.table(json.loads((record.RESULTS / "speed" / "convolutions.json").read_text())) in text
    start = json.loads((record.RESULTS / "speed" / "start.json").read_text())
    assert sum(start["seconds"].values()) == pytest.approx(start["seconds_in_all"], abs=0.03)
    assert start_up.table(start) in text
    for module, name in ((sweeps, "sweeps"), (plan, "plan")):
        assert module.table(json.loads((record.RESULTS / "speed" / f"{name}.json").read_text())) in text
    found = json.loads((record.RESULTS / "speed" / "xla.json").read_text())
    assert xla.table(found) in text
    ratios = {name: rates["with XLA"][1] / rates["without"][1] for name, rates in found["rates"].items()}
    assert max(ratios[name] for name in ("dcgan", "infogan", "pix2pix", "gan_3d")) < 0.6 and ratios["gan_3d"] < 0.02
    assert min(ratios[name] for name in ("loss_sensitive", "semi_supervised", "adversarial_autoencoder")) > 0.95


def test_the_plan_of_a_large_sweep():
    """By hand, for runs of one hour. 1,000 runs, 640 at once, take two hours. A run saves after 10,000, 12,500, 20,000,
    25,000, 30,000, 37,500, 40,000 and 50,000 iterations."""
    run = {"seconds": 3600, "memory_mb": 500, "disk_mb": 30, "checkpoint_mb": 2}
    found = plan.plan(run, 10)
    assert (found["at_once"], found["hours"], found["memory_gb"], found["disk_gb"]) == (640, 2, 32, 30)
    assert (found["checkpoints"], found["mb"]) == (pytest.approx(640 * 8 / 3600), pytest.approx(640 * 16 / 3600))
    assert (plan.plan(run, 1)["at_once"], plan.plan(run, 1)["hours"]) == (64, 16)


def test_the_tables_of_exactness_are_the_results():
    """Those of EVIDENCE.md, and the sentences with numbers around them."""
    text = README.with_name("EVIDENCE.md").read_text()
    result = json.loads((record.RESULTS / "exact" / "exact.json").read_text())
    assert {"as it is", "emulated: only AVX2"} <= set(result["kinds"]) <= set(exact.KINDS)
    assert result["starts"] == 20 and exact.verdict(result)
    assert exact.table(result) in text and exact.table_of_controls(result) in text
    text += (README.parents[1] / "gan_tf" / "README.md").read_text()  # one of the sentences is there
    for sentence in exact.sentences(result):
        assert sentence in " ".join(text.split())


def test_the_table_of_long_runs_is_the_results():
    """That of EVIDENCE.md, and its verdict."""
    text = README.with_name("EVIDENCE.md").read_text()
    result = json.loads((record.RESULTS / "fidelity" / "fidelity.json").read_text())
    assert [len(result["runs"][name]) for name in fidelity.RUNS] == [20, 20, 20]
    assert fidelity.table(result) in text and fidelity.verdict(result)


def test_every_objective_has_a_row():
    """A table of made-up runs: mean ± deviation over the seeds, in the order of the columns."""
    names = {column: [float(number), 0.0] for number, column in enumerate(measured.COLUMNS)}
    runs = [{"stages": {"20000": {"scores": names}}} for _ in range(2)]
    assert set(RECIPES) < set(objectives.OPTIONS) == set(objectives.load_results())
    lines = objectives.table({"lsgan": runs, "wgan": runs[:1]}).splitlines()
    runs[1] = {"stages": {"20000": {"scores": names | {"recall": [9.0, 0.0]}}}}
    assert objectives.table({"lsgan": runs}).splitlines()[2] == "| `--loss=lsgan` | 0 | 1 | 2 | 3 | 4 | 7.0 ± 2.8 |"
    assert len(lines) == 4 and lines[3] == "| `--loss=wgan` | 0 | 1 | 2 | 3 | 4 | 5 |"


def test_every_objective_with_r1():
    """Its row: FID without R1 and with it, and the classes. The script's loss is next to itself with Adam for D."""
    assert set(objectives.WITH_R1) == set(RECIPES) == set(objectives.WITHOUT)
    for loss, options in objectives.WITH_R1.items():
        assert options[0] == f"--loss={loss}" and any(option.startswith("--r1=0.") for option in options)

    def run(**values):  # {stage: (FID, classes)}
        scores = {s[1:]: {"frechet_distance": [f, 0.1], "classes_covered": [c, 0]} for s, (f, c) in values.items()}
        return {"stages": {stage: {"scores": each} for stage, each in scores.items()}}

    without = {
        name: [run(_20000=(100.0 + i, 9 + i)) for i in (0, 1)] for name in ("non_saturating", "non_saturating_adam")
    }
    without["non_saturating"][0]["stages"]["20000"]["scores"]["frechet_distance"][0] = 300.0
    with_r1 = {"non_saturating": [run(_20000=(90.0 + i, 10), _50000=(60.0 - i, 10)) for i in (0, 1)]}
    row = objectives.table_of_r1(with_r1, without).splitlines()[2]
    assert row == (
        "| `--loss=non_saturating --d_optimizer=adam --r1=0.1` | 100.50 ± 0.71 | 90.50 ± 0.71 | 59.50 ± 0.71 "
        "| 9.50 ± 0.71 | 10 |"
    )
    runs = objectives.runs_of(["lsgan", "wgan_long", "lsgan_r1"])
    assert list(runs)[0] == "wgan_long-0" and len(runs) == 7
    assert runs["wgan_long-0"] == (["--loss=wgan", "--seed=0"], [100_000])
    assert runs["lsgan-2"] == (["--loss=lsgan", "--seed=2"], [20_000])
    assert runs["lsgan_r1-1"] == (["--loss=lsgan", "--r1=0.01", "--seed=1"], [20_000, 50_000])


@pytest.mark.parametrize(
    ("name", "flag", "status", "message"),
    [
        ("mnist.objectives", "--only=lsgan,nonsense", 2, "there is no 'nonsense', only non_saturating"),
        ("theory.inception_score_blind_spot", "--data_dir=nowhere", 1, "--data_dir=nowhere is not a folder"),
    ],
)
def test_mistakes_end_in_one_line(name, flag, status, message):
    result = forked(f"experiments.{name}", flag, cwd=README.parents[1])
    error = result.stderr.splitlines()[-1]
    assert result.returncode == status and error.startswith("error: ") and message in error
    assert "Traceback" not in result.stderr


def test_the_pictures():
    """The page on own pictures has what the committed result says."""
    result = json.loads((record.RESULTS / "speed" / "pictures.json").read_text())
    text = (README.parents[1] / "gan_tf" / "data" / "README.md").read_text()
    reading, sizes = result["reading"]["10000"], pictures.table(result).split("\n\n")[2]
    assert sizes in text and f"{result['machine']}; {result['date']}, commit {result['commit']})" in text
    assert f"(10,000: {reading['first']:.1f} s)" in text and f"folder ({reading['again'][1]:.1f} s)" in text
    many, few = (result["training"][count] for count in ("100000", "1000"))
    assert many["rate"][1] == pytest.approx(few["rate"][1], rel=0.05), "as fast as"
    assert 0.15 < (many["memory"] - few["memory"]) / 1000 < 0.25, "0.2 GB more"
    assert len(text.split()) <= 400
