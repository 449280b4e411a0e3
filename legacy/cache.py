"""Theano's cache of compiled modules: a folder that can be written, no half-written modules, no foreign imports."""
import hashlib
import os
import pickle
import shutil
import sys
import tempfile
import types
from pathlib import Path

from .helpers import refuse, say

# In the names of Theano's folders for compiled modules. Raise the number when what this package has Theano compile
# changes without a change in the Ops' own keys: the C code in numpy.py, fast/blas.py.
SUFFIX = "legacy_1"


def cache_key(*values):
    """Eight hexadecimal digits for the name of a file that is valid for these values only."""
    return hashlib.sha256(repr(values).encode()).hexdigest()[:8]


def why_not_writable(folder):
    """Why Theano can't keep compiled modules in `folder` (a Path, made if need be), or None."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # `sudo` leaves folders that Theano stops at.
        for path in (folder, *folder.glob(f"compiledir_*{SUFFIX}"), *folder.glob(f"compiledir_*{SUFFIX}/*")):
            if not os.access(path, os.R_OK | os.W_OK | os.X_OK) and path.is_dir():  # not just removed
                return f"{path} is not writable"
        total, _, free = shutil.disk_usage(folder)
    except OSError as error:
        return error.strerror
    return "the disk is full" if total and free < 2**20 else None  # Theano would wait for ever


def usable_folder(named, default):
    """The folder for compiled modules, a Path: the one that THEANO_FLAGS names, `default`, or a temporary one.

    Ends with a sentence where it can't be written.
    """
    folder = Path(os.path.expanduser(named or default)).absolute()
    homeless = not named and not os.path.isdir(os.path.expanduser("~"))
    reason = "there is no home folder" if homeless else why_not_writable(folder)
    if not reason:
        return folder
    if named:
        refuse(f"THEANO_FLAGS names {folder}, where Theano can't keep what it compiles ({reason}): name another.")
    fallback = Path(tempfile.gettempdir()) / f"theano-{os.geteuid()}"
    try:
        fallback.mkdir(mode=0o700, exist_ok=True)
        # Modules that another user put there would be run.
        other = (why_not_writable(fallback) if fallback.lstat().st_uid == os.geteuid()
                 else f"{fallback} belongs to another user")
    except OSError as error:
        other = error.strerror
    if other:
        refuse(f"Theano can't keep what it compiles in {folder} ({reason}), nor in a temporary folder ({other}): make "
               "one writable, free some space, or name a folder with THEANO_FLAGS=base_compiledir=FOLDER.")
    say(f"Theano can't keep what it compiles in {folder} ({reason}): it uses {fallback}.")
    return fallback


def _write_modules_atomically(cmodule):
    """Let the compiler write a temporary file that is then renamed.

    A compiler killed while it writes (Ctrl-C) leaves half a module, and to load that ends the process: Theano trusts
    what it finds as lazylinker_ext.so or cutils_ext.so.
    """
    plain = cmodule.output_subprocess_Popen

    def output_subprocess_Popen(command, **keywords):
        if "-o" not in command:
            return plain(command, **keywords)
        at = command.index("-o") + 1
        module, temporary = command[at], f"{command[at]}.tmp"
        out, err, status = plain([*command[:at], temporary, *command[at + 1:]], **keywords)
        if status == 0:
            os.replace(temporary, module)
        return out, err, status

    cmodule.output_subprocess_Popen = output_subprocess_Popen


def _write_keys_atomically(cmodule):
    """Write a module's keys to a temporary file that is then renamed.

    Theano adds keys to the files of modules that it has. Another process that starts meanwhile finds such a file empty
    and removes the module, at which the first one stops with an AssertionError.
    """
    def save_pkl(self):
        temporary = f"{self.key_pkl}.tmp"
        try:
            with open(temporary, "wb") as file:
                pickle.dump(self, file, pickle.HIGHEST_PROTOCOL)
        except pickle.PicklingError:
            os.remove(temporary)
            raise
        os.replace(temporary, self.key_pkl)

    cmodule.KeyData.save_pkl = save_pkl


class _Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if module.partition(".")[0] not in sys.modules:
            raise pickle.UnpicklingError(f"{module} is not imported")
        return super().find_class(module, name)


def _import_no_package_for_a_key(cmodule):
    """Skip the keys of Ops from packages that this process has not imported; Theano looks again when it needs one.

    Theano unpickles every key in the cache, which imports the packages of all Ops that were ever compiled there: with
    Keras floatX becomes float32, and other packages change more.
    """
    cmodule.pickle = types.SimpleNamespace(**{**vars(pickle), "load": lambda file: _Unpickler(file).load()})


def _patch(cmodule):
    _write_modules_atomically(cmodule)
    _write_keys_atomically(cmodule)
    _import_no_package_for_a_key(cmodule)


AROUND_IMPORT = {}
AFTER_IMPORT = {"theano.gof.cmodule": _patch}
