"""gan_tf.runs.own: which files are taken for a GAN of one's own, and what of it is refused in the first seconds."""

import hashlib
import importlib
import json
import re
import sys
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from command_line import forked

from gan_tf import noise, restore
from gan_tf.gan import Gan
from gan_tf.runs import checkpoints, own
from gan_tf.runs.config import REFERENCE, RunError

SEED = {"seed": 3, "width": 2}


def file(path, text=""):
    path.write_text(text)
    return str(path)


# ---- Names ----


def running(path, spec=None):
    """The namespace of a file that runs."""
    return {"__name__": "__main__", "__file__": str(path), "__spec__": spec}


@pytest.mark.parametrize("name", ["my_gan", "hinge-2", "我的gan", "_"])
def test_a_file_is_known_by_its_name(name, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    path = file(tmp_path / f"{name}.py")
    assert own.module_of(running(path)) == (name, path)
    assert own.require(name) is None


def test_a_module_is_known_by_its_package():
    dcgan = importlib.util.find_spec("gan_tf.zoo.dcgan")
    assert own.module_of(running(dcgan.origin, dcgan)) == ("gan_tf.zoo.dcgan", dcgan.origin)
    assert own.module_of(running(dcgan.origin)) == ("gan_tf.zoo.dcgan", dcgan.origin), "python gan_tf/zoo/dcgan.py"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dcgan", "dcgan is a GAN of gan_tf; give the file another name, such as my_dcgan.py."),
        ("keras", r"Python has another module keras \(.*\); give the file another name, such as my_keras.py."),
        ("time", r"Python has another module time \(built-in\); give the file another name, such as my_time.py."),
        ("my gan", "give the file a name of letters, digits and _, such as my_gan.py."),
        ("my.gan", "give the file a name of letters, digits and _, such as my_gan.py."),
        ("__main__", "give the file a name of letters, digits and _, such as my_gan.py."),
    ],
)
def test_names_of_files_that_are_refused(name, words, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(RunError, match=f"^{words}$"):
        own.module_of(running(file(tmp_path / f"{name}.py")))


def test_a_module_with_the_name_of_a_member(tmp_path, monkeypatch):
    """python -m dcgan."""
    monkeypatch.syspath_prepend(tmp_path)
    path = file(tmp_path / "dcgan.py")
    with pytest.raises(RunError, match="^dcgan is a GAN of gan_tf; give the file another name, such as my_dcgan.py.$"):
        own.module_of(running(path, importlib.util.find_spec("dcgan")))


def test_a_notebook_is_no_file():
    with pytest.raises(RunError, match="^write this GAN into a file, such as my_gan.py, and run the file.$"):
        own.module_of({"__name__": "__main__"})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gan_tf.zoo.dcgan", "--gan=gan_tf.zoo.dcgan: write --gan=dcgan."),
        ("my_gan.py", "--gan=my_gan.py: write the name of a module, as in --gan=my_gan."),
        ("a/b/my_gan", "write the name of a module, as in --gan=my_gan, and PYTHONPATH=a/b before the command."),
        ("../my_gan.py", "write the name of a module, as in --gan=my_gan, and PYTHONPATH=.. before the command."),
        ("", "--gan=: write the name of a module, as in --gan=my_gan."),
        (
            "nowhere",
            r"--gan=nowhere: Python finds no nowhere.py; run this .* \(cd\), or write PYTHONPATH=FOLDER before",
        ),
        ("no.where", "--gan=no.where: Python finds no no.py; run this command in the folder of the file"),
        ("a_folder", "--gan=a_folder: Python finds no a_folder.py; run"),
    ],
)
def test_names_that_lead_nowhere(name, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "a_folder").mkdir()
    with pytest.raises(RunError, match=words) as caught:
        own.require(name)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def make(:\n", r"wrong cannot be imported: .*wrong.py, line 1: invalid syntax.$"),
        ("\nimport nonsense_9\n", "wrong.py, line 2: ModuleNotFoundError: No module named 'nonsense_9'.$"),
        ("\n\n1 / 0\n", "wrong.py, line 3: ZeroDivisionError: division by zero.$"),
        ("import sys\nsys.exit(3)\n", "wrong.py, line 2: SystemExit: 3.$"),
        (
            "make = 5\n",
            'wrong has no function make, which returns the GAN; see "A GAN of your own" in gan_tf/README.md.$',
        ),
        (
            "from gan_tf.runs import training_command\ntraining_command.main(iters=5)\n",
            'wrong.py calls main when it is imported; write if __name__ == "__main__": before the call.$',
        ),
    ],
)
def test_files_that_are_wrong(text, words, tmp_path, monkeypatch):
    """A file that is another one in each test: Python keeps what it has imported."""
    monkeypatch.syspath_prepend(tmp_path)
    file(tmp_path / "wrong.py", text)
    monkeypatch.delitem(sys.modules, "wrong", raising=False)
    importlib.invalidate_caches()
    with pytest.raises(RunError, match=words) as caught:
        own.load("wrong")
    assert len(str(caught.value).splitlines()) == 1
    sys.modules.pop("wrong", None)


def test_the_digest_of_a_file(tmp_path):
    assert own.digest(file(tmp_path / "a", "abc")) == hashlib.sha256(b"abc").hexdigest()


# ---- What a file makes ----


class Toy:
    """A module whose GAN has one network of two numbers; each test changes one part of it."""

    __name__ = "toy"

    def __init__(self, **changes):
        self.changes = changes

    def make(self, images, labels, *, seed, width):
        if fails := self.changes.get("fails"):
            fails(images)
        layers = self.changes.get("layers", lambda images: [keras.layers.Dense(width)])(images)
        model = keras.Sequential([keras.Input([2]), *layers])
        adam = keras.optimizers.Adam(0.5)
        adam.build(model.trainable_variables)
        step = tf.function(self.changes.get("step", self.step))

        def train_block(first, steps):
            losses = [step(model, adam, tf.constant(float(i))) for i in range(first, first + steps)]
            return np.array(losses, np.float32).reshape(steps, *self.changes.get("losses", (1,)))

        fields = {"objects": {"model": model, "adam": adam}, "train_block": train_block, "block": 5}
        fields |= {"loss_names": ("loss",), "shape": (1, 1, 2), "columns": 2}
        fields |= {"draw": lambda index: np.float32([[[[0.0, 0.5]]], [[[1.0, 0.25]]]])}
        return Gan(**fields | self.changes.get("fields", {}))

    @staticmethod
    def step(model, adam, i):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(tf.stack([[1.0, i]]), training=True) ** 2)
        weights = model.trainable_variables
        adam.apply(tape.gradient(loss, weights), weights)
        return loss


def made(**changes):
    return own.make_checked(Toy(**changes), np.zeros([4, 1, 1, 2], np.uint8), np.zeros(4), **SEED)


def state(gan):
    return [np.asarray(variable).copy() for each in gan.objects.values() for variable in each.variables]


def test_the_seed_of_the_run_seeds_keras():
    """Layers without a seed of their own, too: the first vector u of SpectralNormalization, and Dropout."""
    layers = keras.layers

    def make(seed, width=2):
        return own.make(
            Toy(layers=lambda _: [layers.SpectralNormalization(layers.Dense(width)), layers.Dropout(0.5)]),
            None,
            None,
            seed=seed,
            width=width,
        )

    one, two, other = state(make(2**62)), state(make(2**62)), state(make(1))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    found = {a.shape: np.array_equal(a, b) for a, b in zip(one, other, strict=True) if a.ndim and a.any()}
    assert set(found) >= {(2, 2), (1, 2), (2,)} and not any(found.values()), "kernel, u, the state of Dropout"


def test_a_checkpoint_holds_the_state_of_dropout(tmp_path):
    gan = made(layers=lambda _: [keras.layers.Dense(50), keras.layers.Dropout(0.5)])
    states = checkpoints.Checkpoints(tmp_path / "checkpoints", **gan.objects)
    gan.train_block(0, 3)
    states.save(3)
    expected = gan.train_block(3, 4)
    assert not np.array_equal(gan.train_block(3, 4), expected)
    assert next(states.restorable()) == 3
    np.testing.assert_array_equal(gan.train_block(3, 4), expected)


def test_a_checkpoint_from_before_the_state_of_dropout(tmp_path):
    """It has the weights, so the GAN can draw. It cannot resume."""
    gan = made(layers=lambda _: [keras.layers.Dense(50), keras.layers.Dropout(0.5)])
    checkpoints.Checkpoints(tmp_path / "checkpoints", False, **gan.objects).save(3)
    kernel = gan.objects["model"].weights[0]
    saved = kernel.numpy()
    kernel.assign(saved + 1)
    assert list(checkpoints.Checkpoints(tmp_path / "checkpoints", **gan.objects).restorable()) == []
    assert list(checkpoints.Checkpoints(tmp_path / "checkpoints", False, **gan.objects).restorable()) == [3]
    np.testing.assert_array_equal(kernel, saved)


def test_a_gan_is_as_before_when_it_was_checked():
    gan = made(layers=lambda _: [keras.layers.Dense(5), keras.layers.Dropout(0.5)])
    gan.train_block(0, 0)
    before = state(gan)
    own.check(gan, "toy", gan.train_block)
    assert all(np.array_equal(a, b) for a, b in zip(before, state(gan), strict=True))
    assert sum(np.any(each) for each in before) == 3, "kernel, Dropout, the rate of Adam"


def unseeded(_):
    return [keras.layers.Dense(2, kernel_initializer=lambda shape, dtype: np.random.default_rng().normal(size=shape))]


def fails(images):
    len(images)


def test_what_make_may_not_do():
    others = [
        ({"layers": unseeded}, "toy.py: model gets other first weights each time, so the same seed"),
        (
            {"layers": lambda images: [keras.layers.Dense(2 if images is None else 3)]},
            "without images, make makes another",
        ),
        (
            {"fails": fails},
            r"make must also work without images .*test_own.py, line \d+: TypeError: object of type 'None",
        ),
        ({"fields": {"objects": {"a b": keras.Sequential()}}}, "objects must be Keras models .*, and 'a b' is none"),
        ({"fields": {"objects": {"settings": {}}}}, "objects must be Keras models .*, and 'settings' is none"),
    ]
    for changes, words in others:
        with pytest.raises(RunError, match=words) as caught:
            made(**changes)
        assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(TypeError, match="has no len"):  # a mistake within `make` shows where it is
        own.make(Toy(fails=lambda images: len(5)), None, None, **SEED)
    with pytest.raises(
        RunError, match="unexpected keyword argument 'colour'; the call is make.images, labels, seed=…, "
    ):
        own.make(Toy(), None, None, **SEED, colour=1)
    module = types.SimpleNamespace(__name__="toy", make=lambda images, labels, **given: None)
    with pytest.raises(RunError, match="toy.py: make returned NoneType, not a gan_tf.gan.Gan"):
        own.make(module, None, None, **SEED)


def draws_noise(model, adam, i):
    return Toy.step(model, adam, i + tf.random.normal([]))


def test_what_training_may_not_do():
    hidden = tf.Variable(0.0)

    def counts(model, adam, i):
        return Toy.step(model, adam, i + hidden.assign_add(1.0))

    lone = keras.optimizers.Adam(0.5)

    def with_another_optimizer(model, adam, i):
        return Toy.step(model, lone, i)

    def late(model, adam, i):
        return Toy.step(model, adam, i)

    others = [
        ({"step": draws_noise}, "iteration 0, trained twice from the same checkpoint, had losses .* and then"),
        ({"step": counts}, "iteration 0, trained twice"),
        ({"step": with_another_optimizer}, "iteration 1, trained twice"),
        (
            {"losses": (1, 1)},
            r"train_block\(0, 1\) returned an array \[1, 1, 1\], not \[1, 1\]: a row for each.*names \(loss\)",
        ),
        ({"fields": {"block": 0}}, "block must be a whole number from 1 on, not 0"),
        (
            {"fields": {"columns": 3}},
            r"draw\(0\) returned an array \[2, 1, 1, 2\], not \[n, 1, 1, 2\], n a multiple of ",
        ),
        ({"fields": {"shape": (1, 2, 1)}}, r"draw\(0\) returned an array \[2, 1, 1, 2\], not \[n, 1, 2, 1\]"),
        (
            {"fields": {"draw": lambda _: np.full([2, 1, 1, 2], -0.5)}},
            r"draw\(0\) returned values from -0.5 to -0.5, not",
        ),
        (
            {"fields": {"draw": lambda _: np.full([2, 1, 1, 2], 1.5)}},
            r"returned values from 1.5 to 1.5, not in \[0, 1\]",
        ),
        ({"fields": {"draw": lambda _: np.full([2, 1, 1, 2], np.nan)}}, r"values from nan to nan, not in \[0, 1\]"),
        ({"fields": {"draw": lambda _: np.random.random([2, 1, 1, 2])}}, "draw.0. gave other pictures the second time"),
        (
            {"fields": {"generate": lambda z: z, "make_noise": noise.stream_noise}},
            r"generate\(noise\) returned an array \[16, 100\], not \[n, 1, 1, 2\].$",
        ),
    ]
    for changes, words in others:
        gan = made(**changes)
        with pytest.raises(RunError, match=words) as caught:
            own.check(gan, "toy", gan.train_block)
        assert len(str(caught.value).splitlines()) == 1 and str(caught.value).startswith("toy.py: ")


def test_a_gpu_may_round():
    rounding = iter([1e-6, 0.0, 0.0, 0.0, 0.0, 0.0])

    def block(first, steps):
        return np.float32([[1 + first + next(rounding)]])

    gan = made(fields={"draw": None})
    own.check(gan, "toy", block, exact=False)
    rounding = iter([1e-6, 0.0, 0.0, 0.0])
    with pytest.raises(RunError, match="iteration 0, trained twice"):
        own.check(gan, "toy", block)
    rounding = iter([0.0, 0.1, 0.0, 0.0])
    with pytest.raises(RunError, match="iteration 1, trained twice"):
        own.check(gan, "toy", block, exact=False)


# ---- Whose code runs ----

EVIL = "from pathlib import Path\nPath('it_ran').touch()\n"


@pytest.fixture
def strange(idx_dir, tmp_path):
    """A run from elsewhere, with code in its folder, which is also the working folder."""
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "5.index").touch()
    file(tmp_path / "evil.py", EVIL)
    flags = {"dataset": "mnist", "data_dir": str(idx_dir), "seed": 0, "batch_size": 8, "jit": None}

    def write(name):
        config = {"flags": flags, "data": {"shape": [28, 28, 1]}, "gan": REFERENCE | {"name": name}}
        file(tmp_path / "config.json", json.dumps(config))
        return tmp_path

    return write


@pytest.mark.parametrize("command", ["sample", "evaluate", "export", "report"])
def test_code_runs_only_if_the_user_names_it(command, strange):
    cwd = strange("evil")
    file(cwd / "other.py", EVIL)
    last = {}
    for named in ((), ("--gan=other",), ("--gan=evil",)):
        out = ["--out=drawn.npz"] if command == "sample" else []
        result = forked(f"gan_tf.{command}", "--run_dir=.", *named, *out, cwd=cwd)
        last[named] = result.stderr.splitlines()[-1]
        assert result.returncode == 1 and "Traceback" not in result.stderr
        assert (cwd / "it_ran").exists() == (named == ("--gan=evil",))
    words = "holds a run of evil, which is not part of this gan_tf. If you know evil.py and want to run its code, add"
    assert last[()] == f"error: --run_dir=. {words} --gan=evil."
    assert (
        last["--gan=other",]
        == "error: --run_dir=. holds a run of evil, not of other; write --gan=evil, or name another run."
    )
    assert last["--gan=evil",].startswith("error: evil has no function make")


@pytest.mark.parametrize("name", ["a b", "../evil", "evil.py; rm", "evil\n", "", "x" * 200, "$(id)"])
def test_names_that_no_gan_has(name, strange):
    """config.json may say anything, and a user copies what a message says."""
    with pytest.raises(restore.LoadError, match=r"config.json is damaged: .* is no name of a GAN; put the file back.$"):
        restore.check_run(strange(name), name)


def test_members_need_no_flag(strange):
    assert restore.check_run(strange("dcgan"))["gan"]["name"] == "dcgan"
    assert restore.check_run(strange("dcgan"), "dcgan")["gan"]["name"] == "dcgan"
    with pytest.raises(
        restore.LoadError, match="holds a run of dcgan, not of evil; leave --gan out, or name another run.$"
    ):
        restore.check_run(strange("dcgan"), "evil")
    with pytest.raises(restore.LoadError, match="holds a run of dcgan, not of '';"):
        restore.check_run(strange("dcgan"), "")


@pytest.mark.slow
def test_a_file_that_has_changed(tmp_path, idx_dir):
    """It warns at each start, and if no checkpoint fits, no advice is to delete the run."""
    from tests import test_own_gan

    def run(code, command="my_gan.py", *flags):
        file(tmp_path / "my_gan.py", code)
        flags = flags or (f"--data_dir={idx_dir}", *test_own_gan.SMALL)
        return forked(command, *flags, cwd=tmp_path)

    code = test_own_gan.CODE
    words = "my_gan.py has changed since this run was started"
    first = run(code, "my_gan.py", f"--data_dir={idx_dir}", *test_own_gan.SMALL, "--iters=3")
    assert first.returncode == 0 and words not in first.stderr
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["code"] == hashlib.sha256(code.encode()).hexdigest() and config["gan"]["name"] == "my_gan"
    other = code.replace("layers.LeakyReLU(0.1)]", "layers.LeakyReLU(0.1), layers.Dense(3)]", 1)
    for _ in range(2):
        result = run(other)
        assert result.returncode == 1 and words in result.stderr
        error = (
            "error: --out_dir=out has no checkpoint that fits my_gan.py as it is now; name another folder, or change"
        )
        assert result.stderr.splitlines()[-1].startswith(error)
    named = ("--run_dir=out", "--gan=my_gan")
    error = (
        "error: --run_dir=out holds no checkpoint that fits my_gan.py: if it makes other networks now, change it back;"
    )
    assert run(other, "gan_tf.export", *named).stderr.splitlines()[-1].startswith(error)
    renamed = code.replace("width", "wide")
    error = "error: --run_dir=out was trained before my_gan.py had a flag --wide; change the file back."
    assert run(renamed, "gan_tf.export", *named).stderr.splitlines()[-1] == error
    broken = code.replace("    step = make_step", "    1 / 0\n    step = make_step")
    error = r"out: my_gan.py cannot make what config.json describes \(.*my_gan.py, line \d+: ZeroDivisionError: .*\)\.$"
    assert re.search(error, run(broken, "gan_tf.export", *named).stderr.splitlines()[-1])
    for _ in range(2):
        result = run(code + "# a remark\n")
        assert result.returncode == 0 and "finished" in result.stderr
    assert words in run(code + "# a remark\n", "gan_tf.export", *named).stderr
    assert words not in run(code, "gan_tf.export", *named).stderr
