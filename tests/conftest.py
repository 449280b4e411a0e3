import legacy

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from threadpoolctl import threadpool_limits

from tp2 import cli
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
