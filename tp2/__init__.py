"""What the exercises share: flags and errors, data sets, figures, files, several trainings at once."""
import sys


def _without_traceback(kind, error, trace):
    """For sys.excepthook: a Ctrl-C while the imports still run ends a script without a traceback."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _without_traceback
