"""The command line of the scripts: common flags, and errors in one sentence with exit code 2."""
import argparse
import contextlib
import io
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class InputError(Exception):
    """Something the user gave can't be used; the message is one sentence that says what to do."""


class Parser(argparse.ArgumentParser):
    """argparse, with the script's docstring as its help and errors of one sentence."""

    def __init__(self, doc):
        super().__init__(description=doc, allow_abbrev=False,
                         formatter_class=argparse.RawDescriptionHelpFormatter)

    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (see --help)\n")

    def add_whole(self, flag, default, meaning, least=1, most=10**9):
        """A flag that takes a whole number from `least` to `most`."""
        # as text: argparse then holds a default (line 10 of Ej1b_i) to the same rules as the flag
        self.add_argument(flag, type=whole(least, most), default=str(default), metavar="N",
                          help=f"{meaning} (default: {default})")

    def add_seed(self, default=1337):
        self.add_whole("--seed", default, "seed of everything random", 0, 2**32 - 1)

    def add_results(self):
        self.add_argument("--results", type=folder, default=ROOT / "results", metavar="FOLDER",
                          help="where to write (default: the project's results/)")

    def add_data(self):
        self.add_argument("--data", type=folder, metavar="FOLDER",
                          help="Caltech101: a folder of category folders (default: the environment variable "
                               "CALTECH101, ./Caltech101, the download cache, a download, or drawings)")

    def parse(self):
        """The arguments, with --results (made if need be) among them."""
        self.add_results()
        arguments = self.parse_args()
        arguments.results = results_folder(arguments.results)
        return arguments


def whole(least, most=10**9):
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
    """An argparse type: a folder's name, there or not, with the home folder in the place of ~."""
    try:
        return home_expanded(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error).rstrip(".")) from error


def home_expanded(path):
    """`path` as a Path with the home folder in the place of ~; InputError for an unknown user's, or for ""."""
    if not str(path):
        raise InputError("an empty name was given for a folder: name one.")
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise InputError(f"{path} begins with the home folder of a user that isn't known here: write the folder's "
                         "whole name.") from error


def results_folder(path):
    """Make the folder `path` if need be and return it; InputError where nothing can be written.

    Asked before the work starts, so that a long run does not end in that error.
    """
    path = home_expanded(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise InputError(f"can't write results to {path} ({error.strerror}): give --results a folder "
                         "that can be written.") from error
    return path


def run(main):
    """Run a script's `main()`; what the user gave, the file system or Ctrl-C end it without a traceback."""
    _open_streams()
    try:
        try:
            main()
        finally:
            sys.stdout.flush()  # here: Python itself would only warn of an output that can't be written
    except InputError as error:
        _end(2, f"{Path(sys.argv[0]).name}: {error}")
    except MemoryError as error:
        _end(2, f"{Path(sys.argv[0]).name}: too little memory ({error}): give smaller numbers.")
    except OSError as error:
        # The errors of files that scripts write are InputErrors by now; stdout has no name.
        where = f"{error.filename!r} can't be used" if error.filename else "the output can't be written"
        _end(2, f"{Path(sys.argv[0]).name}: {where} ({error.strerror or error}); what was finished is kept: mend that "
                "and run again.")
    except KeyboardInterrupt:
        _end(130, "\nInterrupted; what was finished is kept.")


def _open_streams():
    """Let the output be written where it is closed, and where its encoding lacks a character (« in ASCII)."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed: the next file to be opened would else take its place
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115, it stays open
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _end(code, sentence):
    """Print a sentence to stderr and end the script with an exit code."""
    with contextlib.suppress(OSError):
        print(sentence, file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # Python would try once more, complain and change the exit code
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(code)
