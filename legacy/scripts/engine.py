"""How names that libraries took away or changed are given back: tables of Rows, one table a library."""
import functools
import importlib
import importlib.abc
import importlib.machinery
import inspect
import operator
import sys
import types
import warnings
from collections.abc import Callable
from typing import NamedTuple

from .. import hook


class Row(NamedTuple):
    """Names that a library took away or changed. One of `moved`, `value` and `wrap` says what they are again."""
    owner: str  # the module that had them, or "module:Class"
    names: str  # separated by blanks; "*": the module itself, with the contents of `moved` or of `value`, a dict
    since: str  # the library's version that took them away or changed them; "": it is a script that needs the change
    moved: str = ""  # "module", which has a name or is what it stands for, or "module:new.name"
    value: object = None
    wrap: Callable = None  # called with what the name stands for today

    @property
    def module(self):
        return self.owner.partition(":")[0]

    def find(self, name):
        """What `name` stands for: `value`, or what `moved` leads to."""
        if not self.moved:
            return self.value
        module, _, new_name = self.moved.partition(":")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            module = importlib.import_module(module)
            return operator.attrgetter(new_name)(module) if new_name else getattr(module, name, module)


def wrapper(function):
    """A decorator: make a Row's `wrap` of a function whose first argument is the function of today."""
    def wrap(plain):
        return functools.wraps(plain)(lambda *arguments, **keywords: function(plain, *arguments, **keywords))
    return wrap


def renamed(**names):
    """For Row.wrap: a function that takes its old keywords, too. renamed(old="new"); "" for one without a successor."""
    @wrapper
    def call(plain, *arguments, **keywords):
        for old in names.keys() & keywords.keys():
            value = keywords.pop(old)
            if names[old]:
                keywords[names[old]] = value
        return plain(*arguments, **keywords)
    return call


def positional(names=""):
    """For Row.wrap: a function with these positional arguments; "": all of today's, in their order."""
    def wrap(plain):
        order = names.split() or list(inspect.signature(plain).parameters)
        return functools.wraps(plain)(lambda *arguments, **keywords: plain(**dict(zip(order, arguments)), **keywords))
    return wrap


def default(name, position, value, *synonyms):
    """For Row.wrap: a function whose argument `name`, at a position counted from 0, had another default."""
    @wrapper
    def call(plain, *arguments, **keywords):
        if len(arguments) <= position and not {name, *synonyms} & keywords.keys():
            keywords[name] = value
        return plain(*arguments, **keywords)
    return call


_rows = {}  # by module


def _apply(module):
    """Change a module as its rows say. A name that has moved to a module not yet imported is looked up when used."""
    later = {}
    for row in sorted(_rows[module.__name__], key=lambda row: row.names == "*"):
        class_name = row.owner.partition(":")[2]
        owner = getattr(module, class_name) if class_name else module
        for name in row.names.split():
            if row.wrap:
                setattr(owner, name, row.wrap(getattr(owner, name)))
            elif name == "*":
                contents = vars(importlib.import_module(row.moved)) if row.moved else row.value
                for known, value in contents.items():
                    if not known.startswith("__") and known not in later:
                        vars(module).setdefault(known, value)
            elif name in vars(module) if owner is module else hasattr(owner, name):
                continue
            elif owner is module and row.moved and row.moved.partition(":")[0] not in sys.modules:
                later[name] = row
            else:
                setattr(owner, name, row.find(name))
    plain = vars(module).get("__getattr__")

    def __getattr__(name):
        if name in later:
            setattr(module, name, later[name].find(name))
            return vars(module)[name]
        if plain is not None:
            return plain(name)
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

    if later:
        module.__getattr__ = __getattr__


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds, after all others, the modules that no longer exist."""

    def find_spec(self, name, path=None, target=None):
        if any(row.names == "*" for row in _rows.get(name, ())):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def exec_module(self, module):
        _apply(module)


def installed():
    """Whether this process has its tables."""
    return bool(_rows)


def install(*tables):
    """Apply tables in this process: now to the modules that are imported, to the others after their import."""
    for row in (row for table in tables for row in table):
        _rows.setdefault(row.module, []).append(row)
    sys.meta_path.append(_Finder())
    hook(types.SimpleNamespace(AROUND_IMPORT={}, AFTER_IMPORT=dict.fromkeys(_rows, _apply)))
    for name in _rows.keys() & sys.modules.keys():
        _apply(sys.modules[name])
