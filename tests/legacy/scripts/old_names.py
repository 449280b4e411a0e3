# ruff: noqa
"""What the names of legacy/scripts give, a line each: run by Python 3.6 with the libraries of 2018 (old_names.txt), and by
`python -m legacy` today. Python 3.6.15, NumPy 1.14.6, SciPy 1.1.0, h5py 2.8.0, Pillow 5.2.0, matplotlib 2.2.5,
scikit-learn 0.19.2, pandas 0.23.4, Keras 2.2.4 (2.0.9's merge) on Theano 1.0.3, pip's; with MPLBACKEND=agg:

    python old_names.py > old_names.txt
"""
from __future__ import print_function

import collections
import os
import sys
import tempfile
import warnings

import numpy as np

warnings.simplefilter("ignore")
os.chdir(tempfile.mkdtemp())


def plain(value):
    """A value as text that doesn't depend on how NumPy prints; floats to nine digits."""
    if isinstance(value, (list, tuple, set)):
        return type(value).__name__ + "(" + ", ".join(map(plain, value)) + ")"
    if isinstance(value, np.ndarray):
        return "array %s %s %s" % (value.dtype.kind, value.shape, plain(value.tolist()))
    if isinstance(value, (float, np.floating)):
        return "%.9g" % value
    return repr(value)


def show(name, function):
    try:
        value = plain(function())
    except Exception as error:
        value = "%s: %s" % (type(error).__name__, error)
    print(name, "=", value)


# --- Python
import base64, fractions, inspect, random, re, threading, time  # noqa: E401
from html.parser import HTMLParser


def some(a, b=2, *c, **d):
    pass


started = time.clock()
sum(range(300000))
time.sleep(0.3)
show("clock", lambda: 0 < time.clock() - started < 0.3)  # of the processor, not of the wall
show("gcd", lambda: [fractions.gcd(a, b) for a, b in ((12, 18), (0, 5), (7, 0))])
show("encodestring", lambda: (base64.encodestring(b"legacy"), base64.decodestring(b"bGVnYWN5\n")))
show("unescape", lambda: HTMLParser().unescape("a &lt; b &amp; c"))
show("isAlive", lambda: threading.Thread().isAlive())
show("getargspec", lambda: tuple(inspect.getargspec(some)))
show("getargspec keywords", lambda: inspect.getargspec(some).keywords)
show("collections", lambda: [isinstance([], collections.Iterable), isinstance(len, collections.Callable),
                             issubclass(dict, collections.MutableMapping)])
show("errno", lambda: os.errno.EEXIST == 17)
random.seed(1)
show("sample of a set", lambda: random.sample({3, 1, 2}, 2))
show("re.split", lambda: [re.split(*arguments) for arguments in (
    (r"(\W+)?", "John went home. Where is he?"), (r"\s*", "a b  c "), (r"\s*", " a b c", 2), (r"a|(b)|", "1a2b3"))])
with open("lines.txt", "wb") as file:
    file.write(b"a\r\nb\rc\n")
show("universal newlines", lambda: (open("lines.txt", "rU").read(), open("lines.txt", "U").read()))


def _imp():
    import imp
    with open("beside.py", "w") as file:
        file.write("here = 3\n")
    imp.acquire_lock(), imp.release_lock()
    return imp.load_source("other", "beside.py").here, imp.new_module("new").__name__


def _cElementTree():
    import xml.etree.cElementTree as ET
    return ET.fromstring("<a><b>1</b></a>").find("b").text


def _distutils():
    from distutils.version import LooseVersion
    return (LooseVersion("1.10") > LooseVersion("1.9"), LooseVersion("1.2b3").version, str(LooseVersion("1.0")),
            LooseVersion("1.0") < "1.0.1")


def _configparser():
    import configparser
    import io
    parser = configparser.SafeConfigParser()
    parser.read_file(io.StringIO(u"[a]\nb = 1\n"))
    return parser.get("a", "b")


show("imp", _imp)
show("cElementTree", _cElementTree)
show("distutils", _distutils)
show("configparser", _configparser)
import json
show("json", lambda: json.loads("[1]", encoding="utf-8"))

# --- NumPy
show("rank", lambda: np.rank(np.zeros((2, 3))))
show("ragged", lambda: np.array([[1, 2], [3]]))
show("ragged asarray", lambda: (np.asarray([[1, 2], [3], []]).shape, np.asarray([[1, 2], [3], []]).dtype.kind))
try:
    np.array([[1, 2], [3]], dtype=float)
except ValueError as error:
    show("ragged float", lambda: str(error)[:41])
show("copy=False", lambda: np.array([1, 2], copy=False))
show("fromstring", lambda: np.fromstring(b"\x01\x02\x00\x80", dtype=np.uint8))
show("fromstring writes", lambda: np.fromstring(b"\x01\x02", dtype=np.uint8).flags.writeable)
show("fromstring text", lambda: np.fromstring("1 2 3", sep=" "))
show("unique", lambda: np.unique([[3, 1], [1, 2]], return_inverse=True))
show("trapz", lambda: np.trapz([1., 2, 4], dx=0.5))
show("normed", lambda: (np.histogram([1, 2, 2, 4], 2, normed=True)[0], np.histogram2d([1, 2], [1, 2], 2, normed=True)[0]))
show("alen, typeDict", lambda: (np.alen([1, 2]), np.alen(3), np.typeDict["float32"] is np.float32))
show("row_stack", lambda: np.row_stack([[1, 2], [3, 4]]))
show("lib.pad", lambda: np.lib.pad(np.ones(2), 1, "constant"))
show("stack of a generator", lambda: (np.vstack(np.ones(2) * n for n in (1, 2)), np.hstack(map(np.ones, [1, 2]))))
show("np.warnings", lambda: np.warnings.filterwarnings("ignore"))


def _converters():
    import io
    kinds = {b"setosa": 0, b"virginica": 1}
    return (np.loadtxt(io.BytesIO(b"1,setosa\n3,virginica\n"), delimiter=",", converters={1: lambda s: kinds[s]}),
            np.genfromtxt(io.BytesIO(b"1,setosa\n3,virginica\n"), delimiter=",", converters={1: lambda s: kinds[s]},
                          dtype=float))


show("converters get bytes", _converters)
single = np.arange(1, 5, dtype="float32") / 3
show("precision of np.fft", lambda: [(transformed.dtype.name, transformed) for transformed in (
    np.fft.fft(single), np.fft.rfft(single), np.fft.ifft(single.astype("complex64")), np.fft.irfft(single),
    np.fft.fft2(single.reshape(2, 2)).real, np.fft.rfftn(single.reshape(2, 2)).real, np.fft.fft(single.astype("float16")).real)])
show("printed", lambda: (str(np.float64(1.5)), repr(np.float64(1.5)), repr([np.float32(0.1), np.int64(3)])))


def _umath_tests():
    from numpy.core.umath_tests import inner1d, matrix_multiply
    return inner1d([[1, 2], [3, 4]], [[1, 1], [2, 2]]), matrix_multiply(np.eye(2), np.ones((2, 2)))


show("umath_tests", _umath_tests)

# --- SciPy
import scipy
import scipy.integrate, scipy.linalg, scipy.ndimage, scipy.signal  # noqa: E401

grey = np.array([[0.2, 0.5, 0.9], [0.1, 0.4, 0.3]])
square = np.arange(64).reshape(8, 8).astype("uint8") * 3
colour = np.arange(12).reshape(2, 2, 3)
show("bytescale", lambda: (scipy.misc.bytescale(grey), scipy.misc.bytescale(grey, 0, 1, 200, 10)))
show("imresize", lambda: [scipy.misc.imresize(grey, size, how) for size, how in (((3, 4), "bilinear"), (200, "nearest"),
                                                                              (1.5, "bicubic"))])
show("imrotate", lambda: scipy.misc.imrotate(square, 30))
show("toimage", lambda: np.array(scipy.misc.toimage(grey, cmin=0, cmax=1.0)))
show("toimage low high", lambda: np.array(scipy.misc.toimage(grey, high=100, low=20)))
show("toimage colour", lambda: np.array(scipy.misc.toimage(colour)))


def _files():
    scipy.misc.imsave("a.png", colour)
    from scipy.misc.pilutil import imread
    return scipy.misc.imread("a.png"), scipy.ndimage.imread("a.png", flatten=True), imread("a.png", mode="L").shape


show("imsave imread", _files)
show("comb", lambda: (scipy.misc.comb(5, 2), scipy.misc.comb(5, 2, exact=True), float(scipy.misc.factorial(5)),
                      float(scipy.misc.factorial2(7)), scipy.misc.factorialk(8, 3)))
show("logsumexp", lambda: scipy.misc.logsumexp([1., 2, 3]))
show("names of NumPy", lambda: (scipy.zeros(2), scipy.pi, scipy.sqrt(-1), scipy.log(2.), scipy.mean([1, 2])))
np.random.seed(2)
show("randn", lambda: scipy.randn(2))
show("windows", lambda: (scipy.signal.hann(4), scipy.signal.gaussian(3, 1.0), scipy.signal.hamming(4, False)))


def _mode():
    from scipy.stats import mode
    return [[np.asarray(part) for part in mode(*arguments)] for arguments in (
        ([[1, 5], [1, 6], [2, 5]],), ([3, 3, 1],), ([[1, 2], [2, 3]], None))]


show("mode", _mode)
show("trapz", lambda: (scipy.integrate.trapz([1., 2, 4]), scipy.integrate.cumtrapz([1., 2, 4])))
show("pinv2", lambda: scipy.linalg.pinv2(np.array([[1., 2], [3, 4]])))

# --- h5py
import h5py

with h5py.File("a.h5") as file:
    file["x"] = np.arange(3)
    file.attrs["bytes"] = b"relu"
    file.attrs["text"] = u"relu"
    file.attrs["names"] = [b"a", b"bc"]
    file.create_dataset("words", data=np.array([u"one", u"two"], object), dtype=h5py.special_dtype(vlen=str))
    file.create_dataset("raw", data=[b"one", b"two"], dtype="S3")
with h5py.File("a.h5") as file:
    file["y"] = 1.5
    show("h5py value", lambda: (file["x"].value, file["y"].value))
    show("h5py attributes", lambda: (file.attrs["bytes"], file.attrs["text"]))
    show("h5py array of attributes", lambda: file.attrs["names"].tolist())
    show("h5py words", lambda: (file["words"][0], file["words"][:], file["words"].value[1]))
    show("h5py bytes", lambda: file["raw"][0].decode())

# --- Pillow
from PIL import Image, ImageDraw, ImageFont

show("ANTIALIAS", lambda: np.array(Image.fromarray(square).resize((3, 3), Image.ANTIALIAS)))
show("LINEAR CUBIC", lambda: (int(Image.LINEAR), int(Image.CUBIC)))
photograph = Image.fromarray(np.random.RandomState(1).randint(0, 256, (6, 7, 3)).astype("uint8"))
photograph.putpixel((0, 0), (255, 255, 255))
photograph.putpixel((1, 0), (8, 8, 8))
show("grey pixels", lambda: [np.array(image.convert("L")) for image in (photograph, photograph.convert("RGBA"),
                                                                       photograph.quantize(4))])
show("resize", lambda: np.array(photograph.resize((3, 4))))
# --- matplotlib
import matplotlib
matplotlib.use("agg", warn=False)
import matplotlib.mlab
import matplotlib.pyplot as plt
from matplotlib import cm

font = ImageFont.truetype(os.path.join(os.path.dirname(matplotlib.__file__), "mpl-data/fonts/ttf/DejaVuSans.ttf"), 20)
draw = ImageDraw.Draw(Image.new("L", (200, 200)))
show("textsize", lambda: (draw.textsize("legacy", font), draw.textsize("two\nlines", font), font.getsize("quay")))
plt.hold(True)
show("normpdf", lambda: matplotlib.mlab.normpdf(np.array([0., 1, 2]), 1.0, 2.0))
show("get_cmap", lambda: cm.get_cmap("jet", 3)(np.arange(3)))
show("hist", lambda: plt.hist([1, 2, 2, 3], 3, normed=True)[0])
axes = plt.subplot(111)
axes.set_color_cycle(["red", "green"])
show("color_cycle", lambda: [axes.plot([1])[0].get_color() for _ in range(3)])
axes.tick_params(axis="both", bottom="off", labelleft="off")
show("tick_params", lambda: (axes.xaxis.get_major_ticks()[0].tick1line.get_visible() if hasattr(
    axes.xaxis.get_major_ticks()[0].tick1line, "get_visible") and not hasattr(axes.xaxis.get_major_ticks()[0], "tick1On")
    else axes.xaxis.get_major_ticks()[0].tick1On))
axes.grid(b=True)
show("annotate", lambda: (axes.annotate(s="a", xy=(0, 0)).get_text(), plt.annotate(s="b", xy=(0, 0)).get_text()))
show("basex", lambda: (axes.set_xscale("log", basex=2), axes.get_xscale())[1])
show("style", lambda: plt.style.use("seaborn-whitegrid"))
show("window title", lambda: plt.gcf().canvas.set_window_title("a"))


def _projection():
    from mpl_toolkits.mplot3d import Axes3D  # noqa: F401
    axes = plt.figure().gca(projection="3d")
    return axes.name, axes.w_xaxis is axes.xaxis


show("projection", _projection)


def _lines():
    axes = plt.figure().gca()
    lines = axes.plot(np.eye(4))
    axes.lines.remove(lines[0])
    left = [len(axes.lines), axes.lines.pop() is lines[3], len(axes.lines)]
    del axes.lines[0]
    left.append(axes.lines[0] is lines[2])
    del axes.lines[:]
    return left + [len(axes.lines)]


def _axes3d():
    from mpl_toolkits.mplot3d import Axes3D
    figure = plt.figure()
    axes = Axes3D(figure)
    return len(figure.axes), figure.gca() is axes, len(plt.figure().add_subplot(111, projection="3d").figure.axes)


show("lines", _lines)
show("Axes3D", _axes3d)

# --- Keras
os.environ["KERAS_BACKEND"] = "theano"
from keras import backend as K
import keras.layers
import keras.regularizers

K.set_image_dim_ordering("th")
show("image_dim_ordering", lambda: (K.image_dim_ordering(), K.image_data_format()))
K.set_image_dim_ordering("tf")
show("image_dim_ordering tf", lambda: (K.image_dim_ordering(), K.image_data_format()))


def _layers():
    from keras.layers import Deconv2D, Highway, Input, MaxoutDense, SeparableConvolution2D
    x, y = Input((4,)), Input((8, 8, 3))
    return [K.int_shape(layer) for layer in (MaxoutDense(5)(x), Highway()(x), Deconv2D(2, 3)(y), SeparableConvolution2D(2, 3)(y))]


show("layers", _layers)
show("get_variable_shape", lambda: K.get_variable_shape(K.zeros((2, 3))))


def _until_2_1():
    """Keras 2.0.9's and 2.1's."""
    from keras.applications.imagenet_utils import _obtain_input_shape
    from keras.applications.mobilenet import relu6
    return _obtain_input_shape(None, 224, 48, "channels_last", True), K.eval(relu6(K.variable(np.array([-1., 3, 9]))))


def _merge():
    from keras.layers import Input, merge
    from keras.models import Model
    a, b = Input((2,)), Input((2,))
    data = [np.array([[1., 2]]), np.array([[3., 5]])]
    return [Model([a, b], merge([a, b], **how)).predict(data) for how in (
        dict(mode="sum"), dict(mode="mul"), dict(mode="ave"), dict(mode="max"), dict(mode="concat"),
        dict(mode="concat", concat_axis=1), dict(mode="dot"), dict(mode="dot", dot_axes=1),
        dict(mode=lambda x: x[0] - x[1], output_shape=(2,)))]


show("until 2.1", _until_2_1)
show("merge", _merge)

# --- pandas
try:
    import pandas as pd
except ImportError:
    pd = None


def _pandas():
    import datetime
    import io
    table = pd.DataFrame({"a": [1, 2, 3, 4], "b": list("xyzx"), "c": [0.1, 0.2, 0.3, 0.4]})
    named = table.set_index("b")
    show("pandas ix", lambda: [
        table.ix[0:2, "a"].tolist(), table.ix[:, 0:2].columns.tolist(), table.ix[table.a > 2, "c"].tolist(),
        table.ix[2].tolist(), named.ix[0].tolist(), named.ix["y", "a"].tolist(), named.ix[0:2, 0].tolist(),
        named.ix[-1, -1], named.ix[["y", "z"], "a"].tolist()])
    changed = table.copy()
    changed.ix[changed.a > 3, "c"] = 9
    show("pandas ix written", lambda: changed.c.tolist())
    show("pandas as_matrix", lambda: table.as_matrix(["a", "c"]))
    show("pandas append", lambda: [
        table.append(table).index.tolist(), pd.Series([1]).append(pd.Series([2])).tolist(),
        table.append({"a": 5, "b": "y", "c": 1.0}, ignore_index=True).a.tolist()])
    show("pandas iteritems", lambda: [name for name, _ in table.iteritems()])
    show("pandas datetime np", lambda: (pd.datetime is datetime.datetime, pd.np is np))
    text = u" 0.1  18.0\n 0.2   0.0\n"
    show("pandas read_csv", lambda: [read.values for read in (
        pd.read_csv(io.StringIO(text), delim_whitespace=True, header=None), pd.read_csv(io.StringIO(u"a;b\n1;2\n"), ";"),
        pd.read_csv(io.StringIO(u"a\n1\n2\n"), squeeze=True), pd.read_csv(io.StringIO(u"a\n1\n2,3\n4\n"), error_bad_lines=False))])
    show("pandas get_dummies", lambda: pd.get_dummies(table.b).values)
    show("pandas by position", lambda: [part.columns.tolist() for part in (
        table.drop("b", 1), table.drop(["a", "b"], 1), pd.concat([table, table], 1), table.dropna(1, "any"))])
    show("pandas sort_values", lambda: table.sort_values("b", 0, False).a.tolist()[0])
    show("pandas numbers only", lambda: [table.mean().tolist(), table.corr().shape, table.std().index.tolist(),
                                         table.groupby("b").mean().a.tolist(), table.groupby("a").median().columns.tolist()])
    strings = pd.Series(["a.b", "$1,200", "x  y"])
    show("pandas str.replace", lambda: [strings.str.replace(*pair).tolist() for pair in (
        (".", "_"), (r"[$,]", ""), (r"\s+", " "), ("([ab])", lambda match: match.group(1).upper()))])
    frame = pd.DataFrame({"label": [3, 1, 2], "pixel0": [255, 0, 51]})
    labels = frame["label"].values
    labels[labels == 3] = 0
    pixels = frame[["pixel0"]].astype("float32").values
    pixels /= 255
    show("pandas values", lambda: (labels, pixels))


if pd and int(pd.__version__.split(".")[0]) < 3:  # of 3, legacy says a sentence
    _pandas()

# --- scikit-learn
try:
    import sklearn  # noqa: F401
except ImportError:
    sys.exit()
labels = np.random.RandomState(3).randint(0, 3, 17)


def _cross_validation():
    from sklearn.cross_validation import KFold, StratifiedKFold, train_test_split
    return ([[test for _, test in folds] for folds in (
        KFold(7, n_folds=3), KFold(7, 3, shuffle=True, random_state=1), StratifiedKFold(labels, n_folds=4),
        StratifiedKFold(labels, 4, shuffle=True, random_state=1))], len(StratifiedKFold(labels)), train_test_split(np.arange(9), random_state=1))


def _joblib():
    from sklearn.externals import joblib
    joblib.dump([1, 2], "a.pkl")
    from sklearn.externals.joblib import load
    return load("a.pkl")


def _preprocessing():
    from sklearn.datasets.samples_generator import make_blobs
    from sklearn.preprocessing import Imputer, OneHotEncoder
    return (Imputer().fit_transform([[1., 2], [np.nan, 4], [5, 6]]), make_blobs(4, random_state=1)[1],
            OneHotEncoder(sparse=False).fit_transform([[0], [1]]))


def _folds():
    from sklearn.model_selection import KFold
    return [test for _, test in KFold(n_splits=2, random_state=7).split(np.zeros(5))]


def _grid_search():
    from sklearn.grid_search import GridSearchCV, ParameterGrid
    from sklearn.tree import DecisionTreeClassifier
    x = np.arange(20.).reshape(-1, 1)
    search = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2]}, cv=2).fit(x, (x[:, 0] > 4) * 1)
    return search.best_params_, len(list(ParameterGrid({"a": [1, 2], "b": [3]})))


def _grid_scores():
    from sklearn.grid_search import GridSearchCV
    from sklearn.linear_model import Ridge
    x = np.arange(12.)[:, None]
    search = GridSearchCV(Ridge(), {"alpha": [0.5, 1]}, scoring="mean_squared_error").fit(x, x[:, 0])
    return [(score.parameters["alpha"], score.mean_validation_score, score.cv_validation_scores)
            for score in search.grid_scores_]


def _scores():
    from sklearn.cross_validation import cross_val_score
    from sklearn.linear_model import Ridge
    x = np.arange(12.)[:, None]
    return (cross_val_score(Ridge(), x, x[:, 0], "mean_absolute_error"), len(cross_val_score(Ridge(), x, x[:, 0], cv=4)),
            cross_val_score(Ridge(), x, x[:, 0], scoring="mean_squared_error"))


def _text_and_assignment():
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.utils.linear_assignment_ import linear_assignment
    return TfidfVectorizer().fit([u"bb aa", u"cc"]).get_feature_names(), linear_assignment(np.array([[3, 1], [1, 3]]))


def _one_hot():
    """As a course on customers who leave a bank has it: a country's number, among numbers of type object."""
    from sklearn.preprocessing import OneHotEncoder
    x = np.array([[619, 0, 42], [608, 2, 41], [502, 1, 42]], object)
    return OneHotEncoder(categorical_features=[1]).fit_transform(x).toarray()


for name, function in (("cross_validation", _cross_validation), ("joblib", _joblib), ("preprocessing", _preprocessing),
                       ("KFold", _folds), ("grid_search", _grid_search), ("grid_scores_", _grid_scores), ("scores", _scores),
                       ("text and assignment", _text_and_assignment), ("categorical_features", _one_hot)):
    show("sklearn " + name, function)
