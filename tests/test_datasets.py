"""Caltech101 and MNIST: found, read, downloaded, checked."""
from legacy import mnist

import os

import numpy as np
import pytest
from PIL import Image

import TP1
from conftest import caltechs_archive, serving
from tp2 import cli, datasets, drawings


def test_read_image_takes_every_mode(tmp_path):
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        path = tmp_path / f"{mode.replace(';', '')}.png"
        Image.new(mode, (5, 4)).save(path)
        assert TP1.preprocess_fast(datasets.read_image(path)).shape == (784,)
    Image.fromarray(np.array([[0, 300], [40000, 65535]], np.uint16)).save(tmp_path / "16.png")
    assert datasets.read_image(tmp_path / "16.png").tolist() == [[0, 300], [40000, 65535]]
    Image.fromarray(np.array([[0, 0.25]], np.float32)).save(tmp_path / "float.tif")
    assert datasets.read_image(tmp_path / "float.tif").tolist() == [[0, 0.25]]
    Image.fromarray(np.array([[0, 255]], np.float32)).save(tmp_path / "float.tif")
    with pytest.raises(cli.InputError, match="float.tif can't be read .* in \\[0, 1\\]"):
        datasets.read_image(tmp_path / "float.tif")
    Image.new("CMYK", (5, 4)).save(tmp_path / "cmyk.jpg")
    assert datasets.read_image(tmp_path / "cmyk.jpg").shape == (4, 5, 3)


@pytest.fixture
def folder(tmp_path):
    """A folder of two classes, a photograph each, and what lies about in such folders."""
    for name in ("a", "b$2$", ".hidden", datasets.BACKGROUND):
        (tmp_path / name / "sub").mkdir(parents=True)
        Image.new("RGB", (5, 4)).save(tmp_path / name / "image_0001.jpg")
        (tmp_path / name / "._image_0001.jpg").write_bytes(b"what macOS leaves")
    (tmp_path / "list.txt").touch()
    (tmp_path / datasets.BACKGROUND / "tmp").touch()
    return tmp_path


def test_what_is_a_class_and_what_a_photograph_of_it(folder, capsys):
    wanted = {name: [folder / name / "image_0001.jpg"] for name in ("a", "b$2$")}
    assert datasets.classes(folder) == wanted
    said = capsys.readouterr().out
    assert "BACKGROUND_Google is left out" in said and "sub-folders are left out (sub)" in said
    assert datasets.classes(folder, ["b$2$/", "a", "a/"]) == wanted          # as a shell completes them


@pytest.mark.parametrize("asked", ["", ".", "..", "/etc", "a/sub", "./a", ".hidden", "c", "list.txt", datasets.BACKGROUND])
def test_what_is_no_class_is_refused_by_name(folder, asked):
    with pytest.raises(cli.InputError, match="no category" if asked == datasets.BACKGROUND else f"no folder '{asked}'"):
        datasets.classes(folder, [asked])


def test_what_is_no_file_is_named_and_not_waited_for(folder):
    odd = folder / "a" / "odd.jpg"
    for make, words in ((lambda: os.mkfifo(odd), "neither a file nor a folder"), (lambda: odd.symlink_to("nowhere"), "No such file"),
                        (lambda: odd.symlink_to("/dev/zero"), "neither a file"), (lambda: odd.symlink_to(odd), "symbolic links")):
        make()
        with pytest.raises(cli.InputError, match=f"odd.jpg .*{words}"):
            datasets.photographs(folder, "a")
        odd.unlink()
    (folder / "a" / "image_0001.jpg").unlink()
    with pytest.raises(cli.InputError, match="is empty"):
        datasets.photographs(folder, "a")
    with pytest.raises(cli.InputError, match="no category folders"):
        datasets.classes(folder / datasets.BACKGROUND / "sub")


@pytest.fixture
def unprivileged():
    """Not being root for a while, whom every folder is open to."""
    if os.geteuid() == 0:
        os.seteuid(65534)
        yield
        os.seteuid(0)
    else:
        yield


def test_a_folder_that_one_may_not_enter_is_named(folder, monkeypatch, unprivileged):
    if os.getuid():
        folder.chmod(0)
    for use in (lambda: datasets.caltech101(folder / "a"), lambda: datasets.classes(folder), lambda: datasets.photographs(folder, "a"),
                lambda: cli.results_folder(folder / "results")):
        with pytest.raises(cli.InputError, match=f"{folder}.*Permission denied"):
            use()
    for name in (folder / "a", "~nosuchuser/x"):
        monkeypatch.setenv("CALTECH101", str(name))
        with pytest.raises(cli.InputError, match="Permission denied|isn't known here"):
            datasets.caltech101()
    folder.chmod(0o700) if os.getuid() else None


def test_the_temporary_cache_folder_is_ours_alone(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    (tmp_path / "target").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(datasets.tempfile, "tempdir", str(tmp_path))
    shared = datasets.cache_folder()
    assert shared.parent == tmp_path and shared.stat().st_mode & 0o777 == 0o700
    shared.chmod(0o777)
    assert datasets.cache_folder().stat().st_mode & 0o777 == 0o700
    shared.rmdir()
    shared.symlink_to(tmp_path / "target")
    with pytest.raises(cli.InputError, match="XDG_CACHE_HOME"):
        datasets.cache_folder()
    shared.unlink()
    shared.mkdir()
    monkeypatch.setattr(datasets.os, "geteuid", lambda: 4711)
    (tmp_path / "tp2-deep-learning-4711").mkdir()                             # made by another user
    with pytest.raises(cli.InputError, match="XDG_CACHE_HOME"):
        datasets.cache_folder()


# --- Finding and downloading -----------------------------------------------------------

def test_where_caltech101_is_looked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CALTECH101", raising=False)
    monkeypatch.setattr(datasets, "ROOT", tmp_path / "elsewhere")
    (datasets.cache_folder() / datasets.IN_TAR).mkdir()
    assert datasets.caltech101().root == datasets.cache_folder() / datasets.IN_TAR
    (tmp_path / "Caltech101").mkdir()
    assert datasets.caltech101().root.resolve() == tmp_path / "Caltech101"
    (tmp_path / "env").mkdir()
    monkeypatch.setenv("CALTECH101", str(tmp_path / "env"))
    assert datasets.caltech101().root == tmp_path / "env"
    (tmp_path / "flag" / "caltech-101" / datasets.IN_TAR).mkdir(parents=True)      # as the zip unpacks
    assert datasets.caltech101(tmp_path / "flag").root == tmp_path / "flag" / "caltech-101" / datasets.IN_TAR
    assert datasets.caltech101().origin == "real"
    (tmp_path / "env" / drawings.MARKER).touch()
    assert datasets.caltech101().drawn
    with pytest.raises(cli.InputError, match="--data names"):
        datasets.caltech101(tmp_path / "nowhere")
    monkeypatch.setenv("CALTECH101", str(tmp_path / "nowhere"))
    with pytest.raises(cli.InputError, match="CALTECH101 names"):
        datasets.caltech101()


def test_download_good(tmp_path):
    content, zip_md5, tar_md5 = caltechs_archive(["airplanes/image_0001.jpg"])
    with serving(content) as url:
        root = datasets.download(tmp_path, url, zip_md5, tar_md5)
        assert [path.name for path in datasets.photographs(root, "airplanes")] == ["image_0001.jpg"]
        assert sorted(os.listdir(tmp_path)) == [datasets.IN_TAR, "caltech-101.zip"]
        assert datasets.download(tmp_path, url, zip_md5, tar_md5) == root       # another run was quicker


def test_download_failures_leave_nothing_and_say_why(tmp_path):
    content, zip_md5, tar_md5 = caltechs_archive(["airplanes/image_0001.jpg"])
    cases = {"wrong checksum": ({"content": content}, "0" * 32, tar_md5),
             "wrong inner checksum": ({"content": content}, zip_md5, "0" * 32),
             "cut off": ({"content": content[:200], "length": len(content)}, zip_md5, tar_md5),
             "absent": ({"content": b"", "status": 404}, zip_md5, tar_md5)}
    for name, (answer, zip_sum, tar_sum) in cases.items():
        folder = tmp_path / name
        folder.mkdir()
        with serving(**answer) as url, pytest.raises(datasets.Unavailable):
            datasets.download(folder, url, zip_sum, tar_sum)
        assert set(os.listdir(folder)) <= {"caltech-101.zip"}, name
    with pytest.raises(datasets.Unavailable):  # nobody listens
        datasets.download(tmp_path, "http://127.0.0.1:9/x.zip", zip_md5, tar_md5)


# --- MNIST -----------------------------------------------------------------------------

def test_mnist_refuses_another_file(monkeypatch):
    monkeypatch.setattr(mnist, "SHA256", "0" * 64)
    with pytest.raises(cli.InputError, match="legacy/install.py again"):
        datasets.mnist()
