"""What `python -m legacy` does around a script beside `moves`: processes, MNIST, names that Keras logs."""
import legacy

import contextlib
import os
import sys
import warnings

from . import keras, mnist, moves, theano

_hidden = False  # whether a script's `import legacy` finds something of its own

# --- multiprocessing: Python 3.14 no longer forks on Linux ---------------------------------------------

def _fork(multiprocessing_context):
    """Let a new process have the script's lambdas and data, and not run the script again from its top."""
    multiprocessing_context._default_context._default_context = multiprocessing_context._concrete_contexts["fork"]


def _under_legacy(command):
    """A command that runs Python with `-c` or `-m`, begun as `python -m legacy` begins."""
    command = list(command)
    if "-m" in command:
        at = command.index("-m")
        command[at:at + 2] = ["-c", f"import runpy; runpy.run_module({command[at + 1]!r}, run_name='__main__', "
                                    "alter_sys=True)"]
    if "-c" in command and "resource_tracker" not in command[command.index("-c") + 1]:
        at = command.index("-c") + 1
        folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        command[at] = (f"import sys; sys.path.insert(0, {folder!r}); import legacy.scripts; "
                       f"legacy.scripts.begin({_hidden}); del sys.path[0]; {command[at]}")
    return command


def _children(multiprocessing_util):
    """Processes by spawn and forkserver run the script's file again."""
    plain = multiprocessing_util.spawnv_passfds
    multiprocessing_util.spawnv_passfds = lambda path, arguments, fds: plain(path, _under_legacy(arguments), fds)


def _jobs(fork_exec):
    """joblib's (scikit-learn's n_jobs=2) are sent the script's functions."""
    plain = fork_exec.fork_exec
    fork_exec.fork_exec = lambda command, *arguments, **keywords: plain(_under_legacy(command), *arguments, **keywords)


# --- Keras: 2.3 calls a metric in what a training logs as compile's `metrics` does --------------------

_LOGGED = {"accuracy": "acc", "mae": "mean_absolute_error", "mse": "mean_squared_error",
           "mape": "mean_absolute_percentage_error", "msle": "mean_squared_logarithmic_error"}


def _acc(keras):
    """Log what `metrics=["accuracy", "mae"]` gives under the names it had before Keras 2.3, too."""
    from keras.callbacks import BaseLogger

    def add(callback, logs):
        outputs = ["", *(f"{name}_" for name in callback.model.output_names)]
        for prefix in outputs + [f"val_{output}" for output in outputs]:
            for name, before in _LOGGED.items():
                if prefix + name in logs:
                    logs.setdefault(prefix + before, logs[prefix + name])

    def also(method):
        def call(self, number, logs=None):
            method(self, number, logs)
            add(self, logs if logs is not None else {})
        return call

    # The first callback of every training: what it adds to the logs, all others see.
    BaseLogger.on_batch_end = also(BaseLogger.on_batch_end)
    BaseLogger.on_epoch_end = also(BaseLogger.on_epoch_end)


def _mnist(keras_mnist):
    """Let Keras load MNIST from the wheel; it downloads where that is missing."""
    download = keras_mnist.load_data

    def load_data(path="mnist.npz"):
        """(x_train, y_train), (x_test, y_test): bytes, 60,000 and 10,000 of them."""
        return mnist.load() or download(path)

    keras_mnist.load_data = load_data


@contextlib.contextmanager
def _without_warning():
    """SciPy says at the import of scipy.misc that it is empty."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


AROUND_IMPORT = {"scipy.misc": _without_warning}
AFTER_IMPORT = {"keras": _acc, "keras.datasets.mnist": _mnist, "multiprocessing.util": _children,
                "joblib.externals.loky.backend.fork_exec": _jobs}
if sys.version_info >= (3, 14) and sys.platform == "linux":
    AFTER_IMPORT["multiprocessing.context"] = _fork


def begin(hidden=False):
    """Prepare this process for a script; `hidden`: its `import legacy` is to find something else than this package."""
    global _hidden
    _hidden = hidden
    theano.flags.clear()  # Theano's own floatX (float64) and folder
    keras.users_settings = True
    legacy.hook(moves, scripts := sys.modules[__name__])
    moves.begin()
    for module in moves, scripts:
        for name in module.AFTER_IMPORT.keys() & sys.modules.keys():
            module.AFTER_IMPORT[name](sys.modules[name])
    if hidden:
        for name in [name for name in sys.modules if name.partition(".")[0] == "legacy"]:
            del sys.modules[name]
