"""python -m legacy SCRIPT [ARGUMENTS]: see scripts/run.py."""
from legacy.scripts.run import main

import sys

if __name__ == "__main__":
    main(sys.argv[1:])
