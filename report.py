"""Results out: figures in the report's style and metrics files, written whole or not at all."""
import contextlib
import importlib.metadata
import json
import os
import platform
import tempfile
from pathlib import Path

from cli import InputError

# The report's colours for the two curves of every figure.
TRAIN, TEST = "red", "blue"


# --- Files ------------------------------------------------------------------------------

def results_folder(path):
    """Make the folder `path` if need be and return it; InputError where nothing can be written.

    Asked before the work starts, so that a long run does not end in that error.
    """
    path = Path(path).expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise InputError(f"can't write results to {path} ({error.strerror}): give --results a folder "
                         "that can be written.") from error
    return path


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


def versions():
    """The versions that made a result, {name: version}."""
    packages = ("Theano", "Keras", "numpy", "scipy", "h5py", "pillow")
    return {"python": platform.python_version(),
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


# --- Figures ----------------------------------------------------------------------------

def figure(rows, columns, width, height):
    """A new figure (inches) and its grid of axes, an array (rows, columns); needs no screen."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    drawing = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(drawing)
    return drawing, drawing.subplots(rows, columns, squeeze=False)


def save_figure(drawing, folder, name, drawn=False):
    """Write <folder>/<name>.png; a result of the drawn sample says so across its top."""
    if drawn:
        drawing.suptitle("MUESTRA DIBUJADA: no son las fotografías de Caltech101", color="darkorange")
    path = Path(folder) / f"{name}.png"
    with whole_file(path) as part:
        drawing.savefig(part, format="png", dpi=110)
    print(f"Wrote {path}")
    return path


def curves(axes, title, x, train=None, test=None, xlabel="Pasos", ylabel="Costo"):
    """One panel: the train curve in red and the test curve in blue over `x`."""
    for values, colour, label in ((train, TRAIN, "Train"), (test, TEST, "Test")):
        if values is not None:
            axes.plot(x, values, color=colour, label=label, linewidth=1)
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axes.grid(alpha=0.3)
    if train is not None and test is not None:
        axes.legend(loc="best")


def accuracy_panel(axes, title, history):
    """Accuracy against epochs as in the report's figures of 2a; history: Keras's."""
    train, test = history["accuracy"], history["val_accuracy"]
    curves(axes, title, range(1, len(train) + 1), train, test, "Épocas", "Accuracy")
    axes.set(ylim=(0.7, 1), xlim=(0.5, len(train) + 0.5))
    axes.legend(loc="lower right")
    if len(train) < 3:
        for line in axes.lines:
            line.set_marker("o")
    for values, colour, height in ((train, TRAIN, 0.715), (test, TEST, 0.73)):
        if max(values) < 0.7:
            axes.annotate(f"{values[-1]:.3f}, bajo el borde", (1, height), color=colour)
