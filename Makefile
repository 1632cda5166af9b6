# occurisk: `make train` and `make test` need git, make and Python >= 3.11, nothing else.
# The environment is .venv, made from uv.lock; uv itself is taken from PATH or installed into .uv.

.DEFAULT_GOAL := help
UV_VERSION := 0.13.9
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1

PYTHON ?= $(shell for p in python3.12 python3.13 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& { command -v $$p; break; }; done)
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
BIN := .venv/bin

.PHONY: help setup train evaluate score ui check test test-quick test-spark golden figures bench fuzz endurance reference clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/.locked  ## Make .venv from uv.lock

.uv/bin/uv:
	@test -n "$(PYTHON)" || { echo "occurisk needs Python 3.11, 3.12 or 3.13 on PATH; found none." >&2; exit 1; }
	@$(PYTHON) -m venv .uv || { echo "Python cannot make virtual environments: install python3-venv (Debian, Ubuntu)." >&2; rm -rf .uv; exit 1; }
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.locked: uv.lock pyproject.toml | $(filter .uv/bin/uv,$(UV))
	@test -n "$(PYTHON)" || { echo "occurisk needs Python 3.11, 3.12 or 3.13 on PATH; found none." >&2; exit 1; }
	@test -x $(BIN)/python || $(UV) venv --quiet --python "$(PYTHON)" .venv
	@$(UV) sync --quiet --locked --python $(BIN)/python
	@$(BIN)/python -m compileall -q src
	@touch $@

train: setup  ## Train, evaluate and track the default model; score the reference occupations
	@$(BIN)/occurisk train

evaluate: setup  ## The held-out protocol with every baseline
	@$(BIN)/occurisk evaluate

score: setup  ## Score a registry: make score REGISTRY=jobs.csv OUT=scored
	@$(BIN)/occurisk score "$(REGISTRY)" --out "$(or $(OUT),scored)"

ui: setup  ## Open the tracked runs in the MLflow UI
	@$(BIN)/occurisk ui

check: setup  ## Formatting, lint, types
	@$(BIN)/ruff format --check --quiet && $(BIN)/ruff check --quiet && $(BIN)/mypy --no-error-summary

COVERAGE ?= --cov --cov-report=term

test: check  ## Checks and all tests, with line and branch coverage
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder $(COVERAGE)

test-quick: setup  ## The tests of single modules that take no time: for the inner loop, under a minute
	@$(BIN)/pytest -n 2 --dist loadfile -q -m "not slow" tests/unit tests/properties tests/test_layout.py

test-spark: setup  ## The tests on Spark: installs PySpark (400 MB) first; needs Java 17
	@$(UV) sync --quiet --locked --extra spark --python $(BIN)/python
	@$(BIN)/pytest -q tests/engines/test_spark.py tests/engines/test_cluster.py

golden: setup  ## Write tests/golden and docs/commands.md anew; read the diff before you commit it
	@$(BIN)/pytest -q tests/golden tests/documentation -k "golden or reference" --renew
	@git --no-pager diff --stat -- tests/golden docs/commands.md

bench: setup  ## Time and memory, with the peer beside us (synthetic registers; some minutes)
	@$(UV) sync --quiet --locked --group bench --python $(BIN)/python
	@for name in training explain national registry tracking; do \
		echo "== benchmarks/$$name.py"; $(BIN)/python benchmarks/$$name.py || exit 1; done

figures: setup  ## Keep what commands print for the docs: make figures NAMES="evaluate us" (after make train)
	@$(BIN)/python docs/outputs.py $(or $(NAMES),$(basename $(notdir $(wildcard docs/outputs/*.txt))))

fuzz: setup  ## Hostile registries by the thousand: make fuzz CASES=10000 SEED=7
	@PYTHONPATH=tests $(BIN)/python -m helpers.hostile --cases $(or $(CASES),10000) --seed $(or $(SEED),0)

endurance: setup  ## Killed, full disk, eight at once, large files in little memory (some minutes)
	@$(BIN)/python tests/endurance/endurance.py

reference: setup  ## Remake the embedded tables from the originals: make reference ORIGINALS=DIR
	@PYTHONPATH=tools $(BIN)/python -m reference_tables "$(ORIGINALS)"

clean:  ## Remove what can be made again
	rm -rf .venv .uv .pytest_cache .mypy_cache .ruff_cache build dist
