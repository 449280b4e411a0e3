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
