"""gan_tf.sweeps.grid: from lists to runs, and what is refused before anything starts."""

import pytest

from gan_tf.sweeps import grid
from gan_tf.sweeps.grid import SweepError


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
        (["--nonsense=1"], "--nonsense is not a flag of reference"),
        (["--width=8"], "--width is not a flag of reference"),
        (["--out_dir=a,b"], "--out_dir is not a flag of the runs"),
        (["--checkpoint_every=10,20"], "--checkpoint_every makes no other run"),
        (["--seed=1"], "write --seeds=0-4"),
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
    with pytest.raises(SweepError, match="at most 100,000"):
        expand("--d_lr=" + ",".join(map(str, range(1, 2000))), seeds="0-99")


def test_no_gan():
    with pytest.raises(SweepError, match="--gan=nonsense is none of reference, dcgan"):
        grid.module_of("nonsense")
