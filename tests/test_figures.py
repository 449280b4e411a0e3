"""The report's figures: titles, colours, limits."""
import numpy as np

from tp2 import figures


def test_the_panels_of_2a_look_as_in_the_report():
    drawing, axes = figures.figure(1, 2, 10, 4)
    figures.accuracy_panel(axes[0, 0], "Modelo original", {"accuracy": [0.9, 0.95], "val_accuracy": [0.92, 0.96]})
    panel = axes[0, 0]
    assert panel.get_ylim() == (0.7, 1) and panel.get_ylabel() == "Accuracy" and panel.get_xlabel() == "Épocas"
    assert [(line.get_color(), line.get_label()) for line in panel.lines] == [("red", "Train"), ("blue", "Test")]
    assert panel.get_title() == "Modelo original"
    assert np.allclose(panel.lines[1].get_ydata(), [0.92, 0.96])
    drawing.canvas.draw()
    assert panel.get_legend().get_window_extent().y0 < panel.get_window_extent().y0 + 60     # lower right
    assert [text.get_text() for text in panel.texts] == ["0.9500", "0.9600"]    # the last values


def test_what_lies_below_the_panel_is_told():
    _, axes = figures.figure(1, 2, 10, 4)
    figures.accuracy_panel(axes[0, 0], "Dropout = 90%", {"accuracy": [0.468, 0.85], "val_accuracy": [0.88, 0.93]})
    figures.accuracy_panel(axes[0, 1], "Una época", {"accuracy": [0.3], "val_accuracy": [0.4]})
    assert axes[0, 0].get_ylim() == (0.7, 1)
    assert "desde 0.468" in [text.get_text() for text in axes[0, 0].texts]
    assert [text.get_text() for text in axes[0, 1].texts][:2] == ["0.400, bajo el borde", "0.300, bajo el borde"]


def test_last_values_that_are_near_each_other_do_not_overlap():
    drawing = figures.cost_and_accuracy("", [1, 10], [5, 0.1], [0.5, 1])
    for panel in drawing.axes:
        panel.plot([1, 10], [1, panel.lines[0].get_ydata()[-1]])
        figures.last_values(panel)
    drawing.canvas.draw()
    for panel in drawing.axes:
        one, other = (text.get_window_extent() for text in panel.texts[-2:])
        assert not one.overlaps(other)


def test_the_dropouts_from_close_by():
    _, (panels,) = figures.figure(1, 2, 10, 4)
    figures.dropout_panels(*panels, [0.0, 0.2, 0.9], [
        {"accuracy": [0.9, end], "val_accuracy": [0.9, test]} for end, test in ((1, 0.98), (0.99, 0.98), (0.85, 0.93))])
    assert panels[1].get_ylim() == (0.95, 1) and panels[0].get_ylim()[0] < 0.85
    assert all(list(line.get_xdata()) == [0.0, 0.2, 0.9] for panel in panels for line in panel.lines)
