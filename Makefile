# make             set up .venv, run the seven scripts, grade their results against the report
# make quick       the same with few epochs, into results/quick/
# make grade       grade what is in results/
# make setup       only set up .venv with the newest suitable Python (3.10 to 3.14)
# make test        check the style, run the tests of the coursework and those of legacy that it needs
# make test-all    check the style, run all tests
# make lint        check the style, as pyproject.toml says
# make bench       the project's own side of benchmarks/README.md
# make stability   the report's claims over many seeds (hours); SEEDS="5 6" and SCHEDULER=tcp://HOST:8786 (Dask) choose
# make upstream    Theano's own tests, and Keras's where KERAS=FOLDER names those of tag 2.3.1 (hours)
# make lock        write requirements.lock anew, from requirements.txt
# make clean       remove .venv and what was made in results/ and is not committed
#
# Each sets up .venv first, which is quick where it is there already. VENV=FOLDER names another folder for it,
# WITH=python3.12 the Python. A script that fails does not keep the others from running; make says so in the end.
# Trainings that ended are kept and not done again.

VENV := .venv
PYTHON := $(VENV)/bin/python
SCRIPTS := theano/Ej1a.py theano/Ej1b_i.py theano/Ej1b_ii.py theano/Ej1b_iii.py keras/Ej2a.py keras/Ej2b.py keras/Ej2c.py
QUICK := --results results/quick
PYTEST := $(PYTHON) -m pytest -n auto --maxprocesses 4 --dist worksteal

MAKEFLAGS += --keep-going
unexport PYTHONHOME PYTHONPATH   # the environment's own packages, and no others

.PHONY: all quick grade setup test test-all lint bench stability upstream lock clean help $(SCRIPTS)
.NOTPARALLEL:   # Ej2a takes all cores, and each script's bar has the screen to itself

all: $(SCRIPTS) grade

$(SCRIPTS): setup
	$(PYTHON) $@

grade: setup
	$(PYTHON) report.py

quick: setup
	$(PYTHON) theano/Ej1a.py $(QUICK)
	$(PYTHON) theano/Ej1b_i.py $(QUICK) --epochs 500
	$(PYTHON) theano/Ej1b_ii.py $(QUICK) --steps 1000
	$(PYTHON) theano/Ej1b_iii.py $(QUICK) --steps 500
	$(PYTHON) keras/Ej2a.py $(QUICK) --epochs 2 --samples 12800
	$(PYTHON) keras/Ej2b.py $(QUICK)
	$(PYTHON) keras/Ej2c.py $(QUICK) --epochs 2 --samples 12800
	$(PYTHON) report.py $(QUICK)

setup:
	@sh tools/setup.sh $(VENV) $(WITH)

test: lint
	$(PYTEST) tests/test_*.py tests/legacy/test_init.py tests/legacy/test_keras.py

test-all: lint
	$(PYTEST)

lint: setup
	$(PYTHON) -m ruff check

bench: setup
	$(PYTHON) benchmarks/bench.py

stability: setup
	$(PYTHON) legacy/install.py --quiet -r requirements.lock -e '.[stability]'
	$(PYTHON) -m grading.stability $(if $(SEEDS),--seeds $(SEEDS)) $(if $(SCHEDULER),--scheduler $(SCHEDULER))
	$(PYTHON) report.py

upstream: setup
	$(PYTHON) legacy/install.py --quiet -r requirements.lock -e '.[upstream]'
	$(PYTHON) benchmarks/upstream.py $(if $(KERAS),--keras-tests $(KERAS))

lock: setup
	$(PYTHON) legacy/install.py --quiet uv==0.13.8
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.10 --upgrade --annotation-style line \
	  --custom-compile-command "make lock" --output-file requirements.lock requirements.txt

clean:
	if [ -e $(VENV)/made-by-setup ]; then rm -rf $(VENV); fi
	rm -rf results/quick results/report_style results/sample results/trial results/*.h5 results/index.html

help:
	@sed -n '/^$$/q; s/^# \{0,1\}//p' Makefile
