# make         set up, run every exercise at full size, grade against the report
# make quick   the same with few epochs, into results/quick/
# make test    set up, check the style, run the tests
# make test-fast   set up and run the tests that take seconds
# make lint    ruff, with the settings in pyproject.toml
# make bench   the project's own side of benchmarks/README.md
# make stability   the claims over five seeds (half an hour); make stability SEEDS="5 6" adds two
# Each sets up .venv first, which is quick when it is there already; WITH=python3.12 names the Python for it.

SHELL := /bin/bash
VENV := .venv
PYTHON := $(VENV)/bin/python
# Scripts write results whole and keep finished trainings, so a stopped make can just go on.
DONE := results/.done
# What stands for "this has been run": not the committed results, and other photographs count anew.
PHOTOGRAPHS := -$(shell printf %s "$(or $(CALTECH101),$(wildcard Caltech101))" | cksum | cut -d' ' -f1)
# A change in what a script uses makes it run again; figures, and the grading, are not worth a training.
MODULES := TP1.py $(addprefix tp2/,cli.py datasets.py drawings.py files.py) $(filter-out legacy/speed.py,$(wildcard legacy/*.py))
TRAINING := $(MODULES) tp2/loop.py
NETWORK := $(MODULES) tp2/network.py tp2/trainings.py legacy/speed.py

.PHONY: all parts setup lint test test-fast quick grade bench stability clean
.DELETE_ON_ERROR:

# Part, stamp, how long it takes on two cores where nothing was done before, what it is.
define PLAN
Ej1a      Ej1a                      5 s    an expression as a graph of symbols
Ej1b_i    Ej1b_i                    8 s    logistic regression in minibatches
Ej1b_ii   Ej1b_ii$(PHOTOGRAPHS)     10 s   airplanes against motorbikes
Ej1b_iii  Ej1b_iii                  25 s   100 ReLU with the weights of He et al.
Ej2a      Ej2a                      3 min  twelve trainings on MNIST, a line each
Ej2b      Ej2b$(PHOTOGRAPHS)        15 s   Caltech101 into an H5 file
Ej2c      Ej2c                      15 s   a model saved and loaded back, after Ej2a
endef
export PLAN

# The plan, the parts, the grading. Where a part fails the others go on, and what was made is graded.
all: setup | $(DONE)
	@begun=$$SECONDS; \
	echo "Seven scripts at full size, then the grading. What is finished is kept, also after Ctrl-C; on two cores:"; \
	while read -r part stamp number unit what; do \
	  if $(MAKE) -q $(DONE)/$$stamp >/dev/null 2>&1; then when="done before"; else when="$$number $$unit"; fi; \
	  printf '  %-9s %12s   %s\n' "$$part" "$$when" "$$what"; \
	done <<< "$$PLAN"; \
	$(MAKE) --no-print-directory --keep-going --jobs=2 parts; ran=$$?; \
	echo; $(PYTHON) report.py --brief; graded=$$?; \
	echo "Total time: $$(((SECONDS - begun) / 60)) min $$(((SECONDS - begun) % 60)) s"; \
	exit $$((ran ? ran : graded))

# Two at a time: Ej2a first, since it takes longest, and the others beside it.
parts: $(DONE)/Ej2a $(DONE)/Ej1a $(DONE)/Ej1b_i $(DONE)/Ej1b_ii$(PHOTOGRAPHS) $(DONE)/Ej1b_iii \
       $(DONE)/Ej2b$(PHOTOGRAPHS) $(DONE)/Ej2c

# Runs a part's script; what it prints goes to results/.done/<part>.log, and a line of it to the screen
# (of Ej2a's, one per training; whatever says that the photographs are drawings, too).
define RUN
@begun=$$SECONDS; log=$(DONE)/$(basename $(notdir $<)).log; set -o pipefail; \
if $(PYTHON) -u $< 2>&1 \
   | (trap '' INT; tee "$$log" | sed -un -E '/^\*{3} NOT Caltech101|^Downloading Caltech101/p; s/^Ej2a_(.*test .*%.*)/Ej2a      \1/p'); then \
  touch $@; printf '%-9s done in %d s\n' $(basename $(notdir $<)) $$((SECONDS - begun)); \
else \
  printf '%-9s FAILED after %d s; the end of %s:\n' $(basename $(notdir $<)) $$((SECONDS - begun)) "$$log" >&2; \
  sed 's/.*\r//' "$$log" | tail -n 8 | sed 's/^/    /' >&2; exit 1; \
fi
endef

setup: $(VENV)/.installed

# The newest interpreter that really runs (a version manager's stub may not), under whichever name, or the
# one that WITH names; it must be able to make environments and to compile against itself. pyenv's that are
# not switched on count too.
define FIND_PYTHON
PATH="$$PATH$$(printf ':%s' "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.*/bin)"; \
for name in $(or $(WITH),python3.13 python3.12 python3.11 python3.10 python3 python); do \
  for path in $$(type -ap "$$name"); do \
    found=($$("$$path" -c 'import os, sys, sysconfig, venv, ensurepip; v = sys.version_info; \
print(v[1] if (3, 10) <= v[:2] <= (3, 13) else "", os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")))' 2>/dev/null)); \
    if [ "$${found[1]}" = True ] && [ "$${found[0]}" -gt "$${newest:-0}" ]; then newest="$${found[0]}"; python="$$path"; fi; \
    if [ "$${found[1]}" = False ]; then without="$$path"; fi; \
  done; \
done
endef

# Again, too, where WITH names another one than .venv was made with.
$(VENV)/.installed: requirements.txt pyproject.toml legacy/install.py \
                    $(if $(filter-out $(shell cat $(VENV)/.installed 2>/dev/null),$(WITH)),FORCE)
	@$(FIND_PYTHON); \
	if [ -z "$$python" ] && [ -n "$$without" ]; then \
	  echo "$$without has no development headers, which Theano compiles against: install them (on Debian: python3-dev)." >&2; exit 2; fi; \
	if [ -z "$$python" ]; then \
	  echo "$(if $(WITH),WITH=$(WITH) is no,No) Python from 3.10 to 3.13 with its venv module$(if $(WITH),, was found): install one (on Debian: python3 python3-venv python3-dev), or name it with WITH=." >&2; exit 2; fi; \
	if ! command -v g++ >/dev/null && ! command -v clang++ >/dev/null; then \
	  echo "No C++ compiler was found, which Theano needs: install g++." >&2; exit 2; fi; \
	echo "Setting up $(VENV) with $$python ($$("$$python" -V))"; \
	rm -rf $(VENV) && "$$python" -m venv $(VENV) \
	  && $(PYTHON) legacy/install.py --quiet -r requirements.txt && $(PYTHON) -m pip --disable-pip-version-check check \
	  && echo "$(WITH)" > $@

$(DONE):
	@mkdir -p $@

# A script whose metrics are gone, or were written by other means since, runs again.
metrics = $(or $(wildcard results/$(1).json),FORCE)

$(DONE)/Ej1a: theano/Ej1a.py $(MODULES) $(call metrics,Ej1a) | setup $(DONE)
	$(RUN)
$(DONE)/Ej1b_i: theano/Ej1b_i.py $(TRAINING) $(call metrics,Ej1b_i) | setup $(DONE)
	$(RUN)
$(DONE)/Ej1b_ii$(PHOTOGRAPHS): theano/Ej1b_ii.py $(TRAINING) $(call metrics,Ej1b_ii) | setup $(DONE)
	$(RUN)
$(DONE)/Ej1b_iii: theano/Ej1b_iii.py $(TRAINING) $(call metrics,Ej1b_iii) | setup $(DONE)
	$(RUN)
$(DONE)/Ej2a: keras/Ej2a.py $(NETWORK) $(foreach item,i ii iii iv v,$(call metrics,Ej2a_$(item))) | setup $(DONE)
	$(RUN)
$(DONE)/Ej2b$(PHOTOGRAPHS): keras/Ej2b.py $(MODULES) $(call metrics,Ej2b) | setup $(DONE)
	$(RUN)
$(DONE)/Ej2c: keras/Ej2c.py $(NETWORK) $(call metrics,Ej2c) $(DONE)/Ej2a | setup $(DONE)
	$(RUN)
FORCE:

QUICK := --results results/quick
quick: setup
	$(PYTHON) theano/Ej1a.py $(QUICK)
	$(PYTHON) theano/Ej1b_i.py $(QUICK) --epochs 500
	$(PYTHON) theano/Ej1b_ii.py $(QUICK) --steps 1000
	$(PYTHON) theano/Ej1b_iii.py $(QUICK) --steps 500
	$(PYTHON) keras/Ej2a.py $(QUICK) --epochs 2 --samples 12800
	$(PYTHON) keras/Ej2b.py $(QUICK)
	$(PYTHON) keras/Ej2c.py $(QUICK) --epochs 2 --samples 12800
	$(PYTHON) report.py $(QUICK)

grade: setup
	$(PYTHON) report.py

lint: setup
	$(PYTHON) -m ruff check

test: lint
	$(PYTHON) -m pytest

# The stack, the rooms that Python's versions touch, and a script from its training to its figure.
test-fast: setup
	$(PYTHON) -m pytest -m "not slow" tests/test_legacy_values.py tests/test_legacy_python.py tests/test_cli.py \
	  tests/test_datasets.py tests/test_files.py tests/test_TP1.py \
	  tests/test_keras_scripts.py::test_2c_saves_loads_and_goes_on

bench: setup
	$(PYTHON) benchmarks/bench.py

stability: setup
	$(PYTHON) benchmarks/stability.py $(if $(SEEDS),--seeds $(SEEDS))
	$(PYTHON) report.py --brief

clean:
	rm -rf $(VENV) $(DONE) results/quick results/sample results/*.h5
