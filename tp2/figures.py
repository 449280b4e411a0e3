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


def last_values(axes):
    """Write the last value of each curve of a finished panel at its right edge, in the curve's colour."""
    apart = 0.065  # of the panel's height: two numbers that would overlap move away from each other
    axes.get_ylim()  # settles the limits that the transformation uses
    to_axes = axes.transScale + axes.transLimits
    ends = [(line.get_xdata()[-1], line.get_ydata()[-1]) for line in axes.lines]
    heights = [min(max(to_axes.transform(end)[1], 0.02), 0.98) for end in ends]
    if len(heights) == 2 and abs(heights[0] - heights[1]) < apart:
        middle = min(sum(heights) / 2, 1 - apart / 2)
        up = 0 if heights[0] >= heights[1] else 1
        heights[up], heights[1 - up] = middle + apart / 2, middle - apart / 2
    for height, (_, value), line in zip(heights, ends, axes.lines):
        axes.text(1.01, height, f"{value:.4f}", color=line.get_color(), fontsize=8, va="center",
                  transform=axes.transAxes)


def cost_and_accuracy(title, x, cost, accuracy, xlabel="Pasos"):
    """A figure of two panels: what the training minimises, and the share that it has right, over `x`."""
    drawing, axes = figure(1, 2, 11, 4.2)
    curves(axes[0, 0], title, x, cost, xlabel=xlabel, log="xy")
    curves(axes[0, 1], title, x, accuracy, xlabel=xlabel, ylabel="Accuracy", log="x")
    for panel in axes.flat:
        last_values(panel)
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
    # The report's limits stay; what starts or stays below them is told beside it.
    below = [(values, colour) for values, colour in ((test, TEST), (train, TRAIN)) if min(values) < 0.7]
    for number, (values, colour) in enumerate(below):
        text = f"desde {min(values):.3f}" if values[-1] >= 0.7 else f"{values[-1]:.3f}, bajo el borde"
        axes.text(0.1, 0.03 + 0.055 * number, text, color=colour, fontsize=8, transform=axes.transAxes)
    last_values(axes)


def dropout_panels(whole, close, rates, histories):
    """Accuracy after training against the dropout rate, whole and from close by.

    histories: Keras's, one per rate. The close-up adds how far each swung in its last five epochs.
    """
    ends = [[history[key][-1] for history in histories] for key in ("accuracy", "val_accuracy")]
    labels = [f"{rate:.0%}" for rate in rates]
    for axes, title in ((whole, "Accuracy final según el dropout"), (close, "De cerca, con las últimas cinco épocas")):
        curves(axes, title, rates, *ends, "Dropout", "Accuracy")
        axes.set(xticks=rates, xticklabels=labels)
        for line in axes.lines:
            line.set_marker("o")
        axes.legend(loc="lower left")
    for key, colour in (("accuracy", TRAIN), ("val_accuracy", TEST)):
        fives = [history[key][-5:] for history in histories]
        close.vlines(rates, [min(five) for five in fives], [max(five) for five in fives], color=colour, linewidth=5,
                     alpha=0.3)
    # From 0.95, or as far down as the test values of the lower half of the rates ask for.
    close.set_ylim(min(0.95, min(ends[1][:len(rates) // 2 + 1]) - 0.02), 1)
