"""The program `python -m legacy SCRIPT [ARGUMENTS]`."""
import builtins
import importlib.machinery
import io
import os
import sys
import types
from pathlib import Path

from ..helpers import refuse
from . import begin

USAGE = """\
usage: python -m legacy SCRIPT [ARGUMENTS]

Runs a Python script of 2015 to 2019 as it is, on Theano 1.0.5, Keras 2.3.1 and today's libraries. In a notebook, write
%load_ext legacy into the first cell."""


def _read(script):
    if os.path.isdir(script):
        refuse(f"{script} is a folder; name a Python script.")
    try:
        with io.open_code(os.path.abspath(script)) as file:
            source = file.read()
    except FileNotFoundError:
        refuse(f"{script} does not exist.")
    except OSError as error:
        refuse(f"{script} can't be read: {error.strerror}.")
    if script.endswith(".ipynb"):
        refuse(f"{script} is a notebook: open it in Jupyter, and write %load_ext legacy into a cell above the others.")
    return source


def main(arguments):
    """Run the script that the first argument names as Python would: its arguments, its folder first on the path, the
    name `__main__`.

    runpy.run_path would take the module `__main__` away before exit handlers and threads have ended, leave sys.path
    as it is, and appear in the script's tracebacks.
    """
    if not arguments:
        refuse("name a script: python -m legacy SCRIPT [ARGUMENTS]")
    if arguments[0] in ("-h", "--help"):
        print(USAGE)
        return
    script = arguments[0]
    source = _read(script)
    path, folder = os.path.abspath(script), os.path.dirname(os.path.realpath(script))
    own = [os.path.join(folder, name) for name in ("legacy", "legacy.py")]
    ours = Path(__file__).parents[1]
    begin(hidden=any(os.path.exists(name) and not os.path.samefile(name, ours) for name in own))
    program = types.ModuleType("__main__", None)
    program.__dict__.update(__file__=path, __builtins__=builtins, __package__=None,
                            __loader__=importlib.machinery.SourceFileLoader("__main__", path))
    if sys.version_info < (3, 14):  # as Python itself
        program.__annotations__ = {}
    if sys.version_info < (3, 15):
        program.__cached__ = None
    sys.modules["legacy.__main__"], sys.modules["__main__"] = sys.modules["__main__"], program
    sys.argv = list(arguments)
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = folder
    try:
        exec(compile(source, path, "exec", dont_inherit=True), program.__dict__)
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # the script's own traceback, without this frame
        error.__traceback__ = error.__traceback__.tb_next
        sys.excepthook(type(error), error, error.__traceback__)
        sys.exit(1)
