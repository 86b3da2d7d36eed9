"""gan_tf.sample: what it writes, what it leaves alone, and the generators that it refuses."""

import gc
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from command_line import command, forked
from PIL import Image

from gan_tf import keras_file, limits, models, noise, restore
from gan_tf.runs.config import REFERENCE, RunError

layers = keras.layers


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A generator as a Keras file."""
    path = tmp_path_factory.mktemp("generator") / "generator.keras"
    models.make_generator(1).save(path)
    return path


def sample(*flags, cwd):
    """Runs the command, and returns the last line that it logs."""
    result = forked("gan_tf.sample", *flags, cwd=cwd)
    assert "Traceback" not in result.stderr and result.stdout == "", result.stderr
    return result.returncode, result.stderr.strip().splitlines()[-1]


def test_a_folder_holds_only_the_new_pictures(sound, tmp_path):
    """Also through a link; what else is in the folder stays."""
    flags = (f"--generator={sound}", "--out=link")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    for name in ("00000.png", "00007.png", "123456.png", "1234567.png", "photo.png", "0001.png", "00001.jpg"):
        (tmp_path / "folder" / name).write_bytes(b"mine")
    before = sorted(os.listdir(tmp_path / "folder"))
    assert sample(*flags, cwd=tmp_path)[1].startswith("error: --out=link exists; name another, or replace it")
    assert sorted(os.listdir(tmp_path / "folder")) == before
    assert sample("--count=3", "--overwrite", *flags, cwd=tmp_path)[0] == 0
    pictures = ["00000.png", "00001.png", "00002.png"]
    assert sorted(os.listdir(tmp_path / "folder")) == sorted([*pictures, "0001.png", "00001.jpg", "photo.png"])
    assert (tmp_path / "folder" / "photo.png").read_bytes() == b"mine" and (tmp_path / "link").is_symlink()
    assert all(Image.open(tmp_path / "folder" / name).size == (28, 28) for name in pictures)


def test_the_ending_is_that_of_the_flag(sound, tmp_path):
    """Not that of what a link points to, or of the folder that . is. A link to a file is replaced, not followed.

    Five samples fill no row of four, which only a grid minds.
    """
    cwd = tmp_path / "with.dot"
    cwd.mkdir()
    (cwd / "text").write_text("mine")
    (cwd / "a.png").symlink_to("text")
    for out in (".", "a.png"):
        assert sample(f"--generator={sound}", f"--out={out}", "--count=4", "--overwrite", cwd=cwd)[0] == 0
    assert (cwd / "text").read_text() == "mine" and Image.open(cwd / "a.png").width == 328
    assert (cwd / "00003.png").exists()
    assert sample(f"--generator={sound}", "--out=five.npz", "--count=5", cwd=cwd)[0] == 0
    assert np.load(cwd / "five.npz")["images"].shape == (5, 28, 28, 1)


def test_a_new_folder_can_be_read_by_others(sound, tmp_path):
    """It is made under another name at first. Folders above it are made, too; a / allows any name."""
    assert sample(f"--generator={sound}", "--count=2", "--out=a/b.5/", cwd=tmp_path)[0] == 0
    assert sorted(os.listdir(tmp_path / "a" / "b.5")) == ["00000.png", "00001.png"] and os.listdir(tmp_path) == ["a"]
    assert os.listdir(tmp_path / "a") == ["b.5"]
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "a" / "b.5").stat().st_mode & 0o777 == 0o777 & ~mask


KILLED = """
import os, runpy
from gan_tf import grids
grids.save_image = lambda image, path: os.kill(os.getpid(), 9) if path.name == "00002.png" else path.touch()
runpy.run_module("gan_tf.sample", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("there", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_what_a_killed_command_left_is_removed_by_the_next(sound, tmp_path, there):
    flags = [f"--generator={sound}", "--out=folder", "--count=3", "--overwrite"]
    place = tmp_path / "folder" if there else tmp_path
    if there:
        place.mkdir()
        (place / "photo.jpg").touch()
    code = tmp_path.with_name(f"{tmp_path.name}-code.py")
    code.write_text(KILLED)
    assert forked(str(code), *flags, cwd=tmp_path).returncode == -9
    (left,) = place.glob("new-*")
    assert sorted(os.listdir(left)) == ["00000.png", "00001.png"]
    assert sample(*flags, cwd=tmp_path)[0] == 0
    assert os.listdir(tmp_path) == ["folder"]
    pictures = ["00000.png", "00001.png", "00002.png"]
    assert sorted(os.listdir(tmp_path / "folder")) == pictures + ["photo.jpg"] * there


LIMITED = """
import resource, runpy, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then a write beyond the limit is an OSError, as on a full disk
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)), -1))
runpy.run_module("gan_tf.sample", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(
    ("out", "size", "there"),
    [
        ("grid.png", 9000, False),
        pytest.param("arrays.npz", 9000, True, marks=pytest.mark.slow),
        pytest.param("folder", 500, False, marks=pytest.mark.slow),
        pytest.param("folder", 500, True, marks=pytest.mark.slow),
    ],
)
def test_what_cannot_be_written_whole_is_not_written(sound, tmp_path, out, size, there):
    """No file may grow beyond `size` bytes. What was there stays, and the same command works afterwards."""
    flags = [f"--generator={sound}", f"--out={out}", "--count=16"]
    if there:
        assert sample(*flags, "--seed=5", cwd=tmp_path)[0] == 0
        flags.append("--overwrite")
    before = contents(tmp_path)
    if size > 5000:  # below that, the fork server's log would not fit, which is a file
        code = tmp_path.with_name(f"{tmp_path.name}-code.py")
        code.write_text(LIMITED)
        result = forked(str(code), str(size), *flags, cwd=tmp_path)
    else:
        code = [sys.executable, "-c", LIMITED, str(size), *flags]
        result = subprocess.run(code, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 1 and "Traceback" not in result.stderr, result.stderr
    assert "File too large" in result.stderr.strip().splitlines()[-1]
    after = contents(tmp_path)
    assert {path: after.get(path) for path in before} == before and (tmp_path / out).exists() == there
    assert sample(*flags, cwd=tmp_path)[0] == 0


def contents(folder):
    """{path: bytes} of all files below `folder`."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["config.json", "checkpoints", "losses.csv"])
def test_the_files_of_a_run_are_safe(sound, tmp_path, name):
    """One file or folder of a run is enough. What is refused is named as the flag says it, the run by its folder."""
    run_dir = tmp_path / "out"
    run_dir.mkdir()
    (run_dir / name).mkdir() if name == "checkpoints" else (run_dir / name).write_text("the run's")
    (run_dir / "samples.png").write_text("the run's")
    (tmp_path / "link").symlink_to("out")
    before = contents(tmp_path)
    outs = ("out", "out/", "out/samples.png", "out/000.png", "out/123456.png", "link", "link/losses.png")
    for out in outs if name == "config.json" else outs[1:3]:
        status, line = sample(f"--generator={sound}", f"--out={out}", "--overwrite", cwd=tmp_path)
        words = f"error: --out={out} would spoil the run in {run_dir}; name another file or folder."
        assert status == 1 and line == words
    assert contents(tmp_path) == before


@pytest.mark.slow
def test_other_files_may_be_written_next_to_a_run(sound, tmp_path):
    (tmp_path / "out").mkdir()
    for name in ("config.json", "samples.png", "000.png"):
        (tmp_path / "out" / name).write_text("the run's")
    before = contents(tmp_path)
    for out in ("out/mine.png", "out/mine.npz", "out/mine"):
        assert sample(f"--generator={sound}", f"--out={out}", cwd=tmp_path)[0] == 0
        assert (tmp_path / out).exists()
    assert before.items() <= contents(tmp_path).items()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--out=x.bmp",), "--out=x.bmp ends in .bmp: write .png, .npz, or a / after the name of a folder."),
        (("--out=x.PNG",), "--out=x.PNG ends in .PNG: write .png, .npz, or a / after the name of a folder."),
        (("--out=file.png/a.png",), "--out=file.png/a.png cannot be written: "),
        (("--out=" + 300 * "x",), "cannot be written: this is too long a name for this disk; name another."),
        (("--out=folder.png", "--overwrite"), "--out=folder.png is a folder; name another."),
        (("--out=file", "--overwrite"), "--out=file is not a folder; name another."),
        (("--out=file/", "--overwrite"), "--out=file/ is not a folder; name another."),
        (("--count=1000000000",), "--count=1000000000 is too much; "),
        (("--count=1000000000000", "--out=a.npz"), "--count=1000000000000 is too much; "),
    ],
)
def test_impossible_outputs(sound, tmp_path, flags, message):
    """Each is refused at once, before TensorFlow is imported."""
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "file.png").write_text("")
    before = sorted(os.listdir(tmp_path))
    start = command if "--out=x.bmp" in flags else forked  # once as from a shell, which takes seconds
    result = start("gan_tf.sample", f"--generator={sound}", *flags, cwd=tmp_path)
    assert result.returncode == 1 and result.stdout == ""
    assert result.stderr.startswith("error: ") and len(result.stderr.splitlines()) == 1
    assert message in result.stderr and "Traceback" not in result.stderr
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.slow
def test_bytes_that_are_no_text(sound, tmp_path):
    """A name that is no UTF-8, in UTF-8 and in ASCII."""
    out = os.fsdecode(b"--out=\xff\xc3\xbc/pictures")
    for env in ({}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}):
        run = [sys.executable, "-m", "gan_tf.sample", f"--generator={sound}", out]
        first, second = (
            subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, env=os.environ | env) for _ in range(2)
        )
        assert first.returncode == 0 and "Traceback" not in first.stderr, first.stderr
        assert len(os.listdir(os.fsencode(tmp_path) + b"/\xff\xc3\xbc/pictures")) == 16
        assert second.returncode == 1 and "exists; name another" in second.stderr.splitlines()[-1]
        out += "2"


def made(path, *layers_of):
    """A generator of these layers, as a file."""
    keras.Sequential([keras.Input([100]), *layers_of]).save(path)


def test_weights_that_are_not_finite(tmp_path):
    """They are refused, where a picture would be black."""
    generator = models.make_generator(1)
    generator.layers[1].bias.assign(generator.layers[1].bias * np.nan)
    generator.save(tmp_path / "nan.keras")
    status, line = sample("--generator=nan.keras", cwd=tmp_path)
    assert status == 1 and os.listdir(tmp_path) == ["nan.keras"]
    assert line.startswith("error: --generator=nan.keras draws values that are not finite: its weights are damaged")


def test_networks_that_draw_no_pictures(tmp_path):
    made(tmp_path / "tanh.keras", layers.Dense(784, "tanh"))
    gan = keras_file.load_generator(tmp_path / "tanh.keras", "generator")
    with pytest.raises(restore.LoadError, match=r"^it draws values from -0\.\d* to 0\.\d*, not in \[0, 1\]\.$"):
        restore.draw(gan, noise.stream_noise(0, 2, 20), "it")


def refusal(path):
    """What is said of a file that is no generator: one line."""
    with pytest.raises(restore.LoadError) as caught:
        keras_file.load_generator(path, "generator")
    text = str(caught.value)
    assert text.startswith(f"--generator={path} ") and "\n" not in text and len(text) < 400 + len(str(path))
    return text.removeprefix(f"--generator={path} ")


def test_sound_generators(sound, tmp_path):
    made(
        tmp_path / "convolutions.keras",
        keras.Sequential([keras.Input([100]), layers.Dense(49), layers.BatchNormalization(), layers.LeakyReLU()]),
        layers.Reshape([7, 7, 1]),
        layers.Conv2DTranspose(8, 5, strides=2, padding="same", kernel_regularizer="l2"),
        layers.Dropout(0.3),
        layers.Conv2DTranspose(1, 5, strides=2, padding="same", activation="sigmoid"),
        layers.Flatten(),
    )
    x = keras.Input([100])
    keras.Model(x, layers.Dense(784, "sigmoid")(2 * layers.Dense(50)(x) + x[:, :50])).save(tmp_path / "graph.keras")
    half = layers.Dense(784, "sigmoid", dtype="mixed_float16")
    made(tmp_path / "half.keras", half)
    for path in (sound, *tmp_path.iterdir()):
        gan = keras_file.load_generator(path, "generator")
        images = restore.draw(gan, noise.stream_noise(0, 2, 20), "it")
        assert (
            images.shape == (20, *gan.shape) == (20, 28, 28, 1)
            and images.dtype == np.float32
            and 0.4 < images.mean() < 0.6
        )


@pytest.mark.parametrize(
    ("shape", "output"),
    [
        ((16, 16, 3), [layers.Dense(768, "sigmoid")]),
        ((6, 6, 3), [layers.Dense(108, "sigmoid")]),
        ((9, 9, 1), [layers.Dense(81, "sigmoid")]),
        ((5, 8, 3), [layers.Dense(120, "sigmoid"), layers.Reshape([5, 8, 3])]),
        ((8, 5, 1), [layers.Dense(40, "sigmoid"), layers.Reshape([8, 5, 1])]),
    ],
)
def test_generators_of_any_picture(tmp_path, shape, output):
    """Flat ones make squares, in grey if that is possible. Values keep their order."""
    made(tmp_path / "a.keras", *output)
    gan = keras_file.load_generator(tmp_path / "a.keras", "generator")
    z = noise.stream_noise(0, 2, 7)
    assert gan.shape == shape
    expected = np.asarray(keras.saving.load_model(tmp_path / "a.keras")(z)).reshape(7, *shape)
    np.testing.assert_array_equal(restore.draw(gan, z, "it"), expected)


@pytest.mark.parametrize("output", [[1568], [1], [3], [28, 28], [14, 28, 2], [4, 14, 14, 1]])
def test_outputs_that_are_no_pictures(tmp_path, output):
    made(tmp_path / "a.keras", layers.Dense(int(np.prod(output)), "sigmoid"), layers.Reshape(output))
    words = f"it takes (None, 100) and makes {(None, *output)}."
    assert refusal(tmp_path / "a.keras") == f"is no generator of pictures from 100 numbers: {words}"


@pytest.mark.parametrize(("out", "sample_bytes"), [("a.npz", 12 * 1024 * 512 * 3), ("a.png", 40 * 1028 * 516 * 3)])
def test_large_pictures_need_more_memory(tmp_path, out, sample_bytes):
    """What --count may be depends on the shape that config.json has; a grid takes more than arrays."""
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    (tmp_path / "run" / "checkpoints" / "10.index").write_text("")
    config = CONFIG | {"data": {"digest": "0", "shape": [1024, 512, 3]}}
    (tmp_path / "run" / "config.json").write_text(json.dumps(config))
    most = limits.fitting(sample_bytes, 700e6)
    status, line = sample("--run_dir=run", f"--out={out}", "--columns=1", f"--count={most + 1}", cwd=tmp_path)
    assert status == 1
    assert line == f"error: --count={most + 1} is too much; at most {most:,} samples fit into this machine's memory."
    status, line = sample("--run_dir=run", f"--out={out}", "--columns=1", f"--count={most}", cwd=tmp_path)
    assert status == 1 and "this version cannot make what config.json describes" in line, "there are no networks"


def changed(sound, path, **parts):
    """Writes the sound file with some parts replaced, or with none of them where they are None."""
    with zipfile.ZipFile(sound) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    found |= {name.replace("_", "."): content for name, content in parts.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in found.items():
            if content is not None:
                archive.writestr(name, content)
    return path


def test_files_that_are_no_generator(sound, tmp_path):
    """Damaged, cut, incomplete, or something else."""
    content = sound.read_bytes()
    path = tmp_path / "a.keras"
    for damaged, message in (
        (b"", "is no Keras file, or it is damaged: it is no zip archive."),
        (content[:200_000], "is no Keras file, or it is damaged: it is no zip archive."),
        (content[:200_000] + b"!" + content[200_001:], "is damaged (BadZipFile: Bad CRC-32 for file 'model.weights.h5"),
    ):
        path.write_bytes(damaged)
        assert refusal(path).startswith(message)
    for parts, message in (
        ({"config_json": None}, "is no Keras file: name one that model.save() wrote"),
        ({"model_weights_h5": None}, "is no Keras file: name one that model.save() wrote"),
        ({"config_json": b""}, "is damaged (JSONDecodeError"),
        ({"config_json": b"[" * 100_000}, "is damaged (RecursionError"),
        ({"config_json": b"[]"}, "cannot be loaded as a Keras file (ValueError: it is not a network)."),
        ({"model_weights_h5": b"text"}, "is damaged (OSError"),
        ({"extra": b"3"}, "holds more than a generator: its part 'extra' has 1 byte."),
    ):
        assert refusal(changed(sound, path, **parts)).startswith(message)
    (tmp_path / "sound").write_bytes(content)
    assert refusal(tmp_path / "sound").startswith("is no Keras file: name one that model.save() wrote")
    assert refusal(tmp_path).startswith("is a folder, not a file; name a Keras file")
    assert refusal(tmp_path / "nothing").startswith("cannot be read: No such file or directory; name a Keras file")
    os.mkfifo(tmp_path / "pipe.keras")  # whoever opens it waits for a writer
    assert refusal(tmp_path / "pipe.keras").startswith("is not an ordinary file; name a Keras file")


@keras.saving.register_keras_serializable("mine")
class Mine(layers.Layer):
    """A layer that is not Keras's own."""

    def call(self, x):
        """x itself."""
        return x


def test_networks_that_are_no_generator(sound, tmp_path):
    path, output = tmp_path / "a.keras", layers.Dense(784, "sigmoid")
    made(path, layers.Lambda(lambda x: x), output)
    assert refusal(path).startswith("needs code that is not Keras's own, or not safe to run: Lambda")
    made(path, Mine(), output)
    assert refusal(path) == "needs code that is not Keras's own, or not safe to run: mine>Mine."
    keras.Sequential([layers.Dense(784)]).save(path)
    assert refusal(path) == "has no fixed shapes: it was saved before it was built."
    x = keras.Input([100])
    keras.Model(x, [layers.Dense(784)(x), layers.Dense(3)(x)]).save(path)
    shapes = "it takes (None, 100) and makes [(None, 784), (None, 3)]."
    assert refusal(path) == f"is no generator of pictures from 100 numbers: {shapes}"
    with zipfile.ZipFile(sound) as archive:
        config = archive.read("config.json").decode()
    for old, new, message in (
        ('"relu"', '{"module": "os", "class_name": "function", "config": "abort"}', "needs code that is not Keras's"),
        ('"keras.layers", "class_name": "Dense"', '"mine", "class_name": "Dense"', "needs code that is not Keras's"),
        ('"Dense"', '"Thick"', "cannot be loaded as a Keras file ("),
        ('"units": 784', '"units": "many"', "cannot be loaded as a Keras file (TypeError"),
    ):
        assert old in config
        assert refusal(changed(sound, path, config_json=config.replace(old, new))).startswith(message)


def memory(name):
    """What Linux says of this process in /proc/self/status, in bytes: VmRSS is its memory, VmHWM the peak of that."""
    (line,) = (line for line in open("/proc/self/status") if line.startswith(f"{name}:"))
    return 1024 * int(line.split()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc, which says how much memory a process has had")
def test_files_that_would_take_all_memory(sound, tmp_path):
    """A layer of 10^11 units, 10^9 values on the way, an archive and an array that unpack to gigabytes."""
    path = tmp_path / "a.keras"
    with zipfile.ZipFile(sound) as archive:
        config = archive.read("config.json").decode()
    huge = changed(sound, tmp_path / "huge.keras", config_json=config.replace('"units": 784', '"units": 99999999999'))
    made(path, layers.RepeatVector(10**7), layers.GlobalAveragePooling1D(), layers.Dense(784, "sigmoid"))
    part = changed(sound, tmp_path / "part.keras", model_weights_h5=bytes(2**28 + 1))
    file = io.BytesIO()
    with h5py.File(file, "w") as weights:
        weights.create_dataset("kernel", (10**6, 10**6), "f4", chunks=(1000, 1000), compression="gzip")
    weights = changed(sound, tmp_path / "weights.keras", model_weights_h5=file.getvalue())
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # proc(5): forgets the peak of what this process did before
    before = memory("VmRSS")
    words = "cannot be loaded as a Keras file (ValueError: it has 12,900,000,012,799 weights"
    assert refusal(huge).startswith(words)
    assert "up to 1,000,000,000 values for one image" in refusal(path)
    assert refusal(part) == "holds more than a generator: its part 'model.weights.h5' has 268,435,457 bytes."
    assert refusal(weights) == "holds more than a generator: 4,000,000,000,000 bytes of weights."
    assert memory("VmHWM") - before < 2**27, "the smallest of them would take twice as much"


CONFIG = {
    "flags": {"dataset": "glyphs", "data_dir": None},
    "data": {"digest": "0"},
    "gan": REFERENCE,
}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (CONFIG, None),
        (
            CONFIG | {"gan": {"name": ["reference"]}},
            "config.json cannot be read (it does not name its GAN); put the file",
        ),
        (CONFIG | {"gan": {}}, "config.json cannot be read (no 'name'); put the file back"),
        (
            CONFIG | {"gan": REFERENCE | {"name": "x"}},
            "holds a run of x, which is not part of this gan_tf. If you know x.",
        ),
        (CONFIG | {"flags": {}}, "config.json is damaged: it says None where the name of a data set belongs; put the"),
        (CONFIG | {"flags": {"dataset": {}}}, "config.json is damaged: it says {} where the name of a data set belo"),
        (CONFIG | {"flags": {"dataset": "mnist", "data_dir": 5}}, "config.json is damaged: it says 5 where the folde"),
        (CONFIG | {"flags": {"dataset": "mnist", "data_dir": "\0"}}, "config.json is damaged: it says '\\x00' where t"),
        ("[" * 100_000, "config.json cannot be read (maximum recursion depth exceeded"),
        (" " * 2**20 + "{}", "config.json has more than 1,048,576 bytes); put the file back"),
        (None, "config.json cannot be read ([Errno 2] No such file or directory"),
    ],
)
def test_config_of_a_run(tmp_path, config, message):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "10.index").write_text("")
    if config is not None:
        (tmp_path / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    if message is None:
        assert restore.check_run(tmp_path) == config
    else:
        with pytest.raises((restore.LoadError, RunError)) as caught:
            restore.check_run(tmp_path)
        assert message in str(caught.value) and "\n" not in str(caught.value)


def test_options_of_a_run(tmp_path):
    """Missing ones and such as make no GAN."""
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "10.index").write_text("")
    options = dict(loss="wgan", d_steps=5, d_optimizer="rmsprop", g_optimizer="adam", d_lr=None, g_lr=None)
    options |= dict(batch_size=128, seed=0, jit=True, dataset="glyphs")
    wrong = [
        ("loss", 5),
        ("loss", []),
        ("d_optimizer", ["adam"]),
        ("d_lr", "fast"),
        ("g_lr", -1),
        ("seed", "x"),
        ("seed", -1),
    ]
    for flags in ({"dataset": "glyphs"}, *(options | {name: value} for name, value in wrong)):
        (tmp_path / "config.json").write_text(json.dumps(CONFIG | {"flags": flags}))
        with pytest.raises(restore.LoadError, match="this version cannot make what config.json describes"):
            restore.load_run(tmp_path)


@pytest.mark.parametrize("module", ["gan_tf.sample", "gan_tf.evaluate", "gan_tf.report"])
def test_a_run_that_is_not_there(module, tmp_path):
    """One line, at once: the log is empty, without the line that says that TensorFlow is imported."""
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    for name, what in (
        ("nowhere", "does not exist"),
        ("file", "is not a folder"),
        ("empty", "holds no checkpoint that can be read"),
    ):
        result = forked(module, f"--run_dir={name}", cwd=tmp_path)
        assert result.stderr == f"error: --run_dir={name} {what}; name the --out_dir of a run.\n"
        assert result.returncode == 1
