"""Theano 1.0.5 (2020) and Keras 2.3.1 (2019) on a Python of today.

    import legacy             # before theano or keras: what they need to run, the same numbers
    import legacy.fast.all    # instead: also what makes them faster and may round a last digit differently

    python -m legacy SCRIPT    # a script of those years as it is

Compatibility: `python`, `numpy`, `lines`, `theano` and `keras` give back what later versions took away from the two,
each with its cause and the version that it serves. Only under `python -m legacy`: `moves`, `pictures` and `keras1`,
names that scripts ask packages for; `scripts`, their processes; `mnist`. `install.py` installs the stack.
Guards: `compiler` and `cache` refuse or repair, in a sentence, what Theano would end at with a traceback.
Speed: `fast`. A plain `import legacy` has those that change no number: `startup` and `headers`. LEGACY_FAST=0 in
the environment switches all of them off, for comparison.

The changes are made by an import hook, when Theano's and Keras's modules are imported. Global, so seen by every
package in the process, are the names put back into `numpy` and `collections`. The package imports nothing but the
stack, so it works copied into another project.
"""
import contextlib
import importlib.abc
import importlib.machinery
import os
import sys

SPEEDUPS = os.environ.get("LEGACY_FAST") != "0"

_modules = []


def hook(*modules):
    """Add modules of this package to the import hook.

    A module may have two tables with the full names of others as keys: AROUND_IMPORT, of context managers' functions
    that surround an import, and AFTER_IMPORT, of functions that are called with the imported module.
    """
    _modules.extend(module for module in modules if module not in _modules)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds modules as Python does, and applies the tables to them."""
    is_legacy_hook = True

    def find_spec(self, name, path=None, target=None):
        around = [module.AROUND_IMPORT[name] for module in _modules if name in module.AROUND_IMPORT]
        after = [module.AFTER_IMPORT[name] for module in _modules if name in module.AFTER_IMPORT]
        if not around and not after:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def exec_module(module):
            with contextlib.ExitStack() as stack:
                for enter in around:
                    stack.enter_context(enter())
                execute(module)
            for function in after:
                function(module)

        spec.loader.exec_module = exec_module
        return spec


if not any(hasattr(finder, "is_legacy_hook") for finder in sys.meta_path):
    sys.meta_path.insert(0, _Finder())

from . import cache, compiler, keras, lines, numpy, python, theano  # noqa: E402, they are installed below

hook(python, numpy, lines, theano, keras, compiler, cache)
if SPEEDUPS:
    from .fast import headers, startup
    hook(startup, headers)
