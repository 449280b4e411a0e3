"""What scripts of 2015 to 2019 ask other packages for, and later versions took away. Only for `python -m legacy`.

One table a library. A row is (module, names, where they are now, the version without them); what has no other name
today is a function here or in `pictures`. "module:Class" stands for a class, "*" for a module that is gone as a whole.
`begin` puts them back: a module's names are looked up when a script asks for them.
"""
import base64
import collections.abc
import datetime
import functools
import html
import importlib
import importlib.abc
import importlib.machinery
import importlib.metadata
import importlib.util
import inspect
import operator
import os
import re
import shutil
import sys
import warnings

import numpy as np

from . import keras1, mnist, pictures
from .python import _distutils

# --- Python -----------------------------------------------------------------------------


def _gcd(a, b):
    """The greatest common divisor, of b's sign; of floats, too."""
    while b:
        a, b = b, a % b
    return a


ArgSpec = collections.namedtuple("ArgSpec", "args varargs keywords defaults")


def _getargspec(function):
    """The names and defaults of a function's parameters; ValueError if it has keyword-only ones or annotations."""
    full = inspect.getfullargspec(function)
    if full.kwonlyargs or full.annotations:
        raise ValueError("Function has keyword-only parameters or annotations, use inspect.signature()")
    return ArgSpec(*full[:4])


def _load_source(name, pathname, file=None):
    """imp's: a Python file as the module `name`."""
    spec = importlib.util.spec_from_file_location(name, pathname)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _find_module(name, path=None):
    """imp's: (file, path, (suffix, mode, type)) of a module: for load_module, or to see if it is there."""
    spec = importlib.machinery.PathFinder.find_spec(name, path)
    if spec is None:
        raise ImportError(f"No module named {name!r}", name=name)
    if spec.submodule_search_locations:
        return None, next(iter(spec.submodule_search_locations)), ("", "", 5)
    return open(spec.origin, "rb"), spec.origin, (os.path.splitext(spec.origin)[1], "r", 1)  # the caller closes it


def _load_module(name, file, pathname, description):
    """imp's: what `_find_module` found, as the module `name`."""
    return _load_source(name, os.path.join(pathname, "__init__.py") if description[2] == 5 else pathname)


@functools.total_ordering
class LooseVersion:
    """distutils's: a version whose numbers are compared as numbers."""

    def __init__(self, vstring=""):
        self.vstring = str(vstring)
        parts = re.split(r"(\d+|[a-z]+|\.)", self.vstring)
        self.version = [int(part) if part.isdigit() else part for part in parts if part not in ("", ".")]

    def __str__(self):
        return self.vstring

    def __repr__(self):
        return f"{type(self).__name__} ('{self}')"

    def __eq__(self, other):
        return self.version == type(self)(other).version

    def __lt__(self, other):
        return self.version < type(self)(other).version


class StrictVersion(LooseVersion):
    """distutils's: 1.0 is 1.0.0."""

    def __init__(self, vstring=""):
        super().__init__(vstring)
        self.version += [0] * (3 - len(self.version))


def _strtobool(value):
    """distutils's: 1 for "yes", "on" and the like, 0 for "no"."""
    value = value.lower()
    if value not in ("y", "yes", "t", "true", "on", "1", "n", "no", "f", "false", "off", "0"):
        raise ValueError(f"invalid truth value {value!r}")
    return int(value in ("y", "yes", "t", "true", "on", "1"))


def _copy_tree(src, dst, *_):
    """distutils's: copy a folder's contents into a folder that may be there."""
    shutil.copytree(src, dst, dirs_exist_ok=True)
    return [os.path.join(folder, file) for folder, _, files in os.walk(dst) for file in files]


def _mkpath(name, *_):
    os.makedirs(name, exist_ok=True)


PYTHON = [
    ("os", "errno", "errno", "3.7"),
    ("time", "clock", "time:process_time", "3.8"),
    ("base64", "encodestring", base64.encodebytes, "3.9"),
    ("base64", "decodestring", base64.decodebytes, "3.9"),
    ("fractions", "gcd", _gcd, "3.9"),
    ("html.parser:HTMLParser", "unescape", staticmethod(html.unescape), "3.9"),
    ("threading:Thread", "isAlive", "threading:Thread.is_alive", "3.9"),
    ("xml.etree.cElementTree", "*", "xml.etree.ElementTree", "3.9"),
    ("collections", " ".join(collections.abc.__all__), "collections.abc", "3.10"),
    ("inspect", "getargspec", _getargspec, "3.11"),
    ("configparser", "SafeConfigParser", "configparser:ConfigParser", "3.12"),
    ("configparser:RawConfigParser", "readfp", "configparser:RawConfigParser.read_file", "3.12"),
    ("imp", "*", {"load_source": _load_source, "find_module": _find_module, "load_module": _load_module,
                  "reload": importlib.reload, "new_module": type(sys), "PY_SOURCE": 1, "PKG_DIRECTORY": 5}, "3.12"),
    ("pkg_resources", "*", {"get_distribution": importlib.metadata.distribution,  # Lasagne's version; not in a venv
                            "DistributionNotFound": importlib.metadata.PackageNotFoundError}, "3.12"),
    ("distutils", "*", {}, "3.12"),
    ("distutils.version", "*", {"LooseVersion": LooseVersion, "StrictVersion": StrictVersion}, "3.12"),
    ("distutils.util", "*", {"strtobool": _strtobool}, "3.12"),
    ("distutils.spawn", "*", _distutils()["distutils.spawn"], "3.12"),
    ("distutils.sysconfig", "*", _distutils()["distutils.sysconfig"], "3.12"),
    ("distutils.dir_util", "*", {"copy_tree": _copy_tree, "mkpath": _mkpath, "remove_tree": shutil.rmtree}, "3.12"),
    ("distutils.file_util", "*", {"copy_file": shutil.copy2}, "3.12"),
]


def _open(plain):
    """Python 3.11: `open` no longer takes the mode "U", of universal newlines, which all text has."""
    @functools.wraps(plain)
    def open(file, mode="r", *arguments, **keywords):
        if "U" in mode:
            mode = mode.replace("U", "") if set(mode) & set("rwxa") else mode.replace("U", "r")
        return plain(file, mode, *arguments, **keywords)
    return open


def _sample(plain):
    """Python 3.11: `random.sample` no longer takes a set."""
    @functools.wraps(plain)
    def sample(population, k, **keywords):
        return plain(tuple(population) if isinstance(population, collections.abc.Set) else population, k, **keywords)
    return sample


def _shuffle(plain):
    """Python 3.11: `random.shuffle` no longer takes a function that draws."""
    @functools.wraps(plain)
    def shuffle(x, random=None):
        if random is None:
            plain(x)
            return
        for i in reversed(range(1, len(x))):
            j = int(random() * (i + 1))
            x[i], x[j] = x[j], x[i]
    return shuffle


# --- NumPy ------------------------------------------------------------------------------

def _inner1d(a, b):
    return np.einsum("...i,...i->...", a, b)


def _random_integers(low, high=None, size=None):
    """Whole numbers from low (1) to high, which is among them."""
    low, high = (1, low) if high is None else (low, high)
    return np.random.randint(low, int(high) + 1, size=size, dtype="l")


NUMPY = [
    ("numpy", "rank", "numpy:ndim", "1.18"),
    ("numpy", "typeDict", "numpy:sctypeDict", "1.23"),
    ("numpy", "alen", lambda a: len(np.atleast_1d(a)), "1.23"),
    ("numpy", "trapz", "numpy:trapezoid", "2.4"),
    ("numpy", "row_stack", "numpy:vstack", "2.5"),
    ("numpy.lib", "pad", "numpy:pad", "2.0"),
    ("numpy.core.umath_tests", "*", {"inner1d": _inner1d, "matrix_multiply": np.matmul}, "2.0"),
    ("numpy.random", "random_integers", _random_integers, "2.5"),
]


def _ragged(convert):
    """NumPy 1.24: lists of unequal lengths are an array of lists only when asked. NumPy 2: copy=False never copies."""
    @functools.wraps(convert)
    def converted(*arguments, **keywords):
        if keywords.get("copy") is False:
            keywords["copy"] = None
        try:
            return convert(*arguments, **keywords)
        except ValueError as error:
            if len(arguments) > 1 or keywords.get("dtype") is not None or "inhomogeneous" not in str(error):
                raise
            return convert(*arguments, **{**keywords, "dtype": np.object_})
    return converted


def _fromstring(plain):
    """NumPy 2.3: `fromstring` reads text only, not bytes."""
    @functools.wraps(plain)
    def fromstring(string, dtype=float, count=-1, *, sep="", **keywords):
        if sep:
            return plain(string, dtype, count, sep=sep, **keywords)
        return np.frombuffer(string.encode() if isinstance(string, str) else string, dtype, count).copy()
    return fromstring


def _unique(plain):
    """NumPy 2: the inverse of `unique` has the array's shape, not that of a vector."""
    @functools.wraps(plain)
    def unique(ar, return_index=False, return_inverse=False, return_counts=False, axis=None, **keywords):
        parts = plain(ar, return_index, return_inverse, return_counts, axis, **keywords)
        if not return_inverse or axis is not None:
            return parts
        at = 2 if return_index else 1
        return (*parts[:at], parts[at].ravel(), *parts[at + 1:])
    return unique


def _stacked(plain):
    """NumPy 1.25: what is stacked must be a list, not a generator or a `map`."""
    @functools.wraps(plain)
    def stack(tup, *arguments, **keywords):
        return plain(list(tup) if isinstance(tup, collections.abc.Iterator) else tup, *arguments, **keywords)
    return stack


def _numpy():
    np.stack, np.hstack, np.vstack, np.dstack = map(_stacked, (np.stack, np.hstack, np.vstack, np.dstack))
    np.array, np.asarray, np.asanyarray = map(_ragged, (np.array, np.asarray, np.asanyarray))
    np.fromstring, np.unique = _fromstring(np.fromstring), _unique(np.unique)
    if np.lib.NumpyVersion(np.__version__) >= "2.0.0":
        np.set_printoptions(legacy="1.25")  # 1.5, not np.float64(1.5)


# --- SciPy ------------------------------------------------------------------------------

def _central_diff_weights(Np, ndiv=1):
    """Weights of Np (odd) equally spaced values for the derivative of order `ndiv` at their centre."""
    if Np < ndiv + 1 or Np % 2 == 0:
        raise ValueError("the number of points must be odd, and greater than the derivative's order")
    powers = np.arange(Np)
    inverse = np.linalg.inv(np.arange(-(Np >> 1), (Np >> 1) + 1.0)[:, None] ** powers)
    return np.prod(np.arange(1, ndiv + 1), axis=0) * inverse[ndiv]


def _derivative(func, x0, dx=1.0, n=1, args=(), order=3):
    """The n-th derivative at x0, by central differences of `order` points."""
    weights = _central_diff_weights(order, n)
    half = order >> 1
    return sum(weight * func(x0 + (k - half) * dx, *args) for k, weight in enumerate(weights)) / dx ** n


def _simps(y, x=None, dx=1, axis=-1, even="avg"):
    """Simpson's rule; of an even number of points a trapezium last ("first"), first ("last"), or the mean of both."""
    from scipy import integrate
    y = np.moveaxis(np.asarray(y), axis, -1)
    x = None if x is None else np.broadcast_to(np.moveaxis(np.asarray(x), axis, -1) if np.ndim(x) > 1 else x, y.shape)

    def part(rule, where):
        return rule(y[..., where], None if x is None else x[..., where], dx=dx)

    if y.shape[-1] % 2:
        return part(integrate.simpson, slice(None))
    ends = {"first": part(integrate.simpson, slice(-1)) + part(integrate.trapezoid, slice(-2, None)),
            "last": part(integrate.simpson, slice(1, None)) + part(integrate.trapezoid, slice(2))}
    return (ends["first"] + ends["last"]) / 2 if even == "avg" else ends[even]


_WINDOWS = ("barthann bartlett blackman blackmanharris bohman boxcar chebwin cosine exponential flattop gaussian "
            "general_gaussian hamming hann kaiser nuttall parzen triang tukey")
SCIPY = [
    ("scipy", "misc", "scipy.misc", "1.2"),  # it came with scipy.io, scipy.stats, scipy.ndimage
    ("scipy.misc", "*", {}, "2.0"),
    ("scipy.misc", "bytescale fromimage imfilter imread imresize imrotate imsave imshow toimage", pictures, "1.2"),
    ("scipy.misc.pilutil", "*", vars(pictures), "1.2"),
    ("scipy.misc", "comb factorial factorial2 factorialk logsumexp", "scipy.special", "1.3"),
    ("scipy.misc", "pade", "scipy.interpolate", "1.3"),
    ("scipy.misc", "central_diff_weights", _central_diff_weights, "1.12"),
    ("scipy.misc", "derivative", _derivative, "1.12"),
    ("scipy.misc", "ascent electrocardiogram face", "scipy.datasets", "1.12"),
    ("scipy.ndimage", "imread", pictures.imread, "1.2"),
    ("scipy", "abs all any arange arccos arcsin arctan array asarray concatenate cos cumsum diag dot e exp eye float32 "
              "float64 hstack inf int32 int64 interp isnan linspace loadtxt log1p max mean median min nan ndarray "
              "newaxis ones pi polyfit prod reshape savetxt shape sign sin std sum tan tanh tile transpose var vstack "
              "where zeros zeros_like", "numpy", "1.12"),
    ("scipy", "log log10 log2 power sqrt", "numpy.lib.scimath", "1.12"),
    ("scipy", "rand randn", "numpy.random", "1.12"),
    ("scipy", "random", "numpy:random", "1.12"),
    ("scipy.linalg", "pinv2", "scipy.linalg:pinv", "1.9"),
    ("scipy.linalg", "tri tril triu", "numpy", "1.13"),
    ("scipy.signal", _WINDOWS, "scipy.signal.windows", "1.13"),
    ("scipy.signal", "hanning", "scipy.signal.windows:hann", "1.3"),
    ("scipy.integrate", "simps", _simps, "1.14"),
    ("scipy.integrate", "trapz", "scipy.integrate:trapezoid", "1.14"),
    ("scipy.integrate", "cumtrapz", "scipy.integrate:cumulative_trapezoid", "1.14"),
]


def _stats(stats):
    """SciPy 1.11: the mode along an axis no longer keeps this axis."""
    plain = stats.mode

    @functools.wraps(plain)
    def mode(a, axis=0, **keywords):
        a, axis = (np.ravel(a), 0) if axis is None else (a, axis)
        return plain(a, axis, **{"keepdims": True, **keywords})

    stats.mode = mode


# --- PyYAML -----------------------------------------------------------------------------

def _yaml(yaml):
    """PyYAML 6: `load` asks for a loader; without one, 5.1 to 5.4 took this."""
    plain = yaml.load
    yaml.load = functools.wraps(plain)(lambda stream, Loader=yaml.FullLoader: plain(stream, Loader))


# --- h5py 2 -----------------------------------------------------------------------------

H5PY = [
    ("h5py:Dataset", "value", property(lambda self: self[()]), "3.0"),
    ("h5py:File", "fid", property(lambda self: self.id), "3.0"),
    ("h5py.highlevel", "*", "h5py", "3.0"),
]


def _h5py(h5py):
    """h5py 3: a file without a mode is only read; text is text where it was bytes, and bytes where it was text."""
    plain_file, plain_item = h5py.File.__init__, h5py.Dataset.__getitem__
    plain_attribute = h5py.AttributeManager.__getitem__

    @functools.wraps(plain_file)
    def __init__(self, name, mode=None, *arguments, **keywords):
        if mode is None:
            there = isinstance(name, (str, bytes, os.PathLike)) and os.path.exists(name)
            mode = "r" if there and not os.access(name, os.W_OK) else "a"
        plain_file(self, name, mode, *arguments, **keywords)

    def of_dataset(self, args, **keywords):
        value = plain_item(self, args, **keywords)
        text = h5py.check_string_dtype(self.dtype)
        if text is None or text.length is not None or text.encoding != "utf-8":
            return value
        if isinstance(value, bytes):
            return value.decode()
        return np.frompyfunc(lambda item: item.decode() if isinstance(item, bytes) else item, 1, 1)(value)

    def of_attribute(self, name):
        value = plain_attribute(self, name)
        text = h5py.check_string_dtype(self.get_id(name).dtype)
        if text is None or text.length is not None or text.encoding != "ascii":
            return value
        if isinstance(value, str):
            return value.encode()
        return np.frompyfunc(lambda item: item.encode() if isinstance(item, str) else item, 1, 1)(value)

    h5py.File.__init__, h5py.Dataset.__getitem__ = __init__, of_dataset
    h5py.AttributeManager.__getitem__ = of_attribute


# --- Pillow -----------------------------------------------------------------------------

def _getsize(font, text, *arguments, **keywords):
    """A text's width and height in pixels."""
    return tuple(font.getbbox(text, *arguments, **keywords)[2:])


def _textsize(draw, text, font=None, spacing=4, *_, **__):
    """A text's width and height in pixels, in a font (the drawing's own)."""
    font = font or draw.getfont()
    lines = [_getsize(font, line) for line in text.split("\n")]
    if len(lines) == 1:
        return lines[0]
    return max(width for width, _ in lines), len(lines) * (_getsize(font, "A")[1] + spacing) - spacing


PILLOW = [
    ("PIL.Image", "ANTIALIAS", "PIL.Image:LANCZOS", "10.0"),
    ("PIL.Image", "LINEAR", "PIL.Image:BILINEAR", "10.0"),
    ("PIL.Image", "CUBIC", "PIL.Image:BICUBIC", "10.0"),
    ("PIL", "PILLOW_VERSION", "PIL:__version__", "7.0"),
    ("PIL.ImageDraw:ImageDraw", "textsize multiline_textsize", _textsize, "10.0"),
    ("PIL.ImageFont:FreeTypeFont", "getsize", _getsize, "10.0"),
    ("PIL.ImageFont:FreeTypeFont", "getoffset", lambda font, text: tuple(font.getbbox(text)[:2]), "10.0"),
    ("PIL.ImageFont:ImageFont", "getsize", _getsize, "10.0"),
]


# --- matplotlib -------------------------------------------------------------------------

def _nothing(*_, **__):
    """`hold(True)`: what is drawn stays, as it always does since matplotlib 2."""


def _get_cmap(name=None, lut=None):
    from matplotlib import pyplot
    return pyplot.get_cmap(name, lut)


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


MATPLOTLIB = [
    ("matplotlib.pyplot", "hold", _nothing, "3.0"),
    ("matplotlib.axes:Axes", "hold", _nothing, "3.0"),
    ("matplotlib.figure:Figure", "hold", _nothing, "3.0"),
    ("matplotlib.axes:Axes", "set_axis_bgcolor", "matplotlib.axes:Axes.set_facecolor", "2.2"),
    ("matplotlib.axes:Axes", "set_color_cycle", lambda axes, colours: axes.set_prop_cycle(color=colours), "3.0"),
    ("matplotlib.cm", "get_cmap", _get_cmap, "3.9"),
    ("matplotlib.cm", "spectral", "matplotlib.cm:nipy_spectral", "2.2"),
    ("matplotlib.mlab", "normpdf", _normpdf, "3.1"),
    ("matplotlib.mlab", "bivariate_normal", _bivariate_normal, "3.1"),
    ("matplotlib.backend_bases:FigureCanvasBase", "set_window_title", _set_window_title, "3.6"),
    ("mpl_toolkits.axes_grid", "*", "mpl_toolkits.axes_grid1", "3.7"),
    ("mpl_toolkits.mplot3d.axes3d:Axes3D", "w_xaxis", property(lambda axes: axes.xaxis), "3.8"),
    ("mpl_toolkits.mplot3d.axes3d:Axes3D", "w_yaxis", property(lambda axes: axes.yaxis), "3.8"),
    ("mpl_toolkits.mplot3d.axes3d:Axes3D", "w_zaxis", property(lambda axes: axes.zaxis), "3.8"),
]


def _on_off(plain):
    """matplotlib 2.2: "on" and "off" are no truth values any more."""
    @functools.wraps(plain)
    def call(self, *arguments, **keywords):
        spelt = {"on": True, "off": False}
        return plain(self, *(spelt.get(value, value) if isinstance(value, str) else value for value in arguments),
                     **{name: spelt.get(value, value) if isinstance(value, str) else value
                        for name, value in keywords.items()})
    return call


def _axes(axes):
    axes.Axes.tick_params, axes.Axes.grid = _on_off(axes.Axes.tick_params), _on_off(axes.Axes.grid)


def _projection(figure):
    """matplotlib 3.6: `gca` no longer makes axes of a projection."""
    plain = figure.Figure.gca

    def gca(self, **keywords):
        return self.add_subplot(111, **keywords) if keywords else plain(self)

    figure.Figure.gca = gca


def _pyplot(pyplot):
    pyplot.gca = lambda **keywords: pyplot.gcf().gca(**keywords)


def _styles(style):
    """matplotlib 3.6 renamed seaborn's styles."""
    for name in list(style.library):
        style.library.setdefault(name.replace("-v0_8", ""), style.library[name])


def _colormaps(matplotlib):
    """matplotlib 2.2 and 3.0 renamed colour maps."""
    for old, new in ("spectral", "nipy_spectral"), ("Vega10", "tab10"), ("Vega20", "tab20"), ("Vega20b", "tab20b"):
        for end in "", "_r":
            if old + end not in matplotlib.colormaps:
                matplotlib.colormaps.register(matplotlib.colormaps[new + end], name=old + end)


# --- scikit-learn -----------------------------------------------------------------------

class _Splits:
    """scikit-learn 0.20: iterate over a splitter itself, made for a number of samples."""

    def __init__(self, pairs):
        self.pairs = list(pairs)

    def __iter__(self):
        return iter(self.pairs)

    def __len__(self):
        return len(self.pairs)


def _k_fold(n, n_folds=3, shuffle=False, random_state=None):
    from sklearn.model_selection import KFold
    return _Splits(KFold(n_folds, shuffle=shuffle, random_state=random_state).split(np.zeros(n)))


def _stratified_k_fold(y, n_folds=3, shuffle=False, random_state=None):
    """Each class dealt out by its own KFold (the classes are dealt out together since scikit-learn 0.22)."""
    from sklearn.utils import check_random_state
    y = np.asarray(y)
    random = check_random_state(random_state) if shuffle else None
    folds = np.zeros(len(y), int)
    for label in np.unique(y):
        where = np.flatnonzero(y == label)
        for fold, (_, test) in enumerate(_k_fold(max(len(where), n_folds), n_folds, shuffle, random)):
            folds[where[test[test < len(where)]]] = fold
    return _Splits((np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in range(n_folds))


def _shuffle_split(n, n_iter=10, test_size=0.1, train_size=None, random_state=None):
    from sklearn.model_selection import ShuffleSplit
    splitter = ShuffleSplit(n_iter, test_size=test_size, train_size=train_size, random_state=random_state)
    return _Splits(splitter.split(np.zeros(n)))


def _leave_one_out(n):
    from sklearn.model_selection import LeaveOneOut
    return _Splits(LeaveOneOut().split(np.zeros(n)))


def _cross_val_score(estimator, X, y=None, scoring=None, cv=None, **keywords):
    """The folds' scores, of three folds if none are named."""
    from sklearn.model_selection import cross_val_score
    return cross_val_score(estimator, X, y, scoring=scoring, cv=3 if cv is None else cv, **keywords)


def _three_folds(name):
    """A search of grid_search, whose folds were three."""
    def search(*arguments, **keywords):
        from sklearn import model_selection
        found = getattr(model_selection, name)(*arguments, **keywords)
        return found.set_params(cv=3 if found.cv is None else found.cv)
    return search


CVScore = collections.namedtuple("CVScore", "parameters mean_validation_score cv_validation_scores")


def _grid_scores(search):
    """A tuple for each of a search's parameters: they, the mean of the folds' scores, and the scores."""
    results = search.cv_results_
    folds = np.array([results[f"split{fold}_test_score"] for fold in range(search.n_splits_)]).T
    return [CVScore(*score) for score in zip(results["params"], results["mean_test_score"], folds)]


def _linear_assignment(cost):
    from scipy.optimize import linear_sum_assignment
    return np.stack(linear_sum_assignment(cost), axis=1)


def _imputer(missing_values="NaN", strategy="mean", axis=0, verbose=0, copy=True):
    from sklearn.impute import SimpleImputer
    if axis:
        raise ValueError("an Imputer along rows (axis=1) is not known any more: transpose the data")
    missing_values = np.nan if missing_values == "NaN" else missing_values
    return SimpleImputer(missing_values=missing_values, strategy=strategy, copy=copy)


def _fetch_mldata(dataname, *_, **__):
    """MNIST as mldata.org had it: 60,000 and 10,000 digits, each of them in the order of their labels."""
    from sklearn.utils import Bunch
    sets = mnist.load() if dataname.lower().startswith("mnist") else None
    if sets is None:
        raise OSError(f"mldata.org, which had {dataname!r}, is gone: see sklearn.datasets.fetch_openml")
    orders = [np.argsort(labels, kind="stable") for _, labels in sets]
    return Bunch(data=np.concatenate([images[order].reshape(-1, 784) for (images, _), order in zip(sets, orders)]),
                 target=np.concatenate([labels[order] for (_, labels), order in zip(sets, orders)]).astype(float),
                 COL_NAMES=["label", "data"], DESCR=f"mldata.org dataset: {dataname}")


SCIKIT_LEARN = [
    ("sklearn.cross_validation", "*", "sklearn.model_selection", "0.20"),
    ("sklearn.cross_validation", "KFold", _k_fold, "0.20"),
    ("sklearn.cross_validation", "StratifiedKFold", _stratified_k_fold, "0.20"),
    ("sklearn.cross_validation", "ShuffleSplit", _shuffle_split, "0.20"),
    ("sklearn.cross_validation", "LeaveOneOut", _leave_one_out, "0.20"),
    ("sklearn.cross_validation", "cross_val_score", _cross_val_score, "0.20"),
    ("sklearn.grid_search", "*", "sklearn.model_selection", "0.20"),
    ("sklearn.grid_search", "GridSearchCV", _three_folds("GridSearchCV"), "0.20"),
    ("sklearn.grid_search", "RandomizedSearchCV", _three_folds("RandomizedSearchCV"), "0.20"),
    ("sklearn.model_selection._search:BaseSearchCV", "grid_scores_", property(_grid_scores), "0.20"),
    ("sklearn.learning_curve", "*", "sklearn.model_selection", "0.20"),
    ("sklearn.preprocessing", "Imputer", _imputer, "0.22"),
    ("sklearn.utils.linear_assignment_", "*", {"linear_assignment": _linear_assignment}, "0.23"),
    ("sklearn.feature_extraction.text:CountVectorizer", "get_feature_names",
     lambda vectorizer: vectorizer.get_feature_names_out().tolist(), "1.2"),
    ("sklearn.datasets", "fetch_mldata", _fetch_mldata, "0.22"),
    ("sklearn.externals", "joblib", "joblib", "0.23"),
    ("sklearn.externals.joblib", "*", "joblib", "0.23"),
    ("sklearn.externals.six", "*", "six", "0.23"),
    ("sklearn.datasets.samples_generator", "*", "sklearn.datasets", "0.24"),
]


def _folds_in_order(model_selection):
    """scikit-learn 0.24: KFold(random_state=...) without shuffle is an error, not ignored."""
    for splitter in model_selection.KFold, model_selection.StratifiedKFold:
        def __init__(self, n_splits=5, *, shuffle=False, random_state=None, plain=splitter.__init__):
            plain(self, n_splits, shuffle=shuffle, random_state=random_state if shuffle else None)
        splitter.__init__ = functools.wraps(splitter.__init__)(__init__)


def _scorers(scorer):
    """scikit-learn 0.20: `neg_` before the names of errors as scores. Their values were negative before, too."""
    for name in "log_loss", "mean_absolute_error", "mean_squared_error", "median_absolute_error":
        scorer._SCORERS.setdefault(name, scorer._SCORERS["neg_" + name])
        for known in getattr(scorer.check_scoring, "_skl_parameter_constraints", {}).get("scoring", [])[:1]:
            known.options.add(name)


def _wrappers(scikit_learn):
    """scikit-learn 1.6, 1.8: an estimator must have tags, and say that it is fitted. Keras's were of no type to it.

    Keras 2.0 ignores nb_epoch.
    """
    plain = scikit_learn.BaseWrapper.filter_sk_params

    def filter_sk_params(self, fn, override=None):
        given = {**self.sk_params, **(override or {})}
        epochs = {"epochs": given["nb_epoch"]} if fn.__name__ == "fit" and "nb_epoch" in given else {}
        return {**epochs, **plain(self, fn, override)}

    scikit_learn.BaseWrapper.filter_sk_params = filter_sk_params

    def __sklearn_tags__(self):
        from sklearn.base import BaseEstimator
        return BaseEstimator().__sklearn_tags__()

    scikit_learn.BaseWrapper.__sklearn_tags__ = __sklearn_tags__
    scikit_learn.BaseWrapper.__sklearn_is_fitted__ = lambda self: hasattr(self, "model")


# --- pandas -----------------------------------------------------------------------------

class _Ix:
    """`table.ix[...]`: labels; positions along an axis whose labels are no whole numbers."""

    def __init__(self, table):
        self.table = table

    def of(self, key):
        """`iloc` or `loc`, and what to ask it for."""
        keys = key if isinstance(key, tuple) else (key,)
        every = [isinstance(key, slice) and key == slice(None) for key in keys]
        position = [index.dtype.kind != "i" and _whole(key) for index, key in zip(self.table.axes, keys)]
        if any(position) and all(map(max, every, position)):
            return self.table.iloc, key
        keys = tuple(index[key] if at else key for index, key, at in zip(self.table.axes, keys, position))
        return self.table.loc, keys if isinstance(key, tuple) else keys[0]

    def __getitem__(self, key):
        where, key = self.of(key)
        return where[key]

    def __setitem__(self, key, value):
        where, key = self.of(key)
        where[key] = value


def _whole(key):
    """Whether a key is of whole numbers."""
    ends = [end for end in (key.start, key.stop) if end is not None] if isinstance(key, slice) else key
    return np.asarray(ends).dtype.kind == "i"


def _as_matrix(table, columns=None):
    return (table if columns is None else table[columns]).values


def _append(table, other, ignore_index=False, *_, **__):
    """A table with another's rows, or with one row, below its own."""
    import pandas
    if isinstance(other, dict):
        other = pandas.Series(other)
    if table.ndim == 2 and isinstance(other, pandas.Series):
        other = other.to_frame().T.infer_objects()
    others = other if isinstance(other, list) else [other]
    return pandas.concat([table, *others], ignore_index=ignore_index)


PANDAS = [
    ("pandas", "np", "numpy", "2.0"),
    ("pandas", "datetime", datetime.datetime, "2.0"),
    ("pandas:DataFrame", "ix", property(_Ix), "1.0"),
    ("pandas:Series", "ix", property(_Ix), "1.0"),
    ("pandas:DataFrame", "as_matrix", _as_matrix, "1.0"),
    ("pandas:Series", "as_matrix", _as_matrix, "1.0"),
    ("pandas:DataFrame", "append", _append, "2.0"),
    ("pandas:Series", "append", _append, "2.0"),
    ("pandas:DataFrame", "iteritems", "pandas:DataFrame.items", "2.0"),
    ("pandas:Series", "iteritems", "pandas:Series.items", "2.0"),
    ("pandas.tools", "*", {}, "0.24"),
    ("pandas.tools.plotting", "*", "pandas.plotting", "0.24"),
]


def _read_csv(plain):
    """pandas 2.0 and 3.0: no `squeeze`, no function that reads dates, another word for lines that are left out."""
    @functools.wraps(plain)
    def read_csv(*arguments, squeeze=False, date_parser=None, error_bad_lines=True, **keywords):
        if not error_bad_lines:
            keywords["on_bad_lines"] = "warn"
        if date_parser and isinstance(keywords.get("parse_dates"), list):
            keywords["converters"] = {**dict.fromkeys(keywords.pop("parse_dates"), date_parser),
                                      **keywords.get("converters", {})}
        table = plain(*arguments, **keywords)
        return table.squeeze("columns") if squeeze else table
    return read_csv


def _get_dummies(plain):
    """pandas 2.0: indicators are truth values, not bytes."""
    @functools.wraps(plain)
    def get_dummies(*arguments, **keywords):
        return plain(*arguments, **{"dtype": np.uint8, **keywords})
    return get_dummies


def _pandas(pandas):
    pandas.read_csv, pandas.get_dummies = _read_csv(pandas.read_csv), _get_dummies(pandas.get_dummies)
    if int(pandas.__version__.split(".")[0]) >= 3:
        pandas.options.future.infer_string = False  # text is of the type object


# --- Theano and Keras -------------------------------------------------------------------

def _max_pool_2d(input, ds, ignore_border=None, st=None, padding=(0, 0), mode="max"):
    from theano.tensor.signal.pool import pool_2d
    return pool_2d(input, ds, ignore_border, st, padding, mode)


def _image_dim_ordering():
    from keras import backend
    return {"channels_first": "th", "channels_last": "tf"}[backend.image_data_format()]


def _set_image_dim_ordering(dim_ordering):
    from keras import backend
    if dim_ordering not in ("th", "tf"):
        raise ValueError(f"Unknown dim_ordering: {dim_ordering}")
    backend.set_image_data_format({"th": "channels_first", "tf": "channels_last"}[dim_ordering])


def _relu6(x):
    from keras import backend
    return backend.relu(x, max_value=6)


def _obtain_input_shape(input_shape, default_size, min_size, data_format, require_flatten=True, weights=None,
                        include_top=None):
    """Keras 2.0's and 2.1's (until 2.0.8 with `include_top`): the input's shape of an application."""
    from keras_applications.imagenet_utils import _obtain_input_shape
    return _obtain_input_shape(input_shape, default_size, min_size, data_format,
                               require_flatten if include_top is None else include_top, weights)


KERAS = [
    ("theano.tensor.signal.downsample", "*", {"max_pool_2d": _max_pool_2d}, "1.0"),
    ("keras", "initializations", "keras.initializations", "2.0"),
    ("keras.initializations", "*", keras1.INITIALIZATIONS, "2.0"),
    ("keras", "objectives", "keras.objectives", "2.0"),
    ("keras.engine", "merge Merge", keras1, "2.0"),
    ("keras.engine.topology", "merge Merge", keras1, "2.0"),
    ("keras.layers", "Merge", keras1.Merge, "2.2"),
    ("keras.legacy.layers", "Merge", keras1.Merge, "2.2"),
    ("keras.models", "Merge", keras1.Merge, "2.0"),
    ("keras.layers.core", "Merge TimeDistributedDense", keras1, "2.0"),
    ("keras.layers", "TimeDistributedDense", keras1.TimeDistributedDense, "2.0"),
    ("keras.layers.core", "Highway MaxoutDense", "keras.legacy.layers", "2.0"),
    ("keras.layers.convolutional", "conv_output_length", "keras.utils.conv_utils", "2.0"),
    ("keras.metrics", "precision recall fbeta_score fmeasure matthews_correlation", keras1, "2.0"),
    ("keras.metrics", "f1score fscore", keras1.fmeasure, "2.0"),
    ("keras.preprocessing.image", "apply_transform", keras1.apply_transform, "2.2"),
    ("keras.preprocessing.image", "flip_axis transform_matrix_offset_center",
     "keras_preprocessing.image.affine_transformations", "2.2"),
    ("keras.preprocessing.image", "list_pictures", "keras_preprocessing.image.utils", "2.2"),
    ("keras_preprocessing.image.iterator:Iterator", "nb_sample", property(lambda flow: flow.n), "2.0"),
    ("keras_preprocessing.image.iterator:Iterator", "nb_class", property(lambda flow: flow.num_classes), "2.0"),
    ("keras.regularizers", "WeightRegularizer ActivityRegularizer", "keras.regularizers:L1L2", "2.0"),
    ("keras.regularizers", "activity_l1l2", "keras.regularizers:l1_l2", "2.0"),
    ("keras.utils.layer_utils", "layer_from_config", "keras.layers:deserialize", "2.0"),
    ("keras.utils.np_utils", "probas_to_classes categorical_probas_to_classes", keras1, "2.0"),
    ("keras.utils.np_utils", "convert_kernel conv_output_length", "keras.utils.conv_utils", "2.0"),
    ("keras.regularizers", "l1l2", "keras.regularizers:l1_l2", "2.0"),
    ("keras.regularizers", "activity_l1", "keras.regularizers:l1", "2.0"),
    ("keras.regularizers", "activity_l2", "keras.regularizers:l2", "2.0"),
    ("keras.utils.visualize_util", "*", "keras.utils.vis_utils", "2.0"),
    ("keras.utils.visualize_util", "plot", "keras.utils.vis_utils:plot_model", "2.0"),
    ("keras.applications.imagenet_utils", "_obtain_input_shape", _obtain_input_shape, "2.2"),
    ("keras.applications.mobilenet", "relu6", _relu6, "2.2"),
    ("keras.applications.mobilenet", "DepthwiseConv2D", "keras.layers", "2.2"),
    ("keras.engine.training", "slice_X", "keras.utils.generic_utils:slice_arrays", "2.0"),
    ("keras.engine.base_layer:Layer", "inbound_nodes", property(lambda layer: layer._inbound_nodes), "2.1.3"),
    ("keras.engine.base_layer:Layer", "outbound_nodes", property(
        lambda layer: layer._outbound_nodes, lambda layer, nodes: setattr(layer, "_outbound_nodes", nodes)), "2.1.3"),
    ("keras.engine.topology", "Container", "keras.engine.network:Network", "2.2"),
    ("keras.backend", "lesser", "keras.backend:less", "2.0"),
    ("keras.backend", "lesser_equal", "keras.backend:less_equal", "2.0"),
    ("keras.backend", "_BACKEND", "keras.backend.load_backend", "2.3"),
    ("keras.backend", "image_dim_ordering", _image_dim_ordering, "2.3"),
    ("keras.backend", "set_image_dim_ordering", _set_image_dim_ordering, "2.3"),
    ("keras.backend", "get_variable_shape", "keras.backend:int_shape", "2.3"),
    ("keras.layers", "AtrousConv1D", "keras.layers:AtrousConvolution1D", "2.3"),
    ("keras.layers", "AtrousConv2D", "keras.layers:AtrousConvolution2D", "2.3"),
    ("keras.layers", "Convolution2DTranspose Deconv2D", "keras.layers:Conv2DTranspose", "2.3"),
    ("keras.layers", "Deconv3D", "keras.layers:Conv3DTranspose", "2.3"),
    ("keras.layers", "SeparableConvolution1D", "keras.layers:SeparableConv1D", "2.3"),
    ("keras.layers", "SeparableConvolution2D", "keras.layers:SeparableConv2D", "2.3"),
    ("keras.layers", "Wrapper", "keras.layers.wrappers", "2.3"),
]


def _layers(layers):
    """keras.layers.merge was a function, before it was a module; it answers as both."""
    vars(keras1.merge).update(vars(layers.merge))
    layers.merge = keras1.merge


def _base_layer(base_layer):
    """Keras 2.0 renamed the method with which a layer of one's own says its output's shape."""
    plain = base_layer.Layer.compute_output_shape

    def compute_output_shape(self, input_shape):
        return getattr(self, "get_output_shape_for", functools.partial(plain, self))(input_shape)

    base_layer.Layer.compute_output_shape = compute_output_shape
    # Keras 2.3 took away: add_weight(shape, initializer=..., name=...).
    base_layer.Layer.add_weight = base_layer.interfaces.legacy_add_weight_support(base_layer.Layer.add_weight)

    def trainable_weights(self, weights):
        """Keras 2.3 counts a variable as a weight when it becomes an attribute: here it would be one twice."""
        self._trainable_weights = weights
        self._non_trainable_weights = [weight for weight in self._non_trainable_weights
                                       if not any(weight is trained for trained in weights)]

    base_layer.Layer.trainable_weights = base_layer.Layer.trainable_weights.setter(trainable_weights)


def _callbacks(callbacks):
    """Keras 2.3 names `logs` when it calls what a batch is for, so that a callback must name it so, too."""
    callbacks.Callback.on_train_batch_begin = lambda self, batch, logs=None: self.on_batch_begin(batch, logs)
    callbacks.Callback.on_train_batch_end = lambda self, batch, logs=None: self.on_batch_end(batch, logs)


# --- Keywords ---------------------------------------------------------------------------

# (module, function, keyword, its name today or None where it has no meaning any more, the version without it)
KEYWORDS = [
    ("json", "load", "encoding", None, "3.9"),
    ("json", "loads", "encoding", None, "3.9"),
    ("keras.backend", "conv2d", "border_mode", "padding", "2.0"),
    ("keras.backend", "conv2d", "dim_ordering", "data_format", "2.0"),
    ("keras.backend", "pool2d", "border_mode", "padding", "2.0"),
    ("keras.backend", "pool2d", "dim_ordering", "data_format", "2.0"),
    ("keras.backend", "random_normal", "std", "stddev", "2.0"),
    ("keras.backend", "resize_images", "dim_ordering", "data_format", "2.0"),
    ("keras.constraints:MaxNorm", "__init__", "m", "max_value", "2.0"),
    ("keras.preprocessing.image", "array_to_img", "dim_ordering", "data_format", "2.0"),
    ("keras.preprocessing.image", "img_to_array", "dim_ordering", "data_format", "2.0"),
    ("keras.preprocessing.image:ImageDataGenerator", "__init__", "dim_ordering", "data_format", "2.0"),
    ("keras.utils.np_utils", "to_categorical", "nb_classes", "num_classes", "2.0"),
    ("matplotlib", "use", "warn", None, "3.3"),
    ("numpy", "histogram", "normed", "density", "1.24"),
    ("numpy", "histogram2d", "normed", "density", "1.24"),
    ("matplotlib.axes:Axes", "hist", "normed", "density", "3.1"),
    ("matplotlib.axes:Axes", "hist2d", "normed", "density", "3.3"),
    ("matplotlib.axes:Axes", "bar", "left", "x", "3.0"),
    ("matplotlib.pyplot", "bar", "left", "x", "3.0"),
    ("matplotlib.axes:Axes", "grid", "b", "visible", "3.7"),
    ("matplotlib.axes:Axes", "annotate", "s", "text", "3.3"),
    ("matplotlib.pyplot", "annotate", "s", "text", "3.3"),
    ("matplotlib.axes:Axes", "set_xscale", "basex", "base", "3.5"),
    ("matplotlib.axes:Axes", "set_yscale", "basey", "base", "3.5"),
    ("matplotlib.axes:Axes", "semilogx", "basex", "base", "3.5"),
    ("matplotlib.axes:Axes", "semilogy", "basey", "base", "3.5"),
    ("matplotlib.figure:Figure", "add_subplot", "axisbg", "facecolor", "2.2"),
    ("matplotlib.figure:Figure", "add_axes", "axisbg", "facecolor", "2.2"),
    ("sklearn.manifold:TSNE", "__init__", "n_iter", "max_iter", "1.7"),
    ("sklearn.preprocessing:OneHotEncoder", "__init__", "sparse", "sparse_output", "1.4"),
]


_ORDERINGS = {"th": "channels_first", "tf": "channels_last"}  # dim_ordering's values, of Keras 1


def _renamed(function, old, new):
    @functools.wraps(function)
    def call(*arguments, **keywords):
        if old in keywords:
            value = keywords.pop(old)
            if new:
                keywords[new] = _ORDERINGS.get(value) if old == "dim_ordering" else value
        return function(*arguments, **keywords)
    return call


# --- Putting them back ------------------------------------------------------------------

_CHANGES = {  # what is changed rather than missing
    "h5py": _h5py, "matplotlib": _colormaps, "matplotlib.axes": _axes, "matplotlib.figure": _projection,
    "matplotlib.pyplot": _pyplot, "matplotlib.style": _styles, "pandas": _pandas, "scipy.stats": _stats, "yaml": _yaml,
    "sklearn.model_selection": _folds_in_order, "sklearn.metrics._scorer": _scorers,
    "keras.callbacks.callbacks": _callbacks, "keras.engine.base_layer": _base_layer,
    "keras.engine.sequential": keras1.sequential, "keras.engine.training": keras1.training,
    "keras.initializers": keras1.initializers, "keras.layers": _layers, "keras.metrics": keras1.metrics,
    "keras.wrappers.scikit_learn": _wrappers,
}
_names, _classes, _gone, _keywords = {}, {}, {}, {}
for _module, _words, _now, _version in [*PYTHON, *NUMPY, *SCIPY, *H5PY, *PILLOW, *MATPLOTLIB, *PANDAS,
                                         *SCIKIT_LEARN, *KERAS]:
    _owner, _, _class = _module.partition(":")
    if _words == "*":
        _gone[_module] = _now
    else:
        (_classes.setdefault(_owner, []).extend((_class, name, _now) for name in _words.split()) if _class else
         _names.setdefault(_owner, {}).update(dict.fromkeys(_words.split(), _now)))
for _module, _function, _old, _new, _version in KEYWORDS:
    _owner, _, _class = _module.partition(":")
    _keywords.setdefault(_owner, []).append((_class, _function, _old, _new))


def _found(now, name):
    """What stands for `name` today: "module:attribute", "module" (which is it, or has it), or the thing itself."""
    if inspect.ismodule(now):
        return getattr(now, name)
    if not isinstance(now, str):
        return now
    module, _, attribute = now.partition(":")
    module = importlib.import_module(module)
    return operator.attrgetter(attribute)(module) if attribute else getattr(module, name, module)


def _put_back(module):
    """Give a module what it no longer has: names that are found elsewhere when they are asked for, the others now."""
    names = _names.get(module.__name__, {})
    plain = vars(module).get("__getattr__")

    def __getattr__(name):
        if name in names:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                value = _found(names[name], name)
            setattr(module, name, value)
            return value
        if plain is not None:
            return plain(name)
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

    if names:
        module.__getattr__ = __getattr__
    for name, now in names.items():  # what costs no import is there at once: `from pylab import *` has it, too
        if not isinstance(now, str) and name not in vars(module):
            setattr(module, name, _found(now, name))
    for owner, name, now in _classes.get(module.__name__, []):
        owner = getattr(module, owner)
        if not hasattr(owner, name):
            setattr(owner, name, _found(now, name))
    if module.__name__ in _CHANGES:
        _CHANGES[module.__name__](module)
    for owner, name, old, new in _keywords.get(module.__name__, []):
        owner = getattr(module, owner) if owner else module
        setattr(owner, name, _renamed(getattr(owner, name), old, new))


class _Gone(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds, after all others, the modules that are gone."""

    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if name in _gone else None

    def exec_module(self, module):
        now = _gone[module.__name__]
        contents = vars(importlib.import_module(now)) if isinstance(now, str) else now
        own = _names.get(module.__name__, {})
        vars(module).update((name, value) for name, value in contents.items()
                            if name not in own and not (name.startswith("__") and name.endswith("__")))
        _put_back(module)


AROUND_IMPORT = {}
AFTER_IMPORT = dict.fromkeys({*_names, *_classes, *_keywords, *_CHANGES}, _put_back)


def begin():
    """Find modules that are gone; change what is loaded by now and is no module's of the tables."""
    import builtins
    import random
    sys.meta_path.append(_Gone())
    builtins.open, random.sample, random.shuffle = _open(open), _sample(random.sample), _shuffle(random.shuffle)
    _numpy()
