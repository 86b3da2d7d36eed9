"""gan_tf.sweeps.grid: from lists to runs, and what is refused before anything starts."""

import functools
import json
import sys

import pytest
from command_line import forked

from gan_tf.sweeps import grid
from gan_tf.sweeps.grid import SweepError


@pytest.fixture(scope="module", autouse=True)
def _asked_once(tmp_path_factory):
    """Each question about a GAN's flags takes a process: here a child of the fork server, and never twice the same.

    That the sweep starts one itself is shown in test_sweep.py.
    """
    code = tmp_path_factory.mktemp("asked") / "code.py"

    def run(command, *, input, **_):
        *start, module, gan = command
        assert start == [sys.executable, "-m"]
        lines = f"import io, runpy, sys\nsys.stdin = io.StringIO({input!r})\n"
        code.write_text(lines + f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)\n")
        return forked(str(code), gan, cwd=code.parent)

    ask = functools.cache(lambda gan, text, parsed=grid.parsed: parsed(gan, json.loads(text)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grid.subprocess, "run", run)
        patch.setattr(grid, "parsed", lambda gan, lines: ask(gan, json.dumps(lines)))
        yield


def expand(*arguments, gans=("reference",), seeds="0", stages=1):
    return grid.expand(list(gans), grid.parse_lists(arguments), grid.parse_seeds(seeds), stages)


def test_the_product_of_all_lists():
    runs = expand("--d_lr=0.1,1.0", "--loss=lsgan,wgan", "--iters=1000", seeds="0-1,7", stages=3)
    assert len(runs) == 2 * 2 * 3 and len({run.name for run in runs}) == 12
    run = runs[-1]
    assert (run.name, run.setting) == ("d_lr=1.0,loss=wgan,seed=7", "d_lr=1.0,loss=wgan")
    assert run.stages == (333, 666, 1000)
    assert run.command == "python -m gan_tf.train --iters=1000 --d_lr=1.0 --loss=wgan --seed=7"
    assert run.arguments(333, "out")[-2:] == ["--iters=333", "--out_dir=out/d_lr=1.0,loss=wgan,seed=7"]


def test_what_does_not_vary_is_not_in_the_name():
    (run,) = expand("--d_lr=1.0", "--nojit")
    assert (run.name, run.setting) == ("seed=0", "all runs")
    assert run.options == ("--d_lr=1.0", "--nojit", "--seed=0") and run.stages == (1_000_000,)


def test_each_gan_takes_the_flags_that_it_has():
    runs = expand("--width=2,4", "--iters=8", "--d_lr=1.0", gans=("reference", "dcgan"), stages=2)
    assert [run.name for run in runs] == [
        "gan=reference,seed=0",
        "gan=dcgan,width=2,seed=0",
        "gan=dcgan,width=4,seed=0",
    ]
    assert [run.module for run in runs] == ["gan_tf.train", "gan_tf.zoo.dcgan", "gan_tf.zoo.dcgan"]
    assert "--d_lr=1.0" in runs[0].options and "--d_lr=1.0" not in runs[1].options


def test_a_folder_is_named_in_full(tmp_path, monkeypatch):
    """A worker may have another working folder. A shell leaves the ~ of --data_dir=~/x as it is; a comma is no list."""
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.chdir(tmp_path)
    for named, full in (("~/pictures", "/home/somebody/pictures"), ("a,b/../c", f"{tmp_path}/c"), ("/d", "/d")):
        assert grid.parse_lists([f"--data_dir={named}"]) == {"data_dir": [full]}
    assert grid.parse_lists(["--d_lr=1,2", "--nojit", "-loss=a"]) == {"d_lr": ["1", "2"], "nojit": [""], "loss": ["a"]}


def test_seeds():
    assert grid.parse_seeds("0-2, 7,5-5") == [0, 1, 2, 7, 5]


@pytest.mark.parametrize(
    ("iters", "stages", "at"), [(10, 4, (2, 5, 7, 10)), (3, 9, (1, 2, 3)), (7, 1, (7,)), (1000, 3, (333, 666, 1000))]
)
def test_stages_are_at_equal_distances(iters, stages, at, monkeypatch):
    """The last one is the end. Fewer iterations than stages make fewer stages."""
    monkeypatch.setattr(grid, "parsed", lambda gan, lines: [{"iters": iters, "seed": line[-1:]} for line in lines])
    assert [run.stages for run in expand(stages=stages, seeds="0,1")] == [at, at]


def test_the_runs_are_kept(tmp_path):
    """In sweep.json, from which they come back as they were."""
    runs = [grid.Run(f"d_lr=1,seed={n}", "d_lr=1", "dcgan", ("--d_lr=1", f"--seed={n}"), (5, 10)) for n in (3, 4)]
    grid.save(runs, tmp_path)
    assert grid.load(tmp_path) == runs
    for text in ("[{}]", "{", '["a"]'):
        (tmp_path / "sweep.json").write_text(text)
        with pytest.raises(
            SweepError, match=rf"^{tmp_path}/sweep.json cannot be read \(.*; name the folder of a sweep"
        ):
            grid.load(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--d_lr="], "--d_lr= has an empty value"),
        (["--d_lr=1,,2"], "--d_lr=1,,2 has an empty value"),
        (["--d_lr=1.0,1.0"], "--d_lr has the value 1.0 twice"),
        (["--d_lr=1,1.0"], "d_lr=1 and d_lr=1.0 are the same run"),
        (["--d_lr=1,x"], "--d_lr=x is not a number. See python -m gan_tf.train --help."),
        (["--d_lr=0"], "must be a number above 0"),
        (["--d_lr=1", "--d_lr=2"], "--d_lr is there twice"),
        (["--loss=lsgan,nonsense"], "--loss=nonsense is not non_saturating, "),
        (["--nonsense=1"], "--nonsense is not a flag of reference; see python -m gan_tf.train --help."),
        (["--width=8"], "--width is not a flag of reference"),
        (["--out_dir=a,b"], "--out_dir is not a flag of the runs"),
        (["--checkpoint_every=10,20"], "--checkpoint_every makes no other run"),
        (["--log_every=1,2"], "--log_every makes no other run, so it cannot be a list; name one value."),
        (["--tensorboard=true,false"], "--tensorboard makes no other run"),
        (["--threads=2"], "--threads is not a flag of the runs; the sweep chooses it for each."),
        (["--device=cpu"], "--device is not a flag of the runs"),
        (["--overwrite"], "--overwrite is not a flag of the runs"),
        (["--dry_run"], "--dry_run is not a flag of the runs"),
        (["--seed=1"], "write --seeds=0-4"),
        (["--noseed"], "write --seeds=0-4"),
        (["nonsense"], "'nonsense' is not understood"),
    ],
)
def test_bad_lists_are_refused(arguments, message):
    with pytest.raises(SweepError) as error:
        expand(*arguments)
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("seeds", "message"),
    [
        ("4-0", "runs backwards; write it as 0-4"),
        ("1,1", "names a seed twice"),
        ("0-2,1", "names a seed twice"),
        ("", "is no list of seeds"),
        ("-1", "is no list of seeds"),
        ("0-999999", "1,000,000 seeds"),
    ],
)
def test_bad_seeds_are_refused(seeds, message):
    with pytest.raises(SweepError, match=message):
        grid.parse_seeds(seeds)


def test_too_many_runs_are_refused():
    with pytest.raises(SweepError, match="these lists make 199,900 runs; at most 100,000 can be made"):
        expand("--d_lr=" + ",".join(map(str, range(1, 2000))), seeds="0-99")


def test_the_runs_of_all_gans_count(monkeypatch):
    """Six of one, and six of the other are too many."""
    monkeypatch.setattr(grid, "MOST", 11)
    monkeypatch.setattr(grid, "parsed", lambda gan, lines: [{"iters": 5, "lines": str(line)} for line in lines])
    assert len(expand(seeds="0-10")) == 11
    with pytest.raises(SweepError, match="these lists make 6 runs; at most 11 can be made"):
        expand(seeds="0-5", gans=("reference", "dcgan"))


def test_what_makes_two_runs_the_same():
    """Flags that change no result do not count, but --iters does: then the runs end elsewhere."""
    found = [("one", (), 0), ("two", (), 0)]
    grid.require_different(found, [{"iters": 5, "d_lr": 1}, {"iters": 6, "d_lr": 1}])
    grid.require_different(found, [{"iters": 5, "d_lr": 1}, {"iters": 5, "d_lr": 2}])
    with pytest.raises(SweepError, match="^one and two are the same run; remove one of them.$"):
        grid.require_different(found, [{"iters": 5, "log_every": 1}, {"iters": 5, "log_every": 2}])


def test_each_line_is_parsed_for_itself():
    """A flag of one line is not one of the next. Its type is that of the flag."""
    first, second = grid.parsed("reference", [["--d_lr=1.5", "--nojit", "--iters=7"], []])
    assert [first[name] for name in ("d_lr", "jit", "iters")] == [1.5, False, 7]
    assert [second[name] for name in ("d_lr", "jit", "iters")] == [None, True, 1_000_000]
    assert "out_dir" in first and "verbosity" not in first, "absl's own flags are none of the run"


def test_no_gan():
    with pytest.raises(
        SweepError, match=r"^--gan=nonsense: Python finds no nonsense.py; run .* GANs of gan_tf: reference, dcgan"
    ):
        grid.module_of("nonsense")
