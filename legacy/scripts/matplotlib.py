"""matplotlib 2.2 to 3.9."""
import operator
import sys

import numpy as np

from .engine import Row, renamed, wrapper


def rows():
    return [
        Row("matplotlib", "use", "3.3", wrap=_use),
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
        Row("matplotlib.axes:Axes", "ArtistList", "3.7", wrap=_changeable),
        Row("mpl_toolkits.mplot3d.axes3d:Axes3D", "__init__", "3.7", wrap=_in_its_figure),
        Row("matplotlib.backend_bases:FigureCanvasBase", "set_window_title", "3.6", value=_set_window_title),
        Row("mpl_toolkits.axes_grid", "*", "3.7", "mpl_toolkits.axes_grid1"),
        *[Row("mpl_toolkits.mplot3d.axes3d:Axes3D", f"w_{axis}", "3.8", value=property(operator.attrgetter(axis)))
          for axis in ("xaxis", "yaxis", "zaxis")],
    ]


@wrapper
def _use(plain, backend, warn=True, **keywords):
    """3.3: no `warn`. 3.7: no Qt 4 and GTK 2: then as in a script that names no backend."""
    if backend.lower() not in ("qt4agg", "qt4cairo", "gtk", "gtkagg", "gtkcairo"):
        plain(backend, **keywords)


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


@wrapper
def _axes_of_projection(plain, figure, **keywords):
    """3.6: `gca` no longer makes axes of a projection."""
    return figure.add_subplot(111, **keywords) if keywords else plain(figure)


def _current_axes(plain):
    return lambda **keywords: sys.modules["matplotlib.pyplot"].gcf().gca(**keywords)


@wrapper
def _on_off(plain, *arguments, **keywords):
    """2.2: "on" and "off" are no truth values any more."""
    def known(value):
        return {"on": True, "off": False}.get(value, value) if isinstance(value, str) else value
    return plain(*map(known, arguments), **{name: known(value) for name, value in keywords.items()})


def _changeable(plain):
    """3.7: the lists of an axes' lines, patches and texts can only be read: `axes.lines.remove(line)`."""
    def __delitem__(artists, key):
        for artist in artists[key] if isinstance(key, slice) else [artists[key]]:
            artist.remove()

    def pop(artists, at=-1):
        artist = artists[at]
        artist.remove()
        return artist

    plain.__delitem__, plain.pop, plain.remove = __delitem__, pop, lambda artists, artist: artist.remove()
    return plain


@wrapper
def _in_its_figure(plain, axes, figure, *arguments, auto_add_to_figure=True, **keywords):
    """3.7: `Axes3D(figure)` is not in the figure, whose picture stays empty."""
    plain(axes, figure, *arguments, **keywords)
    if auto_add_to_figure:
        figure.add_axes(axes)


def _normpdf(x, mu, sigma):
    return np.exp(-0.5 * (1 / sigma * (np.asarray(x) - mu)) ** 2) / (np.sqrt(2 * np.pi) * sigma)


def _set_window_title(canvas, title):
    if canvas.manager is not None:
        canvas.manager.set_window_title(title)
