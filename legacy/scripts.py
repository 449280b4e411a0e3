"""What `python -m legacy` does around a script beside `moves`: processes, MNIST, names that Keras logs."""
import contextlib
import sys
import warnings

from . import mnist

# --- multiprocessing: Python 3.14 no longer forks on Linux ---------------------------------------------

def _fork(multiprocessing_context):
    """Let a new process have the script's lambdas and data, and not run the script again from its top."""
    multiprocessing_context._default_context._default_context = multiprocessing_context._concrete_contexts["fork"]


# --- Keras: 2.3 renamed `acc` to `accuracy`, in what a training logs -----------------------------------

def _acc(keras):
    """Log each accuracy that `metrics=["accuracy"]` gives under its name before Keras 2.3, too."""
    from keras.callbacks import BaseLogger

    def add(callback, logs):
        outputs = ["", *(f"{name}_" for name in callback.model.output_names)]
        for prefix in outputs + [f"val_{output}" for output in outputs]:
            if f"{prefix}accuracy" in logs:
                logs.setdefault(f"{prefix}acc", logs[f"{prefix}accuracy"])

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
AFTER_IMPORT = {"keras": _acc, "keras.datasets.mnist": _mnist}
if sys.version_info >= (3, 14) and sys.platform == "linux":
    AFTER_IMPORT["multiprocessing.context"] = _fork
