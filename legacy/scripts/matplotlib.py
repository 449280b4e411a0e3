"""matplotlib 2.2 to 3.9."""
import functools
import operator
import sys

import numpy as np

from .engine import Row, renamed


def rows():
    return [
        Row("matplotlib", "use", "3.3", wrap=renamed(warn="")),
        Row("matplotlib", "colormaps", "3.0", wrap=_colormaps),
        Row("matplotlib.style", "library", "3.6", wrap=_styles),
        Row("matplotlib.cm", "spectral", "2.2", "matplotlib.cm:nipy_spectral"),
        Row("matplotlib.cm", "get_cmap", "3.9", "matplotlib.pyplot"),
        Row("matplotlib.pyplot", "hold", "3.0", value=_nothing),
        Row("matplotlib.axes:Axes", "hold", "3.0", value=_nothing),
        Row("matplotlib.pyplot", "gca", "3.6", wrap=_current_axes),
        Row("matplotlib.figure:Figure", "gca", "3.6", wrap=_axes_of_projection),
        Row("matplotlib.figure:Figure", "add_subplot add_axes", "2.2", wrap=renamed(axisbg="facecolor")),
        Row("matplotlib.axes:Axes", "set_axis_bgcolor", "2.2", "matplotlib.axes:Axes.set_facecolor"),
        Row("matplotlib.axes:Axes", "set_color_cycle", "3.0",
            value=lambda axes, colours: axes.set_prop_cycle(color=colours)),
        Row("matplotlib.axes:Axes", "tick_params grid", "2.2", wrap=_on_off),
        Row("matplotlib.axes:Axes", "grid", "3.7", wrap=renamed(b="visible")),
        Row("matplotlib.axes:Axes", "bar", "3.0", wrap=renamed(left="x")),
        Row("matplotlib.pyplot", "bar", "3.0", wrap=renamed(left="x")),
        Row("matplotlib.axes:Axes", "hist", "3.1", wrap=renamed(normed="density")),
        Row("matplotlib.axes:Axes", "hist2d", "3.3", wrap=renamed(normed="density")),
        Row("matplotlib.axes:Axes", "annotate", "3.3", wrap=renamed(s="text")),
        Row("matplotlib.pyplot", "annotate", "3.3", wrap=renamed(s="text")),
        Row("matplotlib.axes:Axes", "set_xscale semilogx", "3.5", wrap=renamed(basex="base")),
        Row("matplotlib.axes:Axes", "set_yscale semilogy", "3.5", wrap=renamed(basey="base")),
        Row("matplotlib.mlab", "normpdf", "3.1", value=_normpdf),
        Row("matplotlib.mlab", "bivariate_normal", "3.1", value=_bivariate_normal),
        Row("matplotlib.backend_bases:FigureCanvasBase", "set_window_title", "3.6", value=_set_window_title),
        Row("mpl_toolkits.axes_grid", "*", "3.7", "mpl_toolkits.axes_grid1"),
        *[Row("mpl_toolkits.mplot3d.axes3d:Axes3D", f"w_{axis}", "3.8", value=property(operator.attrgetter(axis)))
          for axis in ("xaxis", "yaxis", "zaxis")],
    ]


def _nothing(*_, **__):
    """`hold(True)`: what is drawn stays, as it always does since matplotlib 2."""


def _colormaps(plain):
    """2.2 and 3.0 renamed colour maps."""
    for old, new in ("spectral", "nipy_spectral"), ("Vega10", "tab10"), ("Vega20", "tab20"), ("Vega20b", "tab20b"):
        for end in "", "_r":
            if old + end not in plain:
                plain.register(plain[new + end], name=old + end)
    return plain


def _styles(plain):
    """3.6 renamed seaborn's styles."""
    for name in list(plain):
        plain.setdefault(name.replace("-v0_8", ""), plain[name])
    return plain


def _axes_of_projection(plain):
    """3.6: `gca` no longer makes axes of a projection."""
    return lambda figure, **keywords: figure.add_subplot(111, **keywords) if keywords else plain(figure)


def _current_axes(plain):
    return lambda **keywords: sys.modules["matplotlib.pyplot"].gcf().gca(**keywords)


def _on_off(plain):
    """2.2: "on" and "off" are no truth values any more."""
    spelt = {"on": True, "off": False}

    def known(value):
        return spelt.get(value, value) if isinstance(value, str) else value

    @functools.wraps(plain)
    def call(self, *arguments, **keywords):
        return plain(self, *map(known, arguments), **{name: known(value) for name, value in keywords.items()})
    return call


def _normpdf(x, mu, sigma):
    return np.exp(-0.5 * (1 / sigma * (np.asarray(x) - mu)) ** 2) / (np.sqrt(2 * np.pi) * sigma)


def _bivariate_normal(X, Y, sigmax=1.0, sigmay=1.0, mux=0.0, muy=0.0, sigmaxy=0.0):
    rho = sigmaxy / (sigmax * sigmay)
    x, y = (X - mux) / sigmax, (Y - muy) / sigmay
    rest = 1 - rho ** 2
    return np.exp(-(x ** 2 + y ** 2 - 2 * rho * x * y) / (2 * rest)) / (2 * np.pi * sigmax * sigmay * np.sqrt(rest))


def _set_window_title(canvas, title):
    if canvas.manager is not None:
        canvas.manager.set_window_title(title)
