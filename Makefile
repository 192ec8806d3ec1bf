# What can be done with this project; `make` alone prints it.  Needed: make, and Python 3.11 or newer.
#
# Read from the environment or the command line (`make run PORT=8001`):
#   PORT, ADDRESS  where the web server listens (8000, 127.0.0.1)
#   DATA_DIR       where the embedded PostgreSQL keeps its data (.data)
#   DATABASE_URL   a PostgreSQL server of yours, instead of the embedded one
#   LEADS          how many leads `make bulk` verifies (10000)
#   EXAMPLES       how many examples `make model-test` runs (20000)
#   SEED, RATE     from which seed the three draw (chaos: one at random, the others: 1); faults in a hundred transactions (7)
#   MUTANTS        which planted bugs `make mutants` tries, by number or name (all)
#   SECONDS        how long `make chaos` breaks things (60)
#   PYTHON         the Python that makes the virtual environment (python3)
#   TEST_PROCESSES how many processes the tests are shared out to (2)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run setup test check format diagrams bench bench-matching bulk model-test faulty mutants chaos clean

PYTHON ?= python3
LEADS ?= 10000
EXAMPLES ?= 20000
SECONDS ?= 60
SEED ?=
MUTANTS ?=
RATE ?= 7
VENV := .venv
PY := $(VENV)/bin/python
INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check
INSTALLED := $(VENV)/.installed
DEV_INSTALLED := $(VENV)/.installed-dev
DATA_DIR ?= .data
# Each process of the tests has a database of its own; a file of tests stays in one.
TEST_PROCESSES ?= 2
# Written first and judged afterwards: slipcover 1.1.0, asked for both in one run, leaves the processes out of its table.
COVERAGE := .coverage.json

help: ## print this
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

run: $(INSTALLED) ## set everything up and serve it on http://127.0.0.1:8000/ with demo data, until Ctrl-C
	@$(PY) manage.py serve --demo

setup: $(INSTALLED) ## all of `make run` but the serving; afterwards .venv/bin/python manage.py … works
	@$(PY) manage.py prepare --demo

test: check ## everything CI checks: `make check`, then all tests with coverage, in a real browser too
	$(PY) -m backend.procompare.tests.browser
	$(PY) -m slipcover --json --out $(COVERAGE) -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder
	$(PY) -m slipcover --merge $(COVERAGE) --out $(COVERAGE) --fail-under 95

check: $(DEV_INSTALLED) ## the fast half: format, lint, types, import contracts, migrations, diagrams
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy .
	$(VENV)/bin/lint-imports
	$(PY) manage.py makemigrations --check --dry-run --settings backend.procompare.settings_test
	$(PY) manage.py draw_workflows --check

format: $(DEV_INSTALLED) ## bring the code into form
	$(VENV)/bin/ruff check --fix-only .
	$(VENV)/bin/ruff format .

diagrams: $(INSTALLED) ## draw diagrams/ anew from the state machines
	$(PY) manage.py draw_workflows

bench: $(DEV_INSTALLED) ## measure, on a database of its own, and write the figures into docs/benchmarks.md
	$(PY) -m backend.benchmarks --write

bench-matching: $(DEV_INSTALLED) ## the same for search, routing and ranking, with up to a million providers (half an hour)
	$(PY) -m backend.benchmarks matching ranking --write

bulk: $(DEV_INSTALLED) ## verify LEADS (10000) in one bulk run while workers are killed, check every invariant, print the pace
	BULK_LEADS=$(LEADS) $(PY) -m backend.benchmarks bulk_run
	BULK_LEADS=$(LEADS) $(PY) -m backend.benchmarks bulk_pace

model-test: $(DEV_INSTALLED) ## run EXAMPLES (20000) of the model test from SEED (1): whatever is called comes to what the model says
	MODEL_EXAMPLES=$(EXAMPLES) MODEL_SEED=$(or $(SEED),1) $(PY) -m pytest -q -s backend/leads/tests/model -k TestModel

faulty: $(DEV_INSTALLED) ## run what survives a faulty database: of a hundred transactions RATE (7) fail, drawn from SEED (1)
	FAULTY_SEED=$(or $(SEED),1) FAULTY_RATE=$(RATE) $(PY) -m pytest -q -m survives_faults

mutants: $(DEV_INSTALLED) ## plant known bugs, one at a time, in a copy of what is committed, and see that the tests find each; MUTANTS='3 7' alone
	$(PY) -m backend.mutants --processes $(TEST_PROCESSES) $(MUTANTS)

chaos: $(DEV_INSTALLED) ## kill, pause, cut off everything for SECONDS (60), see that nothing acknowledged is lost; SEED repeats a plan
	$(PY) -m backend.chaos --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

# Without the virtual environment there is no server left but a killed one's, which ends when its data is gone.
clean: ## forget the data: the embedded database (it is stopped first), written mails, static files
	@if test -e $(INSTALLED); then $(PY) -m backend.procompare.forget_data; \
	else rm -rf "$(DATA_DIR)/postgres" "$(DATA_DIR)/mail" staticfiles; fi

# `--clear` takes away what an interrupted attempt, or a Python that is no longer there, left.
$(PY) $(VENV)/bin/pip:
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  if $$python -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making $(VENV) with $$($$python --version) …"; exec $$python -m venv --clear $(VENV); fi; done; \
	echo "Python 3.11 or newer with its venv is needed (Debian: apt-get install python3-venv)." >&2; \
	echo "If it is not on the path, name it: make $(MAKECMDGOALS) PYTHON=/path/to/python" >&2; exit 1

# Installed again only when a list has changed.
$(INSTALLED): requirements.txt | $(PY) $(VENV)/bin/pip
	@echo "Installing what $< lists (some minutes the first time) …"
	@$(INSTALL) -r $<
	@touch $@

$(DEV_INSTALLED): requirements-dev.txt requirements.txt | $(PY) $(VENV)/bin/pip
	@echo "Installing what $< lists …"
	@$(INSTALL) -r $<
	@touch $@ $(INSTALLED)
