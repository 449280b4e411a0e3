import legacy

import contextlib
import hashlib
import http.server
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


@pytest.fixture(scope="session")
def drawings(tmp_path_factory):
    """A folder as Caltech101's, 60 drawings of each class, without the mark of the drawn sample."""
    root = tmp_path_factory.mktemp("drawings")
    for number, category in enumerate(("airplanes", "Motorbikes")):
        (root / category).mkdir()
        random = np.random.default_rng(number)
        for index in range(60):
            Image.fromarray(draw_image(category, random)).save(root / category / f"image_{index:04}.jpg")
    return root


@pytest.fixture(scope="session")
def caltech101():
    """The real photographs, where CALTECH101 names them."""
    root = os.environ.get("CALTECH101")
    if not root:
        pytest.skip("CALTECH101 does not name the real photographs")
    return Path(root).resolve()


@pytest.fixture
def script(tmp_path):
    """Run a script as a user does, from another folder: script(name, *flags, **environment)."""
    def run(name, *flags, fails=False, results=None, **environment):
        results = Path(results or tmp_path / "results")
        command = [sys.executable, str(cli.ROOT / name), *map(str, flags)]
        if name != "report.py" or "--results" not in flags:
            command += ["--results", str(results)]
        base = {key: value for key, value in os.environ.items() if key not in ("CALTECH101", "THEANO_FLAGS")}
        base["XDG_CACHE_HOME"] = str(tmp_path / "cache")
        done = subprocess.run(command, cwd=tmp_path, env={**base, **environment}, capture_output=True, text=True)
        if fails:
            assert done.returncode == 2, done.stdout + done.stderr
            assert "Traceback" not in done.stderr
        else:
            assert done.returncode == 0, done.stdout + done.stderr
        done.results = results
        done.metrics = lambda name: json.loads((results / f"{name}.json").read_text())
        return done
    return run


NO_NETWORK = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}


def caltechs_archive(names):
    """A zip as Caltech101's, with a photograph for each name (nothing for a name without .jpg): (bytes, its MD5, the inner tar's)."""
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
