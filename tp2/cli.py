"""The command line of the scripts: common flags, and errors in one sentence with exit code 2."""
import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


class InputError(Exception):
    """Something the user gave can't be used; the message is one sentence that says what to do."""


class Parser(argparse.ArgumentParser):
    """argparse, with the script's docstring as its help and errors of one sentence."""

    def __init__(self, doc):
        super().__init__(description=doc, allow_abbrev=False,
                         formatter_class=argparse.RawDescriptionHelpFormatter)

    def error(self, message):
        self.exit(2, f"{self.prog}: {message} (see --help)\n")

    def add_seed(self, default):
        self.add_argument("--seed", type=whole(0, 2**32 - 1), default=default, metavar="N",
                          help=f"seed of everything random (default: {default})")

    def add_results(self):
        self.add_argument("--results", type=Path, default=ROOT / "results", metavar="FOLDER",
                          help="where to write (default: the project's results/)")

    def add_data(self):
        self.add_argument("--data", type=Path, metavar="FOLDER",
                          help="Caltech101: a folder of category folders (default: the environment variable "
                               "CALTECH101, ./Caltech101, the download cache, a download, or drawings)")


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
