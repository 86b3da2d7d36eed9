"""gan_tf.gan and gan_tf.reference in Python, without flags and folders."""

import concurrent.futures
import inspect
import signal

import numpy as np
import pytest
from command_line import forked, losses_of

from gan_tf import data, gan, grids, reference
from gan_tf.noise import sample_noise
from gan_tf.objectives import variant

SMALL = {"batch_size": 16, "jit": False, "block": 50, "seed": 3}


@pytest.fixture(scope="module")
def images(idx_dir):
    """200 images as bytes."""
    return data.load("mnist", idx_dir).pixels


def test_it_is_the_commands_run(images, idx_dir, tmp_path):
    """Losses, samples and grids, in two calls and from floats as well as from bytes, bit for bit."""
    ours = reference.make(images * np.float32(1 / 255), d_lr=0.1, **SMALL)
    first = ours.draw(0)
    losses = np.concatenate([ours.train(70), ours.train(51)])
    assert losses.shape == (121, 2) and losses.dtype == np.float32 and ours.iteration == 121
    flags = ("--nojit", "--batch_size=16", "--seed=3", "--d_lr=0.1", "--iters=121", f"--data_dir={idx_dir}")
    assert forked("gan_tf.train", *flags, cwd=tmp_path).returncode == 0
    for iteration, pair in losses_of(tmp_path / "out").items():
        np.testing.assert_array_equal(losses[iteration], np.float32(pair))

    grids.save_grid(first, tmp_path / "first.png")
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "out" / "000.png").read_bytes()
    result = forked("gan_tf.sample", "--run_dir=out", "--count=20", "--seed=5", "--out=a.npz", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    np.testing.assert_array_equal(ours.sample(20, seed=5), np.load(tmp_path / "a.npz")["images"])


def test_show_draws_the_samples(images, monkeypatch):
    """Through matplotlib, where a notebook or a window picks it up."""
    plt = pytest.importorskip("matplotlib.pyplot")
    monkeypatch.setattr(plt, "show", lambda: None)
    ours = reference.make(images, **SMALL)
    plt.close("all")
    ours.show(count=8, seed=2)
    (axes,) = plt.gcf().axes
    np.testing.assert_array_equal(axes.images[0].get_array(), grids.grid(ours.sample(8, seed=2))[:, :, 0])
    plt.close("all")
    with pytest.raises(ValueError):
        ours.show(count=7)


@pytest.fixture
def asking():
    """A GAN of pictures in rows of three, whose grey says what the noise was made from; and the calls for noise."""
    calls = []

    def make_noise(seed, stream, count, condition):
        calls.append((seed, stream, count, condition))
        return np.random.default_rng([seed, stream, ord(condition or "?")]).random([count, 12], np.float32)

    def generate(noise):
        return noise.reshape(-1, 3, 4, 1)

    return gan.Gan(
        {}, None, 0, shape=(3, 4, 1), columns=3, make_noise=make_noise, generate=generate, conditions="ab"
    ), calls


def test_show_and_sample_take_all_that_is_asked_for(asking, tmp_path, monkeypatch):
    """Count, seed and condition, each in its place. The noise is that of gan_tf.sample, stream 2."""
    plt = pytest.importorskip("matplotlib.pyplot")
    monkeypatch.setattr(plt, "show", lambda: None)
    ours, calls = asking
    for given, expected in (
        ({}, (0, 2, 12, None)),
        ({"count": 6}, (0, 2, 6, None)),
        ({"count": 6, "seed": 5, "condition": "b"}, (5, 2, 6, "b")),
        ({"condition": "a"}, (0, 2, 12, "a")),
    ):
        pictures = ours.sample(**{"count": 12} | given)
        plt.close("all")
        ours.show(**given)
        (axes,) = plt.gcf().axes
        np.testing.assert_array_equal(axes.images[0].get_array(), grids.grid(pictures, 3)[:, :, 0])
        plt.close("all")
        ours.show(tmp_path / "shown.png", **given)
        grids.save_grid(pictures, tmp_path / "expected.png", 3)
        assert (tmp_path / "shown.png").read_bytes() == (tmp_path / "expected.png").read_bytes()
        assert calls == 3 * [expected]
        calls.clear()
    ours.sample()
    assert calls == [(0, 2, 16, None)]


def test_without_images_it_draws_and_does_not_train():
    ours = reference.make(seed=1)
    assert ours.sample(5).shape == ours.draw(0)[:5].shape == (5, 28, 28, 1)
    with pytest.raises(ValueError, match="made without images: it can draw, but not train"):
        ours.train(10)


def test_what_it_cannot_be_asked_for():
    """A GAN that draws what it is asked for says what it knows, but no long list."""
    ours, many = reference.make(), gan.Gan({}, None, block=4, conditions=tuple(f"a {i}" for i in range(40)))
    with pytest.raises(ValueError, match="^this GAN cannot be asked for anything; leave this out$"):
        ours.sample(5, condition="7")
    with pytest.raises(ValueError, match="can be asked for a 0, a 1, a 2, …, a 37, a 38, a 39; not for 'a 40'"):
        many.noise(0, 0, 5, "a 40")
    few = gan.Gan({}, None, block=4, conditions=("0", "1"))
    with pytest.raises(ValueError, match="can be asked for 0, 1; not for '2'"):
        few.noise(0, 0, 5, "2")


def test_without_a_generator_it_says_so():
    with pytest.raises(ValueError, match="draws no single images from noise"):
        gan.Gan({}, None, block=4).show()


@pytest.mark.parametrize("steps", [0, -3])
def test_steps_must_be_positive(images, steps):
    with pytest.raises(ValueError, match=f"steps must be at least 1, not {steps}"):
        reference.make(images, **SMALL).train(steps)


@pytest.fixture(params=[signal.default_int_handler])
def handler(request):
    """How SIGINT is handled during a test. Where a shell starts the tests in the background, it is ignored."""
    before = signal.signal(signal.SIGINT, request.param)
    yield request.param
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("at", [7, *(pytest.param(each, marks=pytest.mark.slow) for each in (0, 49))])
def test_ctrl_c_leaves_whole_iterations(images, at, handler):
    """Wherever it comes in a block, here between two iterations: the weights are those of `iteration`."""
    ours, undisturbed = (reference.make(images, **SMALL) for _ in range(2))
    train_block = ours.train_block

    def interrupted(first, steps):
        if first == 50:
            before = train_block(first, at) if at else np.empty([0, 2], np.float32)
            signal.raise_signal(signal.SIGINT)
            return np.concatenate([before, train_block(first + at, steps - at)])
        return train_block(first, steps)

    ours.train_block = interrupted
    with pytest.raises(KeyboardInterrupt):
        ours.train(200)
    assert ours.iteration == 100
    assert signal.getsignal(signal.SIGINT) is handler
    ours.train_block = train_block
    np.testing.assert_array_equal(ours.train(21), undisturbed.train(121)[100:])
    np.testing.assert_array_equal(ours.sample(4), undisturbed.sample(4))


@pytest.mark.parametrize("handler", [signal.SIG_IGN], indirect=True)
def test_it_trains_in_a_thread_and_where_ctrl_c_is_ignored(images, handler):
    """There is no signal to wait for."""
    ours = reference.make(images, **SMALL)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        assert len(pool.submit(ours.train, 3).result()) == 3
    assert len(ours.train(3)) == 3 and signal.getsignal(signal.SIGINT) == handler


def test_bad_arguments(images):
    for wrong, message in (
        ({"d_optimizer": "sgd"}, "unknown optimizer 'sgd'"),
        ({"d_lr": -1}, "learning rate must be a positive number"),
    ):
        with pytest.raises(ValueError, match=message):
            reference.make(images, **wrong)
    for shape in ((20, 28, 29, 1), (20, 28, 28, 3), (20, 785)):
        with pytest.raises(ValueError, match=r"the images are .*, and these networks take \[28, 28, 1\]"):
            reference.make(np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match="must say the shape of one picture"):
        gan.Gan({}, None, 0, draw=lambda index: None)


def test_a_batch_may_be_larger_than_the_data(images):
    """Then it has pictures twice."""
    few = reference.make(images[:5], batch_size=8, block=2, jit=False)
    assert np.isfinite(few.train(2)).all()


def test_the_defaults_are_the_scripts():
    ours = reference.make()
    names = {"g_optimizer": "Adam", "d_optimizer": "Adadelta"}
    assert {name: type(ours.objects[name]).__name__ for name in names} == names
    assert all(float(ours.objects[name].learning_rate) == np.float32(0.001) for name in names)
    assert list(ours.objects) == ["generator", "discriminator", *names]
    assert list(ours.models) == ["generator", "discriminator"] and list(ours.measures) == ["spread"]
    defaults = {"d_optimizer": "adadelta", "g_optimizer": "adam", "d_lr": None, "g_lr": None, "batch_size": 128}
    defaults |= {"seed": 0, "jit": True, "block": 500}
    for make, more in ((reference.make, {}), (variant.make, {"loss": "non_saturating", "d_steps": None, "r1": None})):
        found = {name: each.default for name, each in inspect.signature(make).parameters.items() if name != "images"}
        if make is variant.make:  # there None means what the recipe says
            defaults |= {"d_optimizer": None, "g_optimizer": None}
        assert found == defaults | more


def test_the_networks_begin_differently():
    """Weights of both are drawn from the seed, by numbers of their own."""
    generator, discriminator = reference.make_networks(3)
    first = [network.get_weights()[0].ravel()[:1000] for network in (generator, discriminator)]
    assert abs(np.corrcoef(first)[0, 1]) < 0.15


def test_each_grid_has_its_own_noise():
    ours = reference.make(seed=4)
    for index in (0, 1, 7):
        expected = ours.objects["generator"](sample_noise(4, index)).numpy().reshape(16, 28, 28, 1)
        np.testing.assert_array_equal(ours.draw(index), expected)
    assert (ours.draw(0) != ours.draw(1)).any()


def test_other_objectives_are_the_same_networks(images, eagerly):
    """Same first weights and grids, other losses; recipes fill in what is not said."""
    ours, other = reference.make(images, **SMALL), variant.make(images, loss="lsgan", **SMALL)
    np.testing.assert_array_equal(ours.draw(1), other.draw(1))
    assert type(other.objects["d_optimizer"]).__name__ == "Adam" and other.blind_d_loss is None
    assert ours.blind_d_loss == pytest.approx(1.3863, abs=1e-4)
    assert (ours.train(1) != other.train(1)).all()
    np.testing.assert_array_equal(reference.make(images, **SMALL).train(3), variant.make(images, **SMALL).train(3))
    assert len(variant.make(images, loss="wgan", **SMALL).train(1)) == 1
    with pytest.raises(KeyError):
        variant.make(images, loss="hinge")


def test_a_first_phase_is_a_limit_of_blocks():
    ours = gan.Gan({}, None, block=4, first_phase=6)
    assert list(ours.pieces(0, 13)) == [(0, 4), (4, 2), (6, 4), (10, 3)]
    assert list(ours.pieces(5, 9, every=(8,))) == [(5, 1), (6, 2), (8, 1)]
    assert list(ours.pieces(2, 5)) == [(2, 3)] and list(ours.pieces(7, 9)) == [(7, 2)]


def test_in_batches_is_the_whole():
    whole = np.arange(23.0)[:, None]
    sizes = []
    found = gan.in_batches(lambda part: (sizes.append(len(part)), 2 * part)[1], whole, size=10)
    np.testing.assert_array_equal(found, 2 * whole)
    assert sizes == [10, 10, 3]
