"""Curves and panels in the report's style; text in the figures is in its Spanish."""
import builtins

import matplotlib.style
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .datasets import read_image

TRAIN, TEST = "red", "blue"  # the report's colours
REPORT = {"color": "black", "linewidth": 0.8, "linestyle": (0, (4, 3))}


def figure(width, height):
    """A new Figure, in inches.

    From a shell it is for a file only: no window, no display, and the same picture whatever the user's matplotlibrc
    says. In Jupyter, IPython and Spyder the settings are the user's, and the figure is shown.
    """
    if hasattr(builtins, "__IPYTHON__"):
        import matplotlib.pyplot as plt  # takes the user's backend
        return plt.figure(figsize=(width, height), layout="constrained")
    matplotlib.rcdefaults()
    return Figure(figsize=(width, height), layout="constrained")


def drawn_sample(drawn):
    """The caveat for `files.save` if the photographs are drawings, else ""."""
    return "MUESTRA DIBUJADA: no son las fotografías de Caltech101" if drawn else ""


def shorter(ran, full, unit):
    """The caveat for `files.save` if fewer steps ran than the report's, else ""."""
    return f"PRUEBA CORTA: {ran} de {full} {unit}" if ran < full else ""


def panel(ax, title, x, train=None, test=None, xlabel="Pasos", ylabel="Costo", log=""):
    """Plot the train curve in red and the test curve in blue over `x`; log: "x", "y" or "xy"."""
    for values, colour, label in ((train, TRAIN, "Train"), (test, TEST, "Test")):
        if values is not None:
            ax.plot(x, values, color=colour, label=label, linewidth=1)
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel, **{f"{axis}scale": "log" for axis in log})
    ax.grid(alpha=0.3)
    ax.legend(loc="best")


def last_values(ax):
    """Write the last value of each curve at the right edge of its panel, in the curve's colour."""
    ax.get_ylim()  # settles the limits that the transformation uses
    to_axes = ax.transScale + ax.transLimits
    ends = sorted(((line.get_xdata()[-1], line.get_ydata()[-1], line.get_color()) for line in ax.lines[:2]),
                  key=lambda end: end[1])
    height = -1.0
    for x, y, colour in ends:  # upwards, each at least a line above the one below it
        height = max(min(to_axes.transform((x, y))[1], 1 - 0.065 * (len(ends) - 1)), height + 0.065, 0.02)
        ax.text(1.01, height, f"{y:.4f}", color=colour, fontsize=8, va="center", transform=ax.transAxes)


def cost_and_accuracy(title, x, cost, accuracy, xlabel="Pasos"):
    """A figure of two panels: what the training minimises, and its share of correct samples, over `x`."""
    fig = figure(11, 4.2)
    axes = fig.subplots(1, 2)
    panel(axes[0], title, x, cost, xlabel=xlabel, log="xy")
    panel(axes[1], title, x, accuracy, xlabel=xlabel, ylabel="Accuracy", log="x")
    for ax in axes:
        last_values(ax)
    return fig


def logistic_regression(steps, costs, accuracies, weights):
    """The figure of Ej1b_ii: cost and accuracy, (train, test) each, over the logged steps, and the weights (n, n)."""
    fig = figure(14, 4.2)
    axes = fig.subplots(1, 3)
    panel(axes[0], "Costo", steps, *costs, log="xy")
    panel(axes[1], "Aviones contra motos", steps, *accuracies, ylabel="Accuracy", log="x")
    for ax in axes[:2]:
        last_values(ax)
        ax.lines[1].set_linewidth(0.6)  # where both oscillate, the test curve does not hide the train curve
    limit = abs(weights).max()
    picture = axes[2].imshow(weights, cmap="gray", vmin=-limit, vmax=limit)
    axes[2].set(title=f"Pesos aprendidos ({len(weights)}x{len(weights)})", xticks=[], yticks=[])
    fig.colorbar(picture, ax=axes[2], label="negro: avión, blanco: moto")
    return fig


def misclassified(paths, labels, probabilities, most=24, columns=6):
    """A figure of the misclassified photographs, the most confident errors first.

    paths, labels (0 or 1), probabilities (of label 1): of all test photographs.
    """
    wrong = np.flatnonzero((probabilities > 0.5) != labels)
    shown = wrong[np.argsort(-np.abs(probabilities[wrong] - 0.5))][:most]
    rows = max(1, -(-len(shown) // columns))
    fig = figure(14, 2.2 * rows + 0.6)
    axes = fig.subplots(rows, columns, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, index in zip(axes.flat, shown):
        ax.imshow(read_image(paths[index]), cmap="gray")
        ax.set_title(f"{('avión', 'moto')[int(labels[index])]}, P(moto) = {probabilities[index]:.2f}", fontsize=9)
    fig.supxlabel(f"{len(wrong)} de {len(labels)} fotografías de test mal clasificadas"
                  + (f"; se muestran {len(shown)}" if len(shown) < len(wrong) else ""))
    return fig


def accuracy_panel(ax, title, curve, report=None):
    """Accuracy against epochs with the axes of the report's figures of 2a, the report's own curves above ours.

    curve, report: exercise2a.Curve.
    """
    train, test = curve.train, curve.test
    panel(ax, title, range(len(train)), train, test, "Épocas", "Accuracy")
    if len(train) < 3:
        for line in ax.lines:
            line.set_marker("o")
    if report:
        for line in ax.lines:
            line.set(linewidth=3, alpha=0.5)  # so that the report's thin dashes show on it
        for values, label in ((report.train, "Informe (2016)"), (report.test, None)):
            ax.plot(range(len(values)), values, label=label, **REPORT)
    ax.set(xlim=(0, max(20, len(train))), ylim=(0.7, 1))
    ax.legend(loc="lower right")
    # The report's limits stay; what lies below them is told in words.
    below = [(values, colour) for values, colour in ((test, TEST), (train, TRAIN)) if min(values) < 0.7]
    for number, (values, colour) in enumerate(below):
        text = f"desde {min(values):.3f}" if values[-1] >= 0.7 else f"{values[-1]:.3f}, bajo el borde"
        ax.text(0.1, 0.03 + 0.055 * number, text, color=colour, fontsize=8, transform=ax.transAxes)
    last_values(ax)


def comparison(titles, curves, reports):
    """A figure of accuracy panels, two in a row; titles, curves, reports: a text and two exercise2a.Curve for each."""
    rows = len(titles) // 2
    fig = figure(11, 4.2 * rows)
    for ax, title, curve, report in zip(fig.subplots(rows, 2).flat, titles, curves, reports):
        accuracy_panel(ax, title, curve, report)
    return fig


def dropout_panels(rates, curves):
    """A figure of the accuracies after training against the dropout rate: all of it, and from close by.

    curves: an exercise2a.Curve for each rate. The close-up adds the range of the last five epochs.
    """
    fig = figure(11, 4.4)
    axes = fig.subplots(1, 2)
    trains, tests = [curve.train[-5:] for curve in curves], [curve.test[-5:] for curve in curves]
    for ax, title in zip(axes, ("Accuracy final según el dropout", "De cerca, con las últimas cinco épocas")):
        panel(ax, title, rates, [train[-1] for train in trains], [test[-1] for test in tests], "Dropout", "Accuracy")
        ax.set(xticks=rates, xticklabels=[f"{rate:.0%}" for rate in rates])
        for line in ax.lines:
            line.set_marker("o")
    close, bottom = axes[1], 0.95
    for fives, colour, label in ((trains, TRAIN, "Train, rango"), (tests, TEST, "Test, rango")):
        close.vlines(rates, [min(five) for five in fives], [max(five) for five in fives], color=colour, linewidth=5,
                     alpha=0.3, label=label)
    below = [sum(five[-1] < bottom for five in fives) for fives in (trains, tests)]
    close.set_ylim(bottom, 1)
    if any(below):
        close.set_title(f"{close.get_title()}\n(fuera, abajo: {below[0]} de train, {below[1]} de test)", fontsize=10)
    for ax in axes:
        ax.legend(loc="lower left", fontsize=9)
    return fig


def contact_sheet(names, labels, images):
    """A figure of photographs (n, h, w, 3): eight of each class, or one where there are many classes."""
    each, columns = (8, 8) if len(names) <= 14 else (1, 12)
    rows = -(-len(names) * each // columns)
    fig = figure(1.3 * columns, 1.45 * rows + 0.4)
    axes = fig.subplots(rows, columns, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for label, name in enumerate(names):
        for position, index in enumerate(np.flatnonzero(labels == label)[:each]):
            image, ax = images[int(index)], axes.flat[label * each + position]
            ax.imshow((image - image.min()) / (np.ptp(image) or 1))
            if position == 0:
                ax.set_title(name, fontsize=10 if each > 1 else 8, loc="left", parse_math=False)
    return fig


def curve_and_digits(curve, report, digits, true, predicted, shown=24):
    """The figure of Ej2c: a training's curve beside test digits (n, 784), half of them misclassified."""
    wrong = np.flatnonzero(true != predicted)
    half = wrong[:shown // 2]
    indices = [*np.flatnonzero(true == predicted)[:shown - len(half)], *half]
    fig = figure(14, 5.6)
    axes = fig.subplot_mosaic([["curve"] * 3 + [row * 6 + column for column in range(6)] for row in range(4)])
    accuracy_panel(axes["curve"], "Modelo original", curve, report)
    for number, index in enumerate(indices):
        right = true[index] == predicted[index]
        axes[number].imshow(digits[index].reshape(28, 28), cmap="gray_r")
        title = f"{predicted[index]}" if right else f"{predicted[index]}, era {true[index]}"
        axes[number].set_title(title, fontsize=11, color="black" if right else TRAIN)
        axes[number].set_axis_off()
    fig.supxlabel(f"Predicciones del modelo cargado; en rojo, mal clasificadas ({len(wrong)} de {len(true)})",
                  fontsize=10, x=0.68)
    return fig


# The axes of one of the report's figures were moved by one pixel of the window, which had 384 of them from 0.7 to 1.
MOVED = {"iv_90": 0.3 / 384}


def report_style(title, train, test, moved=0):
    """A figure of accuracies as the report has it, in the style of matplotlib before 2.0: uint8 (600, 800, 3).

    train, test: accuracies, one per epoch. moved: how far the axes were moved upwards. The plot area is equal to the
    report's in every pixel; how letters are set depends on the matplotlib.
    """
    with matplotlib.style.context("classic", after_reset=True):
        canvas = FigureCanvasAgg(Figure(figsize=(8, 6), dpi=100, facecolor="white"))
        ax = canvas.figure.add_subplot()
        ax.plot(train, color=TRAIN, label="Train")
        ax.plot(test, color=TEST, label="Test")
        ax.set(title=title, xlabel="Épocas", ylabel="Accuracy", xlim=(0, 20), ylim=(0.7 + moved, 1 + moved))
        ax.legend(loc="lower right")
        canvas.draw()
        return np.array(canvas.buffer_rgba())[..., :3]
