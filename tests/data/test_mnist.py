"""gan_tf.data.mnist: MNIST itself, from all its sources, and which folder is read. See test_relatives.py, too."""

import os
import shutil

import numpy as np
import pytest
from conftest import write_idx, write_idx_folder

from gan_tf import data
from gan_tf.data import mnist, tfds


def test_a_folder_of_mnists_form_is_read_whole(tmp_path):
    """Nothing is set aside from other pictures than MNIST's, however many there are."""
    arrays = write_idx_folder(tmp_path)
    for split, part, count in (("train", "train", 5200), ("test", "t10k", 40)):
        dataset = data.load("mnist", tmp_path, split)
        np.testing.assert_array_equal(dataset.pixels, arrays[f"{part}-images-idx3-ubyte"][..., None])
        np.testing.assert_array_equal(dataset.labels, arrays[f"{part}-labels-idx1-ubyte"])
        assert dataset.pixels.shape == (count, 28, 28, 1) and dataset.source == f"IDX files in {tmp_path}"
    assert data.load("mnist", tmp_path, "validation").pixels.shape == (0, 28, 28, 1)


def test_counts_that_differ(tmp_path):
    write_idx_folder(tmp_path)
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", np.zeros([5199]))
    with pytest.raises(data.DataError, match="holds 5200 pictures, train-labels-idx1-ubyte.gz 5199 labels"):
        data.load("mnist", tmp_path)


def test_named_folder_without_data(tmp_path):
    """Never TFDS's own folder or a download instead: that would be another data set than the one asked for."""
    with pytest.raises(data.DataError, match="is empty.*--dataset=glyphs"):
        data.load("mnist", tmp_path)
    with pytest.raises(data.DataError, match="is not a folder.*--dataset=glyphs"):
        data.load("mnist", tmp_path / "typo")


def test_without_data_dir(tmp_path, monkeypatch):
    """MNIST_data comes first, if it holds anything; then what TFDS has."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own" / "mnist" / "3.0.1").mkdir(parents=True)
    (tmp_path / "own" / "mnist" / "3.0.1" / "dataset_info.json").write_text("{")
    monkeypatch.setattr("tensorflow_datasets.core.constants.DATA_DIR", str(tmp_path / "own"))
    for _ in range(2):
        with pytest.raises(data.DataError, match="own/mnist/3.0.1 is damaged.*--dataset=glyphs"):
            data.load("mnist")
        (tmp_path / "MNIST_data").mkdir(exist_ok=True)
    (tmp_path / "MNIST_data" / "notes.txt").write_text("none")
    with pytest.raises(data.DataError, match="^MNIST_data holds 1 text file, no pictures in MNIST's format"):
        data.load("mnist")
    arrays = write_idx_folder(tmp_path / "MNIST_data", 30, 12)
    np.testing.assert_array_equal(data.load("mnist").pixels[..., 0], arrays["train-images-idx3-ubyte"])


def test_nothing_is_downloaded_if_the_server_does_not_answer(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tensorflow_datasets.core.constants.DATA_DIR", str(tmp_path))
    asked = []
    monkeypatch.setattr(tfds, "answers", lambda url: asked.append(url))
    with pytest.raises(data.DataError, match="not on this machine.*cannot be reached.*--dataset=glyphs"):
        data.load("mnist")
    assert len(asked) == 1 and asked[0].endswith("-ubyte.gz")


def test_a_file_as_data_dir(tmp_path):
    """An .npz file is read; of another file the message names the folder."""
    arrays = write_idx_folder(tmp_path, 30, 12)
    pixels = 255 - arrays["train-images-idx3-ubyte"]
    np.savez(tmp_path / "other.NPZ", x_train=pixels)
    (tmp_path / "other.NPZ.npz").rename(tmp_path / "other.NPZ")
    dataset = data.load("mnist", tmp_path / "other.NPZ", "test")
    np.testing.assert_array_equal(dataset.pixels, pixels[[0, 7, 9, 10], ..., None])
    assert dataset.source == f"{tmp_path / 'other.NPZ'}, a tenth held out for tests"
    with pytest.raises(data.DataError, match=f"is a file; name its folder: --data_dir={tmp_path}$"):
        data.load("mnist", tmp_path / "train-images-idx3-ubyte.gz")


def test_what_is_no_file(tmp_path):
    """Whoever opens a named pipe waits for a writer."""
    write_idx_folder(tmp_path, 30, 12)
    os.mkfifo(tmp_path / "pipe")
    assert len(data.load("mnist", tmp_path).pixels) == 30
    (tmp_path / "t10k-labels-idx1-ubyte.gz").unlink()
    os.mkfifo(tmp_path / "t10k-labels-idx1-ubyte.gz")
    with pytest.raises(data.DataError, match="t10k-labels-idx1-ubyte.gz is not an ordinary file"):
        data.load("mnist", tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte.gz").unlink()
    (tmp_path / "t10k-labels-idx1-ubyte.gz").symlink_to("nothing")
    with pytest.raises(data.DataError, match="t10k-labels-idx1-ubyte.gz cannot be read: No such file"):
        data.load("mnist", tmp_path)


def test_folders_in_a_circle(tmp_path):
    write_idx_folder(tmp_path / "raw", 30, 12)
    (tmp_path / "raw" / "up").symlink_to(tmp_path)
    assert len(data.load("mnist", tmp_path).pixels) == 30


def test_many_files(tmp_path, monkeypatch):
    """Arrays are found among any number of others, of which only some are looked into."""
    monkeypatch.setattr(mnist, "MOST", 5)
    for number in range(7):
        (tmp_path / f"{number}").write_bytes(b"text")
    with pytest.raises(data.DataError, match="holds 5 text files and 2 files not looked into, no pictures"):
        data.load("mnist", tmp_path)
    write_idx_folder(tmp_path, 30, 12)
    assert len(data.load("mnist", tmp_path).pixels) == 30


def test_what_is_said_of_emnist(tmp_path, caplog):
    caplog.set_level("INFO", "absl")
    for name, turned in (("emnist-x-images-idx3", True), ("femnist-images-idx3", False)):
        write_idx(tmp_path / name, np.arange(2 * 3 * 5).reshape(2, 3, 5))
        assert data.load("mnist", tmp_path, "test").pixels.shape == ((1, 5, 3, 1) if turned else (1, 3, 5, 1))
        assert ("EMNIST's pictures lie on their side" in caplog.text) == turned
        caplog.clear()
        (tmp_path / name).unlink()


def test_what_is_not_used_is_named(tmp_path, caplog):
    caplog.set_level("INFO", "absl")
    write_idx_folder(tmp_path, 30, 12)
    data.load("mnist", tmp_path)
    assert "not used" not in caplog.text
    write_idx(tmp_path / "valid-images-idx3-ubyte", np.zeros([3, 28, 28]))
    data.load("mnist", tmp_path)
    assert f"{tmp_path}/valid-images-idx3-ubyte is not used" in caplog.text


def test_a_folder_prepared_for_another_data_set(tmp_path):
    prepared = tmp_path / "fashion_mnist" / "3.0.1"
    prepared.mkdir(parents=True)
    (prepared / "dataset_info.json").write_text('{"name": "fashion_mnist"}')
    for folder in (tmp_path, prepared.parent, prepared):
        with pytest.raises(data.DataError) as caught:
            data.load("mnist", folder)
        assert str(caught.value) == (
            f"{folder} holds fashion_mnist, prepared by tensorflow-datasets: "
            f"use --dataset=tfds:fashion_mnist --data_dir={tmp_path}"
        )


def test_damaged_tfds_folder(tmp_path):
    prepared = tmp_path / "mnist" / "3.0.1"
    prepared.mkdir(parents=True)
    (prepared / "dataset_info.json").write_text("{")
    with pytest.raises(data.DataError, match="3.0.1 is damaged") as caught:
        data.load("mnist", tmp_path)
    assert "\n" not in str(caught.value)


def test_idx_is_mnist(mnist_dir):
    """The digests and counts of the original; three labels that anyone can look up."""
    for split, count in [("train", 55000), ("validation", 5000), ("test", 10000)]:
        dataset = data.load("mnist", mnist_dir, split)
        assert dataset.name == "mnist" and dataset.digest == mnist.DIGESTS[split]
        assert dataset.images.shape == (count, 28, 28, 1) and dataset.labels.shape == (count,)
        assert dataset.classifier == "mnist" and dataset.classes == tuple("0123456789")
    assert list(dataset.labels[:3]) == [7, 2, 1]


def link(mnist_dir, folder, *parts):
    """Links to MNIST's pictures, without their labels, in a folder like torchvision's."""
    (folder / "MNIST" / "raw").mkdir(parents=True)
    for part in parts:
        name = f"{part}-images-idx3-ubyte.gz"
        (folder / "MNIST" / "raw" / name).symlink_to(os.path.abspath(f"{mnist_dir}/{name}"))
    return folder


def test_mnist_from_elsewhere(mnist_dir, tmp_path):
    """It is known by its pixels: in torchvision's folder and without labels, and as an array of Keras."""
    link(mnist_dir, tmp_path, "train", "t10k")
    arrays = {split: data.load("mnist", tmp_path, split) for split in data.SPLITS}
    train = np.concatenate([arrays["validation"].pixels, arrays["train"].pixels])[..., 0]
    np.savez(tmp_path / "mnist.npz", x_train=train, x_test=arrays["test"].pixels[..., 0])
    keras = {split: data.load("mnist", tmp_path / "mnist.npz", split) for split in data.SPLITS}
    for split, count in [("train", 55000), ("validation", 5000), ("test", 10000)]:
        for each in (arrays[split], keras[split]):
            assert (each.name, each.classifier, each.classes) == ("mnist", "mnist", ())
            assert each.digest == mnist.DIGESTS[split] and each.labels.shape == (count,) and not each.labels.any()
    train[59_999, 14, 14] ^= 1
    np.savez(tmp_path / "mnist.npz", x_train=train)
    changed = data.load("mnist", tmp_path / "mnist.npz")
    assert changed.name == "custom" and changed.classifier is None and len(changed.pixels) == 53_898


def test_mnist_without_its_tests(mnist_dir, tmp_path):
    """It trains as MNIST does. Nothing takes the place of the test pictures."""
    link(mnist_dir, tmp_path, "train")
    assert data.load("mnist", tmp_path).digest == mnist.DIGESTS["train"]
    with pytest.raises(data.DataError, match="MNIST's training pictures only; put t10k-images there, too"):
        data.load("mnist", tmp_path, "test")


@pytest.mark.slow
def test_both_sources_give_the_same(mnist_dir, tfds_dir):
    for split in data.SPLITS:
        idx, tfds = data.load("mnist", mnist_dir, split), data.load("mnist", tfds_dir, split)
        assert idx.digest == tfds.digest and tfds.name == "mnist"
        np.testing.assert_array_equal(idx.images, tfds.images)
        np.testing.assert_array_equal(idx.labels, tfds.labels)


def test_another_tfds_order_is_refused(tfds_dir, monkeypatch):
    monkeypatch.setattr(mnist.hashlib, "md5", mnist.hashlib.sha1)
    with pytest.raises(data.DataError, match="not MNIST's test images in the order of the IDX files"):
        data.load("mnist", tfds_dir, "test")


def test_truncated_tfds_folder(tfds_dir, tmp_path):
    shutil.copytree(tfds_dir, tmp_path / "copy", copy_function=shutil.copyfile)
    folder = tmp_path / "copy" / "mnist" / "3.0.1"
    folder.chmod(0o755)
    path = folder / "mnist-test.tfrecord-00000-of-00001"
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(data.DataError, match="is damaged") as caught:
        data.load("mnist", tmp_path / "copy", "test")
    assert "\n" not in str(caught.value)


def test_more_labels_than_images(tmp_path):
    write_idx_folder(tmp_path)
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", np.zeros([5201]))
    with pytest.raises(data.DataError, match="holds 5200 pictures, train-labels-idx1-ubyte.gz 5201 labels"):
        data.load("mnist", tmp_path)


def test_the_plain_file_comes_before_the_gzipped_one(tmp_path):
    arrays = write_idx_folder(tmp_path)
    other = 255 - arrays["train-images-idx3-ubyte"]
    write_idx(tmp_path / "train-images-idx3-ubyte", other)
    np.testing.assert_array_equal(data.load("mnist", tmp_path).pixels, other[..., None])
