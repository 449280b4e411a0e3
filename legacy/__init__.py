"""What lets Theano 1.0.5 and Keras 2.3.1, both of 2020, run on a Python of today.

Write `import legacy` above `import theano` or `import keras`; nothing else changes in a
script. Every compatibility trick is in a room of this package, each with the upstream cause
and the version it serves: `python`, `numpy`, `theano` (with the flags that make it fast without
changing what it computes; TP2_PLAIN=1 in the environment leaves those out, for comparison), `headers`, `keras`,
and `speed`, which only who asks for it gets. `python -m legacy SCRIPT` runs a script of those years
as it is, `install.py` installs the stack.

Importing this package twice, or in any number of processes, does no more than once. It
imports nothing from outside but the stack, so it works copied alone into another project.
"""
import contextlib
import importlib.abc
import importlib.machinery
import sys

from . import headers, keras, lines, numpy, python, theano
from .theano import FAST, blas_threads

__all__ = ["FAST", "blas_threads"]


ROOMS = [python, numpy, lines, headers, theano, keras]


class _Hook(importlib.abc.MetaPathFinder):
    """Finds modules as ever; AROUND_IMPORT surrounds a load, AFTER_IMPORT mends it."""

    def find_spec(self, name, path=None, target=None):
        around = [room.AROUND_IMPORT[name] for room in ROOMS if name in room.AROUND_IMPORT]
        mend = [room.AFTER_IMPORT[name] for room in ROOMS if name in room.AFTER_IMPORT]
        if not around and not mend:
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
            for function in mend:
                function(module)

        spec.loader.exec_module = exec_module
        return spec


if not any(type(finder).__name__ == "_Hook" for finder in sys.meta_path):
    sys.meta_path.insert(0, _Hook())
