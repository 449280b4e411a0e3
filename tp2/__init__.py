"""What the exercises share: flags and errors, data sets, figures, files, several trainings at once."""
import sys


def _without_traceback(kind, error, trace):
    """For sys.excepthook: a Ctrl-C while a script's imports still run ends it as Ctrl-C does, but without a traceback."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _without_traceback
