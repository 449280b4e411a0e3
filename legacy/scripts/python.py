"""Python 3.7 to 3.14."""
import collections
import collections.abc
import functools
import html
import importlib
import importlib.metadata
import importlib.util
import inspect
import re
import sys
from pathlib import Path

from ..python import _distutils
from .engine import Row, renamed, wrapper


def rows():
    fork = sys.version_info >= (3, 14) and sys.platform == "linux"
    return [
        Row("os", "errno", "3.7", "errno"),
        Row("re", "split", "3.7", wrap=_split),
        Row("time", "clock", "3.8", "time:process_time"),
        Row("base64", "encodestring", "3.9", "base64:encodebytes"),
        Row("base64", "decodestring", "3.9", "base64:decodebytes"),
        Row("fractions", "gcd", "3.9", "math"),
        Row("html.parser:HTMLParser", "unescape", "3.9", value=staticmethod(html.unescape)),
        Row("json", "load loads", "3.9", wrap=renamed(encoding="")),
        Row("threading:Thread", "isAlive", "3.9", "threading:Thread.is_alive"),
        Row("xml.etree.cElementTree", "*", "3.9", "xml.etree.ElementTree"),
        Row("collections", " ".join(collections.abc.__all__), "3.10", "collections.abc"),
        Row("builtins", "open", "3.11", wrap=_open),
        Row("inspect", "getargspec", "3.11", value=_getargspec),
        Row("random", "sample", "3.11", wrap=_sample),
        Row("configparser", "SafeConfigParser", "3.12", "configparser:ConfigParser"),
        Row("imp", "*", "3.12", value={
            "load_source": _load_source, "reload": importlib.reload, "new_module": type(sys),
            **dict.fromkeys(("acquire_lock", "release_lock"), lambda: None)}),
        Row("distutils", "*", "3.12", value={}),
        Row("distutils.version", "*", "3.12", value={"LooseVersion": LooseVersion}),
        Row("distutils.spawn", "*", "3.12", value=_distutils()["distutils.spawn"]),
        Row("distutils.sysconfig", "*", "3.12", value=_distutils()["distutils.sysconfig"]),
        # setuptools, no longer in a new environment: Lasagne, blocks and fuel ask for their own versions.
        Row("pkg_resources", "*", "3.12", value={
            "get_distribution": _Distribution, "DistributionNotFound": importlib.metadata.PackageNotFoundError}),
        Row("multiprocessing.util", "spawnv_passfds", "", wrap=_spawn),
        Row("joblib.externals.loky.backend.fork_exec", "fork_exec", "", wrap=_fork_exec),
        Row("yaml", "load", "6.0", wrap=_load_yaml),
        *[Row("multiprocessing.context", "_default_context", "3.14", wrap=_by_fork)] * fork,
    ]


ArgSpec = collections.namedtuple("ArgSpec", "args varargs keywords defaults")


def _getargspec(function):
    """The names and defaults of a function's parameters."""
    return ArgSpec(*inspect.getfullargspec(function)[:4])


def _load_source(name, pathname, file=None):
    """imp's: a Python file as the module `name`."""
    spec = importlib.util.spec_from_file_location(name, pathname)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.total_ordering
class LooseVersion:
    """distutils's: a version whose numbers are compared as numbers."""

    def __init__(self, vstring=""):
        self.vstring = str(vstring)
        parts = re.split(r"(\d+|[a-z]+|\.)", self.vstring)
        self.version = [int(part) if part.isdigit() else part for part in parts if part not in ("", ".")]

    def __str__(self):
        return self.vstring

    def __eq__(self, other):
        return self.version == type(self)(other).version

    def __lt__(self, other):
        return self.version < type(self)(other).version


class _Distribution(importlib.metadata.PathDistribution):
    """pkg_resources's: an installed package, with its folder."""
    location = property(lambda self: str(self.locate_file("")))

    def __init__(self, name):
        super().__init__(importlib.metadata.distribution(name)._path)


# --- Functions that changed -------------------------------------------------------------

@wrapper
def _split(plain, pattern, string, maxsplit=0, flags=0):
    """3.7: `re.split` splits at empty matches, too."""
    pattern = re.compile(pattern, flags)
    if not pattern.fullmatch(string[:0]):  # one that also matches nothing: (\\W+)?
        return plain(pattern, string, maxsplit)
    parts, end, at = [], 0, 0
    while (match := pattern.search(string, at)) and not 0 < maxsplit <= len(parts) // (pattern.groups + 1):
        at = match.end()
        if match.start() == at:
            at += 1
            if at > len(string):
                break
        else:
            parts += [string[end:match.start()], *match.groups()]
            end = at
    return [*parts, string[end:]]


@wrapper
def _open(plain, file, mode="r", *arguments, **keywords):
    """3.11: `open` no longer takes the mode "U", of universal newlines, which all text has."""
    if "U" in mode:
        mode = mode.replace("U", "") if set(mode) & set("rwxa") else mode.replace("U", "r")
    return plain(file, mode, *arguments, **keywords)


@wrapper
def _sample(plain, population, k, **keywords):
    """3.11: `random.sample` no longer takes a set."""
    return plain(tuple(population) if isinstance(population, collections.abc.Set) else population, k, **keywords)


@wrapper
def _load_yaml(plain, stream, Loader=None):
    """PyYAML 6: `load` asks for a loader; without one, 5.1 to 5.4 took this."""
    return plain(stream, Loader or sys.modules["yaml"].FullLoader)


# --- Child processes, which run the script's file again ---------------------------------

hidden = False  # whether a script's `import legacy` is to find a module of its own


def _by_fork(plain):
    """3.14: Linux no longer forks, with which a new process had the script's lambdas and data."""
    plain._default_context = sys.modules["multiprocessing.context"]._concrete_contexts["fork"]
    return plain


def _under_legacy(command):
    """A command that runs Python with `-c` or `-m`, begun as `python -m legacy` begins."""
    command = list(command)
    if "-m" in command:
        at = command.index("-m")
        command[at:at + 2] = ["-c", f"import runpy; runpy.run_module({command[at + 1]!r}, run_name='__main__', "
                                    "alter_sys=True)"]
    if "-c" in command and "resource_tracker" not in command[command.index("-c") + 1]:
        at = command.index("-c") + 1
        command[at] = (f"import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r}); import legacy.scripts; "
                       f"legacy.scripts.begin({hidden}); del sys.path[0]; {command[at]}")
    return command


@wrapper
def _spawn(plain, path, arguments, fds):
    """multiprocessing's processes by spawn and forkserver."""
    return plain(path, _under_legacy(arguments), fds)


@wrapper
def _fork_exec(plain, command, *arguments, **keywords):
    """joblib's processes (scikit-learn's n_jobs=2)."""
    return plain(_under_legacy(command), *arguments, **keywords)
