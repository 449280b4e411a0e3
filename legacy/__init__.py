"""Theano 1.0.5 (2020) and Keras 2.3.1 (2019) on a Python of today.

    import legacy             # before theano or keras: they run, and give the numbers they gave
    import legacy.fast.all    # instead: also faster; a sum's last digit may round differently

    python -m legacy SCRIPT    # run a script of those years unchanged
    %load_ext legacy           # the same, in the first cell of a notebook

- `python`, `numpy`, `theano`, `keras`: give back what later versions of Python and of libraries took away from the
  two, each change with its cause and the version that made it necessary.
- `compiler`, `cache`: detect broken compilers and cache folders, and print one line instead of a traceback.
- `fast`: speed. A plain `import legacy` has the parts that change no number, `startup` and `headers`. LEGACY_FAST=0 in
  the environment switches all of `fast` off, for comparison.
- `install.py`: installs the stack; `mnist`: reads the data file that it unpacks. `import legacy` imports neither.
- `scripts`: what `python -m legacy` does for the script itself. `import legacy` never imports it.

An import hook makes the changes when Theano's and Keras's modules are imported. Only the names put back into `numpy`
and `collections` are global, so every package in the process sees them. legacy imports nothing but the stack, so the
folder works when copied into another project.
"""
import contextlib
import importlib.abc
import importlib.machinery
import os
import sys

SPEEDUPS = os.environ.get("LEGACY_FAST") != "0"

_modules = []


def hook(*modules):
    """Add modules to the import hook.

    Each has two tables whose keys are full names of other modules: AROUND_IMPORT, whose functions return a context
    manager for the import, and AFTER_IMPORT, whose functions are called with the imported module. Where several
    modules name the same one, the order is that of the calls of `hook`.
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


def load_ipython_extension(_ipython):
    """`%load_ext legacy`, in a notebook's first cell: what `python -m legacy` gives a script."""
    from . import scripts
    scripts.begin()


from . import cache, compiler, keras, numpy, python, theano  # noqa: E402, they are hooked in below

hook(python, numpy, theano, keras, compiler, cache)
if SPEEDUPS:
    from .fast import headers, startup
    hook(startup)
    compiler.before_compiling.append(headers.with_precompiled_header)
