"""`python -m legacy SCRIPT`: scripts of 2015 to 2019 as they are.

`engine` gives back, when a script asks for it, what each library took away: a file a library, its rows first, then
their functions. `run` is the program. `import legacy` imports none of it.
"""
import sys
import warnings

from numpy import set_printoptions

from .. import keras as _keras
from .. import theano as _theano
from . import engine, h5py, keras, matplotlib, numpy, pandas, pillow, python, scipy, sklearn

TABLES = python, numpy, scipy, pandas, sklearn, matplotlib, pillow, h5py, keras


def begin(hidden=False):
    """Prepare this process for a script; `hidden`: its `import legacy` is to find a module of its own."""
    python.hidden = hidden
    _theano.flags.clear()  # Theano's own floatX (float64) and folder
    _keras.read_settings = keras.users_settings
    set_printoptions(legacy="1.25")  # NumPy 2.0 prints np.float64(1.5) for 1.5
    warnings.filterwarnings("ignore", "scipy.misc", DeprecationWarning)  # it says that it is empty
    if not engine.installed():  # %reload_ext legacy would wrap each function a second time
        engine.install(*(table.rows() for table in TABLES))
    if hidden:
        for name in [name for name in sys.modules if name.partition(".")[0] == "legacy"]:
            del sys.modules[name]
