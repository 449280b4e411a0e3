"""Results: files written whole, metrics, versions, the trees of HDF5 files."""
import contextlib
import glob
import importlib.metadata
import json
import os
import platform
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from .cli import InputError, writable_folder

PACKAGES = ("Theano", "Keras", "numpy", "scipy", "h5py", "pillow")


@contextlib.contextmanager
def atomic_write(path):
    """Yield a temporary path beside `path`, to write a file or a folder to; it becomes `path` if all goes well.

    So `path` holds all or nothing of it. Each writer has a temporary path for itself; if two write the same folder, the
    first keeps the name. InputError if it can't be written.
    """
    path = Path(path)
    try:
        for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):  # of runs that were killed
            if time.time() - left.stat().st_mtime > 86400:
                shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", suffix=".part", dir=path.parent) as folder:
            temporary = Path(folder) / path.name
            yield temporary
            try:
                os.replace(temporary, path)
            except OSError:
                if not (temporary.is_dir() and path.is_dir()):
                    raise
    except OSError as error:
        raise InputError(f"can't write {path} ({error.strerror or error}): free some space, or give another folder "
                         "for it.") from error


def folder_for(results, drawn):
    """The folder for what was made of photographs: `results`, or its sub-folder sample/ if they are drawings."""
    return writable_folder(results / "sample") if drawn else results


def package_versions(packages=PACKAGES):
    """The installed versions of packages, {name: version}."""
    return {package: importlib.metadata.version(package) for package in packages}


def versions():
    """What may decide a result's last digits, {name: version}."""
    return {"python": platform.python_version(), "machine": platform.machine(), "libc": " ".join(platform.libc_ver()),
            **package_versions()}


def processor():
    """The processor's name, as far as the system tells it."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def save(folder, name, *, data, settings, results, history=None, figure=None, caveats=(), run=None):
    """Write a script's results: <folder>/<name>.json, and <name>.png of a figure.

    data: what it was computed from, with "origin": "real", "drawn sample", "random" or "none"; settings: every flag
    and constant that shaped it; results: raw counts and values; history: curves. Numbers only, no verdicts: the
    grading computes those. They are written with six digits, to which machines agree, so that the file is the same on
    every machine. What isn't the same (all versions, the processor, and `run`, as times) goes to <name>.run.json.
    caveats: see save_figure.
    """
    if figure:
        save_figure(figure, folder, name, *caveats)
    content = {"script": name, "data": data, "settings": settings, "versions": package_versions(("Theano", "Keras")),
               "results": results, "history": history or {}}
    _save_json(Path(folder) / f"{name}.run.json", {"versions": versions(), "processor": processor(), **(run or {})})
    _save_json(Path(folder) / f"{name}.json", content)


def _save_json(path, content):
    with atomic_write(path) as part:
        part.write_text(json.dumps(_plain(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n",
                        encoding="utf-8")
    print(f"Wrote {path}")


def _plain(value):
    """A value for JSON: NumPy's arrays and numbers as Python's, floats rounded to six significant digits."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    return float(f"{value:.6g}") if isinstance(value, float) else value


def save_figure(figure, folder, name, *caveats):
    """Write <folder>/<name>.png; caveats that aren't "" stand across its top."""
    if any(caveats):
        figure.suptitle("; ".join(filter(None, caveats)), color="darkorange")
    path = Path(folder) / f"{name}.png"
    with atomic_write(path) as part:
        figure.savefig(part, format="png", dpi=110, metadata={"Software": None})  # which names a version
    print(f"Wrote {path}")


def save_pixels(pixels, folder, name):
    """Write <folder>/<name>.png of an array, uint8 (height, width, 3); the folder is made if need be."""
    path = writable_folder(Path(folder)) / f"{name}.png"
    with atomic_write(path) as part:
        Image.fromarray(pixels).save(part, "PNG")
    print(f"Wrote {path}")


def evenly_spaced(count, most=1000):
    """At most `most` of the indices 0 ... count - 1, the first and the last among them: int64, ascending."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def evenly_spaced_log(count, most=1000):
    """At most `most` of the steps 1 ... count, the first and the last among them, spaced evenly on a logarithmic
    axis as far as whole numbers can be: int64, ascending."""
    return np.unique(np.geomspace(1, count, most).round().astype(np.int64))


def thinned(unit, costs, correct):
    """The curves of a training for a metrics file, at most 1000 of their points.

    unit: what there is a cost and a count of correct samples for, "epoch" or "step"; costs, correct: arrays (n,).
    """
    shown = evenly_spaced(len(costs))
    return {unit: shown + 1, "cost": costs[shown], "train_correct": correct[shown]}


def print_tree(group, indent="  "):
    """Print an open HDF5 group's tree: shape, dtype and chunks of datasets, short attributes."""
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


def names(file):
    """The names of all groups and datasets in an open HDF5 file, sorted, groups with a / at the end."""
    found = []
    file.visititems(lambda name, item: found.append(name if hasattr(item, "shape") else f"{name}/"))
    return sorted(found)
