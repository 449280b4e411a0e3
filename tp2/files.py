"""Results: whole files, metrics, versions, HDF5 trees."""
import contextlib
import importlib.metadata
import io
import json
import os
import platform
from pathlib import Path

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
def whole_file(path):
    """Yield a temporary path beside `path` to write to, renamed to `path` if all goes well."""
    path = Path(path)
    part = path.with_name(f"{path.stem}.{os.getpid()}.part")
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        raise InputError(f"can't write {path} ({error.strerror or error}): free some space, or give "
                         "--results another folder.") from error
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_hdf5(path):
    """Yield an h5py.File to write to, in memory, which becomes the file `path` if all goes well.

    For files of some MB. In memory, since h5py crashes the process where a disk is full.
    """
    import h5py
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        yield file
    with whole_file(path) as part:
        part.write_bytes(content.getbuffer())


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
    with whole_file(path) as part:
        part.write_text(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
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


