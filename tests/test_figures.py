"""The figures: the report's titles, colours and limits, whatever matplotlib is set to."""
import os
import subprocess
import sys

import numpy as np
import pytest

from conftest import is_figure
from tp2 import cli, figures, files
from tp2.exercise2a import Curve


@pytest.fixture
def axes():
    """Two axes of a figure."""
    return figures.figure(10, 4).subplots(1, 2)


def curve(train, test):
    """A Curve from accuracies."""
    return Curve([round(value * 60000) for value in train], 60000, [round(value * 10000) for value in test], 10000)


def test_the_panels_of_2a_look_as_in_the_report(axes):
    figures.accuracy_panel(axes[0], "Modelo original", curve([0.9, 0.95], [0.92, 0.96]))
    assert axes[0].get_ylim() == (0.7, 1) and axes[0].get_xlim() == (0, 20)
    assert (axes[0].get_title(), axes[0].get_xlabel(), axes[0].get_ylabel()) == ("Modelo original", "Épocas", "Accuracy")
    assert [(line.get_color(), line.get_label()) for line in axes[0].lines] == [("red", "Train"), ("blue", "Test")]
    assert axes[0].lines[1].get_xdata().tolist() == [0, 1] and np.allclose(axes[0].lines[1].get_ydata(), [0.92, 0.96])
    axes[0].figure.canvas.draw()
    assert axes[0].get_legend().get_window_extent().y0 < axes[0].get_window_extent().y0 + 60     # lower right
    assert [text.get_text() for text in axes[0].texts] == ["0.9500", "0.9600"]                   # the last values


def test_the_reports_own_curves_lie_above_ours(axes):
    report = curve(np.linspace(0.9, 0.99, 20), np.linspace(0.92, 0.98, 20))
    figures.accuracy_panel(axes[0], "Modelo original", curve([0.9, 0.95], [0.92, 0.96]), report)
    ours, theirs = axes[0].lines[:2], axes[0].lines[2:]
    assert [line.get_color() for line in theirs] == ["black", "black"] and len(ours) == 2
    assert [np.round(line.get_ydata()[[0, -1]], 4).tolist() for line in theirs] == [[0.9, 0.99], [0.92, 0.98]]
    assert [text.get_text() for text in axes[0].get_legend().get_texts()] == ["Train", "Test", "Informe (2016)"]
    assert [text.get_text() for text in axes[0].texts] == ["0.9500", "0.9600"]                   # ours only


def test_what_lies_below_the_panel_is_told(axes):
    figures.accuracy_panel(axes[0], "Dropout = 90%", curve([0.468, 0.85], [0.88, 0.93]))
    figures.accuracy_panel(axes[1], "Una época", curve([0.3], [0.4]))
    assert axes[0].get_ylim() == (0.7, 1)
    assert "desde 0.468" in [text.get_text() for text in axes[0].texts]
    assert [text.get_text() for text in axes[1].texts][:2] == ["0.400, bajo el borde", "0.300, bajo el borde"]


def test_last_values_that_are_near_each_other_do_not_overlap():
    fig = figures.cost_and_accuracy("", [1, 10], [5, 0.1], [0.5, 1])
    for ax in fig.axes:
        ax.plot([1, 10], [1, ax.lines[0].get_ydata()[-1]])
        figures.last_values(ax)
    fig.canvas.draw()
    for ax in fig.axes:
        one, other = (text.get_window_extent() for text in ax.texts[-2:])
        assert not one.overlaps(other)


def test_the_close_up_of_the_dropouts_says_what_lies_below_it():
    curves = [curve([0.9, train], [0.9, test]) for train, test in ((1, 0.98), (0.99, 0.98), (0.85, 0.93))]
    fig = figures.dropout_panels([0.0, 0.2, 0.9], curves)
    whole, close = fig.axes
    assert close.get_ylim() == (0.95, 1) and whole.get_ylim()[0] < 0.85
    assert "fuera, abajo: 1 de train, 1 de test" in close.get_title()
    assert all(list(line.get_xdata()) == [0.0, 0.2, 0.9] for ax in fig.axes for line in ax.lines)


@pytest.mark.parametrize("n_classes, shown", [(3, 24), (21, 21)])
def test_a_contact_sheet_shows_eight_photographs_of_each_class_or_one_where_there_are_many(tmp_path, n_classes, shown):
    names = ["$x_{$", *map(str, range(1, n_classes))]             # a name that is not taken for a formula
    fig = figures.contact_sheet(names, np.repeat(range(n_classes), 9), np.random.default_rng(0).random((9 * n_classes, 4, 4, 3)))
    assert sum(len(ax.images) for ax in fig.axes) == shown
    assert [title for ax in fig.axes if (title := ax.get_title(loc="left"))] == names
    files.save_figure(fig, tmp_path, "x")


def test_caveats_stand_across_the_top(tmp_path):
    fig = figures.figure(4, 3)
    files.save_figure(fig, tmp_path, "x", figures.drawn_sample(True), figures.shorter(5, 10, "pasos"), figures.shorter(10, 10, "pasos"))
    assert fig.get_suptitle() == "MUESTRA DIBUJADA: no son las fotografías de Caltech101; PRUEBA CORTA: 5 de 10 pasos"
    assert figures.drawn_sample(False) == ""


SAVES = """
{first}
from tp2 import figures, files
fig = figures.cost_and_accuracy("$título$", [1, 10], [5, 0.1], [0.5, 1])
files.save_figure(fig, ".", "x")
import matplotlib.pyplot as plt
print("open:", *plt.get_fignums(), plt.get_backend())
"""


@pytest.mark.parametrize("first, left_open", [
    ("", "open: svg"), ("import builtins; builtins.__IPYTHON__ = True", "open: 1 svg")])
def test_a_saved_figure_stays_open_for_ipython_only_and_the_users_backend_stays(tmp_path, first, left_open):
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nsavefig.dpi: 20\n" if not first else "")
    done = subprocess.run([sys.executable, "-c", SAVES.format(first=first)], cwd=tmp_path, capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(cli.ROOT), "MPLBACKEND": "svg", "DISPLAY": ""})
    assert done.stdout.splitlines()[-1:] == [left_open], done.stderr
    assert is_figure(tmp_path / "x.png")
