"""What Python 3.10 to 3.15 took away from Theano 1.0.5 and Keras 2.3.1."""
import collections
import collections.abc
import contextlib
import importlib.util
import pickle
import shutil
import sys
import sysconfig
import types

import numpy as np

# Python 3.10 left the abstract classes in `collections.abc` only; Keras 2.3.1 asks `collections`. (Global.)
for _name in ("Container", "Iterable", "Mapping", "Sequence"):
    if not hasattr(collections, _name):
        setattr(collections, _name, getattr(collections.abc, _name))

# Python 3.11 took away the header `longintrepr.h`, and NumPy 2 what else the C code of 2018's Cython
# needs that Theano compiles for scan. Theano has the same loop in Python, for where it can't compile.
if sys.version_info >= (3, 11) or np.lib.NumpyVersion(np.__version__) >= "2.0.0":
    sys.modules["theano.scan_module.scan_perform_ext"] = None


def _distutils():
    """Python 3.12 took distutils away, and NumPy's with it: what Theano calls of both, by name."""
    paths = sysconfig.get_paths()
    return {
        "distutils": {},
        "distutils.spawn": {"find_executable": shutil.which},
        "distutils.sysconfig": {
            "get_config_var": sysconfig.get_config_var,
            "get_config_h_filename": sysconfig.get_config_h_filename,
            "get_python_inc": lambda plat_specific=False: paths["platinclude" if plat_specific else "include"],
            "get_python_lib": lambda plat_specific=False, standard_lib=False:
                paths[("platstdlib" if plat_specific else "stdlib") if standard_lib
                      else ("platlib" if plat_specific else "purelib")],
            "get_python_version": sysconfig.get_python_version,
        },
        "numpy.distutils": {},
        "numpy.distutils.misc_util": {"get_numpy_include_dirs": lambda: [np.get_include()]},
    }


def _gpuarray():
    """The names that theano.gpuarray, and so scan, asks of what isn't there any more.

    setuptools left the environments of Python 3.12, NumPy 2.4 took numpy.linalg.linalg away.
    """
    return {"pkg_resources": {"DistributionNotFound": type("DistributionNotFound", (Exception,), {})},
            "numpy.linalg.linalg": {"LinAlgError": np.linalg.LinAlgError}}


def _imp():
    """Python 3.12 took imp away, which theano.gpuarray, and so scan, imports through Theano's breakpoint."""
    return {"imp": {"find_module": importlib.import_module}}


def _standing_in(missing):
    """Make a context manager in which the modules that `missing()` describes can be imported.

    Only in it: other packages still find that there is, say, no distutils.
    """
    @contextlib.contextmanager
    def around():
        made = {}
        for name, contents in missing().items():
            parent, _, child = name.rpartition(".")
            if parent not in made and _exists(name):
                continue
            made[name] = sys.modules[name] = types.ModuleType(name)
            vars(made[name]).update(contents)
            if parent:
                setattr(sys.modules[parent], child, made[name])  # stays: Theano calls by the full name
        try:
            yield
        finally:
            for name in made:
                sys.modules.pop(name, None)
    return around


def _exists(name):
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _settable_picklers(module):
    """Python 3.13 made `persistent_id` of a Pickler in C read-only, which theano.misc.pkl_utils.dump sets."""
    module.pickle = types.SimpleNamespace(**vars(pickle))
    module.pickle.Pickler, module.pickle.Unpickler = pickle._Pickler, pickle._Unpickler


def _forked_workers(module):
    """Python 3.14 starts processes by a server, to which Keras (use_multiprocessing) can't send a generator."""
    module.mp = module.mp.get_context("fork")


AROUND_IMPORT = {
    "theano.configdefaults": _standing_in(_distutils),
    "theano.gof.cmodule": _standing_in(_distutils),
    "theano.tensor.blas": _standing_in(_distutils),
    "theano.tests.breakpoint": _standing_in(_imp),
    "theano.gpuarray.linalg": _standing_in(_gpuarray),
}
AFTER_IMPORT = {}
if sys.version_info >= (3, 13):
    AFTER_IMPORT["theano.misc.pkl_utils"] = _settable_picklers
if sys.version_info >= (3, 14) and sys.platform == "linux":
    AFTER_IMPORT["keras.utils.data_utils"] = _forked_workers
