"""Caltech101 and MNIST: found, read, downloaded, checked."""
import contextlib
import hashlib
import http.server
import io
import tarfile
import threading
import zipfile

import numpy as np
import pytest
from PIL import Image

import TP1
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


def test_missing_and_empty_folders_are_named(tmp_path):
    with pytest.raises(cli.InputError, match="no folder 'airplanes'"):
        datasets.photographs(tmp_path, "airplanes")
    (tmp_path / "airplanes").mkdir()
    with pytest.raises(cli.InputError, match="is empty"):
        datasets.photographs(tmp_path, "airplanes")


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


def small_archive():
    """A zip as Caltech101's with one photograph, its MD5 and that of the tar within."""
    picture, tar_bytes, zip_bytes = io.BytesIO(), io.BytesIO(), io.BytesIO()
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(picture, "JPEG")
    with tarfile.open(fileobj=tar_bytes, mode="w:gz") as tar:
        entry = tarfile.TarInfo("101_ObjectCategories/airplanes/image_0001.jpg")
        entry.size = len(picture.getvalue())
        tar.addfile(entry, io.BytesIO(picture.getvalue()))
    with zipfile.ZipFile(zip_bytes, "w") as outer:
        outer.writestr(datasets.IN_ZIP, tar_bytes.getvalue())
    md5s = [hashlib.md5(data.getvalue()).hexdigest() for data in (zip_bytes, tar_bytes)]
    return zip_bytes.getvalue(), *md5s


@contextlib.contextmanager
def serving(content, length=None, status=200):
    """A local HTTP server that answers every request with `content`; yields its URL."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Length", str(length or len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/caltech-101.zip"
    finally:
        server.shutdown()
        server.server_close()


def test_download_good(tmp_path):
    content, zip_md5, tar_md5 = small_archive()
    with serving(content) as url:
        root = datasets.download(tmp_path, url, zip_md5, tar_md5)
    assert [path.name for path in datasets.photographs(root, "airplanes")] == ["image_0001.jpg"]
    assert not list(tmp_path.glob("*.part"))


def test_download_failures_leave_nothing_and_say_why(tmp_path):
    content, zip_md5, tar_md5 = small_archive()
    cases = {"wrong checksum": ({"content": content}, "0" * 32, tar_md5),
             "wrong inner checksum": ({"content": content}, zip_md5, "0" * 32),
             "cut off": ({"content": content[:200], "length": len(content)}, zip_md5, tar_md5),
             "absent": ({"content": b"", "status": 404}, zip_md5, tar_md5)}
    for name, (answer, zip_sum, tar_sum) in cases.items():
        folder = tmp_path / name
        folder.mkdir()
        with serving(**answer) as url, pytest.raises(datasets.Unavailable):
            datasets.download(folder, url, zip_sum, tar_sum)
        assert not (folder / datasets.IN_TAR).exists() and not list(folder.glob("*.part")), name
    with pytest.raises(datasets.Unavailable):  # nobody listens
        datasets.download(tmp_path, "http://127.0.0.1:9/x.zip", zip_md5, tar_md5)



# --- MNIST -----------------------------------------------------------------------------

def test_mnist_refuses_another_file(monkeypatch):
    monkeypatch.setattr(datasets, "MNIST_SHA256", "0" * 64)
    with pytest.raises(cli.InputError, match="legacy/install.py again"):
        datasets.mnist()
