"""Curves and panels in the report's style; words inside figures are its Spanish."""
from pathlib import Path

from .files import whole_file

# The report's colours for the two curves of every figure.
TRAIN, TEST = "red", "blue"


def figure(rows, columns, width, height):
    """A new figure (inches) and its grid of axes, an array (rows, columns); needs no screen."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    drawing = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(drawing)
    return drawing, drawing.subplots(rows, columns, squeeze=False)


def drawn_sample(drawn):
    """The caveat for `save_figure` where the photographs are drawings, else ""."""
    return "MUESTRA DIBUJADA: no son las fotografías de Caltech101" if drawn else ""


def shorter(ran, full, unit):
    """The caveat for `save_figure` where fewer steps ran than the report's, else ""."""
    return f"PRUEBA CORTA: {ran} de {full} {unit}" if ran < full else ""


def save_figure(drawing, folder, name, *caveats):
    """Write <folder>/<name>.png and return its path; caveats that aren't "" stand across its top."""
    if any(caveats):
        drawing.suptitle("; ".join(filter(None, caveats)), color="darkorange")
    path = Path(folder) / f"{name}.png"
    with whole_file(path) as part:
        drawing.savefig(part, format="png", dpi=110)
    print(f"Wrote {path}")
    return path


def curves(axes, title, x, train=None, test=None, xlabel="Pasos", ylabel="Costo", log=""):
    """One panel: the train curve in red and the test curve in blue over `x`; log: "x", "y" or "xy"."""
    for values, colour, label in ((train, TRAIN, "Train"), (test, TEST, "Test")):
        if values is not None:
            axes.plot(x, values, color=colour, label=label, linewidth=1)
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axes.set(**{f"{axis}scale": "log" for axis in log})
    axes.grid(alpha=0.3)
    axes.legend(loc="best")


def cost_and_accuracy(title, x, cost, accuracy, xlabel="Pasos"):
    """A figure of two panels: what the training minimises, and the share that it has right, over `x`."""
    drawing, axes = figure(1, 2, 11, 4.2)
    curves(axes[0, 0], title, x, cost, xlabel=xlabel, log="xy")
    curves(axes[0, 1], title, x, accuracy, xlabel=xlabel, ylabel="Accuracy", log="x")
    return drawing


def accuracy_panel(axes, title, history):
    """Accuracy against epochs as in the report's figures of 2a; history: Keras's."""
    train, test = history["accuracy"], history["val_accuracy"]
    curves(axes, title, range(1, len(train) + 1), train, test, "Épocas", "Accuracy")
    axes.set(ylim=(0.7, 1), xlim=(0.5, len(train) + 0.5))
    axes.locator_params(axis="x", integer=True)
    axes.legend(loc="lower right")
    if len(train) < 3:
        for line in axes.lines:
            line.set_marker("o")
    for values, colour, height in ((train, TRAIN, 0.715), (test, TEST, 0.73)):
        if max(values) < 0.7:
            axes.annotate(f"{values[-1]:.3f}, bajo el borde", (1, height), color=colour)


