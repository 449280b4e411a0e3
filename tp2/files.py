"""Results: whole files, metrics, versions, HDF5 trees."""
import contextlib
import fcntl
import hashlib
import importlib.metadata
import io
import json
import os
import platform
import secrets
import shutil
import stat
from pathlib import Path

import numpy as np

from .cli import InputError, results_folder


def folder_for(results, name, drawn):
    """`results`, or `results`/sample where drawings would overwrite what photographs gave."""
    if not drawn:
        return results
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        if load_metrics(results / f"{name}.json")["data"]["origin"] == "real":
            print(f"{results / name}.json comes from real photographs and stays: the drawn sample's "
                  f"results go to {results / 'sample'}.")
            return results_folder(results / "sample")
    return results


@contextlib.contextmanager
def part(path, folder=False):
    """Yield a new, empty file (or folder, mode 700) beside `path`, which is gone in the end if it was not renamed.

    Nobody can foresee its name, and it is locked while it is in use: so a later run can tell what a killed
    one left, and removes that first. OSError where it can't be made.
    """
    path = Path(path)
    _remove_leftovers(path.parent)
    fresh = path.with_name(f"{path.stem}.tp2-{secrets.token_hex(8)}.new")
    if folder:
        fresh.mkdir(mode=0o700)
    descriptor = os.open(fresh, os.O_RDONLY if folder else os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with contextlib.suppress(OSError):  # a file system without locks: nothing is ever removed there
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        locked = fresh.with_suffix(".part")  # by this name others find it, and not before it is locked
        os.rename(fresh, locked)
        try:
            yield locked
        finally:
            _remove(locked)
    finally:
        os.close(descriptor)


def _remove(path):
    """Remove a file, or a folder with all that is in it; nothing where there is none."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _remove_leftovers(folder):
    """Remove the parts in a folder that are this user's and that no running program has locked."""
    with contextlib.suppress(OSError):
        for left in folder.glob("*.tp2-*.part"):
            status = left.lstat()
            if status.st_uid != os.geteuid() or not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
                continue
            descriptor = os.open(left, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    _remove(left)
            finally:
                os.close(descriptor)


def put_folder(made, path):
    """Rename the folder `made` to `path`, unless another run has put its own there meanwhile."""
    try:
        os.rename(made, path)
    except OSError:
        if not os.path.isdir(path):
            raise


@contextlib.contextmanager
def whole_file(path):
    """Yield a temporary path beside `path` to write to, renamed to `path` if all goes well."""
    try:
        with part(path) as unfinished:
            yield unfinished
            os.replace(unfinished, path)
    except OSError as error:
        raise InputError(f"can't write {path} ({error.strerror or error}): free some space, or give "
                         "--results another folder.") from error


@contextlib.contextmanager
def whole_hdf5(path, most=None):
    """Yield an h5py.File to write to, which becomes the file `path` if all goes well.

    It is made in memory, since h5py crashes the process where a disk is full. A large one, of at most
    `most` bytes, is made on the disk, after as many zeros have found room there.
    """
    import h5py
    if most is None:
        content = io.BytesIO()
        with h5py.File(content, "w") as file:
            yield file
        with whole_file(path) as unfinished:
            unfinished.write_bytes(content.getbuffer())
    else:
        with whole_file(path) as unfinished:
            with open(unfinished, "wb") as stream:
                for _ in range(most // 2**20 + 1):
                    stream.write(bytes(2**20))
            with h5py.File(unfinished, "w", locking=False) as file:  # `part` has locked it
                yield file


def hdf5_digest(file):
    """A digest (hex) of all that an open HDF5 file holds, but for its own attribute `digest`."""
    digest = hashlib.blake2b(digest_size=16)

    def add(name, item):
        attributes = {key: np.asarray(item.attrs[key]).tolist() for key in sorted(item.attrs) if key != "digest"}
        digest.update(f"{name} {attributes}\n".encode("utf-8", "backslashreplace"))
        if hasattr(item, "shape"):
            digest.update(f"{item.shape} {item.dtype}\n".encode())
            digest.update(item[()].tobytes())

    add("", file)
    file.visititems(add)
    return digest.hexdigest()


def as_text(name):
    """A file's name as text for a file or a figure: what isn't UTF-8 in it is written as \\xNN."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def versions():
    """The versions that made a result, {name: version}."""
    packages = ("Theano", "Keras", "numpy", "scipy", "h5py", "pillow")
    plain = {"TP2_PLAIN": "1"} if os.environ.get("TP2_PLAIN", "") not in ("", "0") else {}  # see legacy
    return {"python": platform.python_version(), **plain,
            **{package: importlib.metadata.version(package) for package in packages}}


def save_metrics(folder, name, data, settings, results, history=None):
    """Write <folder>/<name>.json and return its path.

    data: what it was computed from, with "origin": "real" or "drawn sample"; settings: every
    flag and constant that shaped it; results: raw counts and values; history: curves as lists.
    Numbers only, no verdicts: the grading computes those. No times of day either, so that the
    same seed gives the same file.
    """
    content = {"script": name, "data": data, "settings": settings, "versions": versions(),
               "results": results, "history": history or {}}
    path = Path(folder) / f"{name}.json"
    with whole_file(path) as unfinished:
        unfinished.write_text(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
                        encoding="utf-8")
    print(f"Wrote {path}")
    return path


def load_metrics(path):
    """What `save_metrics` wrote; OSError or ValueError where it isn't there or isn't JSON."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def rounded(values, every=1):
    """Each `every`-th of some numbers and the last, as floats of six digits, for a metrics file."""
    values = [float(f"{float(value):.6g}") for value in values]
    return values if every == 1 else values[::every] + values[-1:]


def print_tree(group, indent="  "):
    """Print an open HDF5 group's tree: shape, type and chunks of datasets, short attributes."""
    for name, value in group.attrs.items():
        print(f"{indent}@{name} = {str(value)[:90]}")
    for name, item in group.items():
        if hasattr(item, "shape"):
            chunks = f", chunks {item.chunks}, {item.compression}" if item.chunks else ""
            print(f"{indent}{name}  {item.shape} {item.dtype}{chunks}")
            for attribute, value in item.attrs.items():
                print(f"{indent}  @{attribute} = {str(value)[:90]}")
        else:
            print(f"{indent}{name}/")
            print_tree(item, indent + "  ")
