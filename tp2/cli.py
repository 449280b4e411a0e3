"""The command line of the scripts: common flags, and errors in one sentence with exit code 2."""
import argparse
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SEED = 1337  # Keras's example of 2016, and so the report's


class InputError(Exception):
    """Something the user gave can't be used; the message is one sentence that says what to do."""


class Parser(argparse.ArgumentParser):
    """argparse, with the script's docstring as its help and errors of one sentence."""

    def __init__(self, doc):
        self.shaping = []  # the flags that change the results
        super().__init__(description=doc, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter,
                         add_help=False)
        self.add_argument("-h", "--help", action="help", help="show this and exit", neutral=True)

    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (see --help)\n")

    def add_argument(self, *names, neutral=False, **options):
        """As argparse's; neutral: the flag's value does not change the results."""
        action = super().add_argument(*names, **options)
        if not neutral:
            self.shaping.append(action)
        return action

    def add_whole(self, flag, default, meaning, least=1, most=10**9, **options):
        """A flag that takes a whole number from `least` to `most`."""
        # The default as text: argparse then checks it as well, should somebody edit a script's constant.
        self.add_argument(flag, type=whole(least, most), default=str(default), metavar="N",
                          help=f"{meaning} (default: {default})", **options)

    def add_seed(self):
        self.add_whole("--seed", SEED, "seed of everything random", 0, 2**32 - 1)

    def add_results(self):
        self.add_argument("--results", type=folder, metavar="FOLDER", neutral=True,
                          help="where to write (default: the project's results/, or results/trial/ for a run that "
                               "other flags make different from the report's)")

    def add_data(self):
        self.add_argument("--data", type=folder, metavar="FOLDER", neutral=True,
                          help="Caltech101: a folder of category folders (default: the environment variable "
                               "CALTECH101, ./Caltech101, the download cache, a download, or drawings)")

    def parse(self):
        """The arguments, with `results` a folder that can be written to and `settings` {flag: value} of those that
        change the results."""
        self.add_results()
        arguments = self.parse_args()
        arguments.results = writable_folder(arguments.results or self._default_results(arguments))
        arguments.settings = {action.dest: getattr(arguments, action.dest) for action in self.shaping}
        return arguments

    def _default_results(self, arguments):
        """The project's results/, or results/trial/ if a flag makes the run another than the report's."""
        changed = [action.option_strings[0] for action in self.shaping
                   if str(getattr(arguments, action.dest)) != str(action.default)]
        if not changed:
            return ROOT / "results"
        print(f"Not the report's settings ({', '.join(changed)}): the results go to {ROOT / 'results' / 'trial'}.")
        return ROOT / "results" / "trial"


def whole(least, most):
    """An argparse type: a whole number from `least` to `most`."""
    def parse(text):
        try:
            number = int(text)
        except ValueError:
            number = None
        if number is None or not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return number
    return parse


def folder(text):
    """An argparse type: the path of a folder, which need not exist; ~ is the home folder."""
    if not text:
        raise argparse.ArgumentTypeError("an empty name was given for a folder")
    return Path(os.path.expanduser(text))


def writable_folder(path):
    """Make the folder `path` if need be and return it; InputError if nothing can be written to it.

    Asked before the work starts, so that a long run does not end in that error.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return path
    except OSError as error:
        raise InputError(f"can't write results to {path} ({error.strerror}): give --results a folder that can be "
                         "written to.") from error


def run(main):
    """Run a script's `main()`; bad input, file errors and Ctrl-C end it in one sentence, without a traceback."""
    script = Path(sys.argv[0]).name
    try:
        main()
        sys.stdout.flush()
    except InputError as error:
        _end(2, f"{script}: {error}")
    except BrokenPipeError:  # `| head -1` has read enough
        _end(2, f"{script}: the output was closed before the end; completed work is kept.")
    except OSError as error:
        _end(2, f"{script}: {error.filename or 'a file'} can't be used ({error.strerror or error}); completed work "
                "is kept: fix that and run again.")
    except MemoryError as error:
        _end(2, f"{script}: too little memory ({error}): give smaller numbers.")
    except KeyboardInterrupt:
        _end(130, "\nInterrupted; completed work is kept.")


def _end(code, sentence):
    try:
        print(sentence, file=sys.stderr)
        sys.stdout.flush()
    except OSError:  # Python would complain about it once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)
