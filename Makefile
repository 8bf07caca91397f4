# The two commands of the README are `make demo` and `make test`; the rest is for people who work on provenir.
PYTHON ?= python3
VENV ?= .venv
PY = $(VENV)/bin/python
# Processes that run the tests; a file's tests stay together.
JOBS ?= 2
BOOT = $(PYTHON) scripts/bootstrap.py --venv $(VENV)

export PYTHONDONTWRITEBYTECODE ?=
export HF_HUB_OFFLINE = 1
export TOKENIZERS_PARALLELISM = false

.PHONY: help demo demo-lite governed test test-slow test-base check bench interop schemas format clean require-python

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

require-python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "error: $(PYTHON) is not on this machine; install Python 3.11, 3.12 or 3.13, or give one: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 8))' || { echo "error: $$($(PYTHON) --version 2>&1) is too old; install Python 3.11, 3.12 or 3.13, or give one: make PYTHON=/path/to/python3.12" >&2; exit 2; }

demo: require-python  ## the main job: a real GRPO run, tracked, signed, verified by a stranger
	@$(BOOT) demo
	@$(PY) -m provenir demo

demo-lite: require-python  ## the same evidence without torch: verify the small run that ships here
	@$(BOOT) base
	@$(PY) -m provenir demo --lite

governed: require-python  ## a governed fine-tune: three keys, a ledger, a stranger, tampering
	@$(BOOT) demo
	@OMP_NUM_THREADS=1 $(PY) examples/governed/journey.py

test: require-python  ## the tests
	@$(BOOT) test
	@OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 $(PY) -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not slow"

test-slow: require-python  ## the long suites too, and the tests with the base install alone
	@$(BOOT) test
	@PROVENIR_HYPOTHESIS=explore OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 $(PY) -m pytest
	@$(MAKE) --no-print-directory test-base

test-base: require-python  ## the same tests in an environment that holds the base install alone
	@$(PYTHON) scripts/bootstrap.py --venv .venv-base base-test
	@.venv-base/bin/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not slow"

check: require-python  ## ruff, mypy strict, import contracts, sizes
	@$(BOOT) lint
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports
	@$(PY) -m pytest -q tests/house/test_sizes.py

bench: require-python  ## the benchmarks at quick sizes, minutes in all: ratios measured in one run
	@$(BOOT) test
	@OMP_NUM_THREADS=1 $(PY) scripts/bench.py

interop: require-python  ## foreign verifiers on our exports: installs them into .interop, prints the matrix
	@$(BOOT) base
	@PYTHON=$(PYTHON) bash scripts/interop/setup.sh
	@$(PY) scripts/interop/matrix.py

schemas: require-python  ## write docs/schemas/ from the documents in the code
	@$(BOOT) base
	@$(PY) scripts/schemas.py

format: require-python
	@$(BOOT) lint
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

clean:
	rm -rf $(VENV) .venv-base build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
