#!/bin/sh
# sh tools/setup.sh FOLDER [PYTHON]: make the environment FOLDER and install requirements.lock into it (`make setup`).
# Takes the newest suitable Python that there is, or the one named. Does nothing where all this has been done.
# Only an environment that this script made is ever removed.
set -eu
folder=$1
named=${2:-}
made=$folder/made-by-setup             # in environments that this script made: the Python that was named for it
installed=$folder/requirements.lock    # what has been installed there
newline='
'

fail() {
  echo "$*" >&2
  exit 2
}

# Prints 14 for a suitable Python 3.14, a sentence for one that can't be used, nothing for what does not run.
check() {
  "$1" legacy/install.py --check 2>/dev/null || true
}

# Prints where programs of these names lie: on the PATH and among pyenv's versions, also those not switched on.
places() (
  IFS=:
  for name; do
    case $name in */*) echo "$name"; continue ;; esac
    for directory in $PATH "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin; do
      if [ -x "$directory/$name" ]; then echo "$directory/$name"; fi
    done
  done
)

# Sets python to the newest suitable one of these names; 3.15 only where the user named it.
choose() {
  python=
  newest=0
  reasons=
  IFS=$newline
  for candidate in $(places "$@"); do
    answer=$(check "$candidate")
    case $answer in
      "") ;;
      15)
        if [ -n "$named" ]; then python=$candidate; else
          reasons="$reasons$newline$candidate: it is Python 3.15, which is taken only where WITH names it."
        fi ;;
      [0-9]*) if [ "$answer" -gt "$newest" ]; then newest=$answer python=$candidate; fi ;;
      *) reasons="$reasons$newline$candidate: $answer." ;;
    esac
  done
  unset IFS
}

runs() {
  [ -n "$(check "$folder/bin/python")" ]
}

# Whether the environment was once installed to the end, with the Python that is named now, if one is.
complete() {
  [ -f "$installed" ] && runs && { [ -z "$named" ] || [ "$named" = "$(cat "$made" 2>/dev/null)" ]; }
}

if complete && cmp -s requirements.lock "$installed"; then exit 0; fi

if ! command -v g++ >/dev/null && ! command -v clang++ >/dev/null; then
  fail "No C++ compiler was found, which Theano needs: install g++."
fi

if [ -e "$made" ] || [ -z "$(ls -A "$folder" 2>/dev/null)" ]; then
  if ! complete; then
    if [ -n "$named" ]; then choose "$named"; else choose python3.14 python3.13 python3.12 python3.11 python3.10 python3 python; fi
    if [ -z "$python" ] && [ -n "$named" ]; then fail "WITH=$named names no Python that can be used.$reasons"; fi
    if [ -z "$python" ]; then
      fail "No suitable Python from 3.10 to 3.14 was found. Install one (on Debian and Ubuntu: apt install python3" \
           "python3-venv python3-dev), or name one with WITH=.$reasons"
    fi
    echo "Setting up $folder with $python ($("$python" -V))"
    rm -rf "$folder"
    mkdir -p "$folder"
    echo "$named" > "$made"
    "$python" -m venv "$folder"
  fi
elif [ -n "$named" ] || ! runs; then
  fail "$folder was not made by make, so it is left alone: remove it, or name another folder with VENV=."
fi
"$folder/bin/python" legacy/install.py --quiet -r requirements.lock
cp requirements.lock "$installed"
