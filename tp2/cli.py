"""The command line of the scripts: common flags, and errors in one sentence with exit code 2."""
import argparse
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
        self.add_argument("--results", type=Path, default=ROOT / "results", metavar="FOLDER",
                          help="where to write (default: the project's results/)")

    def add_data(self):
        self.add_argument("--data", type=Path, metavar="FOLDER",
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


def results_folder(path):
    """Make the folder `path` if need be and return it; InputError where nothing can be written.

    Asked before the work starts, so that a long run does not end in that error.
    """
    path = Path(path).expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise InputError(f"can't write results to {path} ({error.strerror}): give --results a folder "
                         "that can be written.") from error
    return path


def run(main):
    """Run a script's `main()`; an InputError, too little memory or Ctrl-C end it without a traceback."""
    try:
        main()
    except (InputError, MemoryError) as error:
        message = error if isinstance(error, InputError) else f"too little memory ({error}): give smaller numbers."
        print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("\nInterrupted; what was finished is kept.", file=sys.stderr)
        sys.exit(130)
