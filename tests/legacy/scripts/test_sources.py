"""What Theano's and Keras's sources name of NumPy, SciPy, h5py, Pillow and Python, and is no longer there.

The test walks the sources. Each missing name must stand here, with how it is given back, or why it is not asked for; one
that a later version takes away, or that legacy stops giving back, fails.
"""
import legacy

import ast
import importlib
import importlib.util
import warnings
from pathlib import Path

import pytest

LINES = {**legacy.theano._LINES, **legacy.keras._LINES}
LIBRARIES = {"numpy", "scipy", "h5py", "PIL", *__import__("sys").stdlib_module_names} - {"__future__"}

GONE = {
    # Only Python 2 comes there: `if PY3`, `sys.version_info`.
    **dict.fromkeys(("itertools.ifilter", "itertools.imap", "itertools.izip", "operator.div", "inspect.getargspec",
                     "inspect.ArgSpec", "numpy.getbuffer", "string.maketrans", "collections.Callable",
                     "collections.MutableMapping", "collections.ValuesView"), "Python 2"),
    # Only Windows.
    **dict.fromkeys(("subprocess.STARTF_USESHOWWINDOW", "subprocess.STARTUPINFO", "subprocess._subprocess"), "Windows"),
    # `try`, with the name of today in `except`.
    **dict.fromkeys(("collections.MutableSet", "fractions.gcd", "scipy.linalg.blas.fblas", "pkg_resources", "imp"), "tried"),
    "sys.tracebacklimit": "asked with hasattr",
    # legacy.theano, legacy.keras
    **dict.fromkeys(("scipy.signal.signaltools._bvalfromboundary", "scipy.signal.signaltools._valfrommode",
                     "scipy.signal.signaltools.convolve", "scipy.signal.sigtools._convolve2d"), "theano"),
    # legacy.python: there while Theano is imported.
    **dict.fromkeys(("distutils", "numpy.distutils", "numpy._mklinit"), "python"),
    # Only with mpi, or a graphics card.
    "numpy.linalg.linalg": "python",
}


def sources():
    """(name, tree) of each module, but their tests and Theano's for graphics cards."""
    for package in "theano", "keras", "keras_applications", "keras_preprocessing":
        folder = Path(importlib.util.find_spec(package).origin).parent
        for file in sorted(folder.rglob("*.py")):
            name = file.relative_to(folder.parent)
            if not {"tests", "gpuarray"} & set(name.parts):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", SyntaxWarning)
                    yield str(name), ast.parse(file.read_text())


def dotted(node):
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def named(tree):
    """The full names that a module has of LIBRARIES: imported, or as attributes of what is imported."""
    aliases = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
                aliases[alias.asname or alias.name.partition(".")[0]] = (alias.name if alias.asname
                                                                         else alias.name.partition(".")[0])
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                if alias.name != "*":
                    yield f"{node.module}.{alias.name}"
                    aliases[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            first, _, rest = dotted(node).partition(".")
            if first in aliases:
                yield f"{aliases[first]}.{rest}"


def is_there(name):
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            if not hasattr(thing, part):
                return False
            thing = getattr(thing, part)
        return True
    return False


def test_each_name_of_other_libraries_is_there_or_dealt_with():
    names = {name for _, tree in sources() for name in named(tree) if name.partition(".")[0] in LIBRARIES}
    assert len(names) > 500  # the walk finds them
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gone = {name for name in names if not is_there(name)}
    assert {name for name in gone if not any((name + ".").startswith(known + ".") for known in GONE)} == set()


@pytest.mark.parametrize("module", sorted(LINES))
def test_each_line_that_is_changed_stands_in_the_source(module):
    module = importlib.import_module(module)
    for name in LINES[module.__name__]:
        function = module
        for part in name.split("."):
            function = getattr(function, part)
        function.__closure__[0].cell_contents()  # compiled: RuntimeError where a line is not found
