import legacy

import contextlib
import hashlib
import http.server
import importlib.util
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from threadpoolctl import threadpool_limits

from tp2 import cli, datasets
from tp2.drawings import draw_image

threadpool_limits(1)  # the tests share the cores among themselves
# What the tests compile is mostly run once. Keras would set floatX, in those that run after its import.
legacy.theano.flags.update({"gcc.cxxflags": "-O0", "floatX": "float32"})
NO_NETWORK = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache folder of each test's own, and no Caltech101 from the environment."""
    real = os.environ.get("CALTECH101")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CALTECH101", raising=False)
    return real


@pytest.fixture
def caltech101(cache):
    """The real photographs, if CALTECH101 names them."""
    if not cache:
        pytest.skip("CALTECH101 does not name the real photographs")
    return Path(cache).resolve()


@pytest.fixture(scope="session")
def drawn_photographs(tmp_path_factory):
    """A folder like Caltech101's, 60 drawings of each class, without the drawn sample's marker."""
    root = tmp_path_factory.mktemp("photographs")
    for number, category in enumerate(("airplanes", "Motorbikes")):
        (root / category).mkdir()
        random = np.random.default_rng(number)
        for index in range(60):
            Image.fromarray(draw_image(category, random)).save(root / category / f"image_{index:04}.jpg")
    return root


def pytest_collection_modifyitems(items):
    """The slow ones first, so that no core waits for one in the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def child(code, *, fails=False, cwd=cli.ROOT, **environment):
    """Run code in a Python of its own, under the environment's variables with these changes: stdout and stderr are text.

    THEANO_FLAGS are "gcc.cxxflags=-O0" if none are given, LEGACY_FAST is not set.
    """
    base = {name: value for name, value in os.environ.items() if name != "LEGACY_FAST"}
    done = subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True,
                          env={**base, "THEANO_FLAGS": "gcc.cxxflags=-O0", **environment})
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done


@pytest.fixture
def script(tmp_path):
    """Run a script as a user does, from another folder: script(name, *flags, **environment)."""
    def run(name, *flags, fails=False, results=None, **environment):
        results = Path(results or tmp_path / "results")
        command = [sys.executable, str(cli.ROOT / name), *map(str, flags), "--results", str(results)]
        done = subprocess.run(command, cwd=tmp_path, env={**os.environ, **environment}, capture_output=True, text=True)
        assert done.returncode == (2 if fails else 0), done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        done.results = results
        done.metrics = lambda name: json.loads((results / f"{name}.json").read_text())
        return done
    return run


def module(path):
    """A script as a module, which its folder is not made for."""
    spec = importlib.util.spec_from_file_location(path.replace("/", "_")[:-3], cli.ROOT / path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def is_figure(path):
    """Whether a file is a picture with something on it."""
    with Image.open(path) as image:
        return image.size[0] > 300 and len(np.unique(np.asarray(image.convert("L")))) > 10


def caltechs_archive(names):
    """A zip like Caltech101's, with a photograph for each name (nothing for a name without .jpg): (bytes, its MD5, the inner tar's)."""
    tar_bytes, zip_bytes = io.BytesIO(), io.BytesIO()
    random = np.random.default_rng(0)
    with tarfile.open(fileobj=tar_bytes, mode="w:gz") as tar:
        for name in names:
            picture = io.BytesIO()
            if name.endswith(".jpg"):
                Image.fromarray(random.integers(0, 256, (20, 30, 3), dtype=np.uint8)).save(picture, "JPEG")
            entry = tarfile.TarInfo(f"{datasets.IN_TAR}/{name}")
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
