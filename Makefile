# Every target works on a bare clone: the first one makes .venv and installs the package into it, in exact versions.

PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11, \
	$(shell $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $(name))))
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Without isolation, so that setuptools is the one of the constraints too.
INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt
PYTEST := pytest --numprocesses auto --dist worksteal
# `make test MEASURED=yes` measures coverage, too; `make coverage-report` shows it.
MEASURED ?=
RUN = $(BIN)/$(if $(MEASURED),coverage run,python)
export COVERAGE_FILE := $(abspath .coverage)
# Of `make torture` and `make fuzz`.
SECONDS ?= 3600
TARGET ?= all
EXAMPLE := examples/product-site

.DEFAULT_GOAL := help
.PHONY: help test test-fast test-msw test-newest test-lowest coverage coverage-report torture fuzz check docs format bench publish \
	clients-table update dist clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-15s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo 'Python 3.11 or newer is needed; say which: make PYTHON=/path/to/python3' >&2; exit 1; }
	test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(INSTALL) pip setuptools
	$(INSTALL) --no-build-isolation --group dev --editable .
	@touch $@

test: $(READY)  ## run the tests
	$(if $(MEASURED),$(BIN)/coverage erase)
	$(RUN) -m $(PYTEST) $(ARGS)

test-fast: $(READY)  ## run the tests that start no processes: for a look while editing
	$(BIN)/python -m $(PYTEST) -m 'not slow' $(ARGS)

coverage: $(READY)  ## run the tests and measure how much of the package they reach, in other processes too
	$(MAKE) test MEASURED=yes
	$(MAKE) coverage-report

coverage-report: $(READY)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

test-msw: $(READY)  ## run the example's own tests under the interceptor, and write its pacts
	cd $(EXAMPLE) && $(abspath $(BIN))/interceptor run -- $(abspath $(BIN))/python -m pytest

test-newest: $(READY)  ## run the tests on the newest versions that pyproject.toml allows
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venvs/newest
	$(BIN)/uv pip install --quiet --python .venvs/newest --group test --editable .
	.venvs/newest/bin/python -m $(PYTEST) $(ARGS)

test-lowest: $(READY)  ## run the tests on the lowest versions that pyproject.toml allows
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venvs/lowest
	$(BIN)/uv pip install --quiet --python .venvs/lowest --resolution lowest-direct --group test --editable .
	.venvs/lowest/bin/python -m $(PYTEST) $(ARGS)

torture: $(READY)  ## fail every call that the system can refuse, then kill runs for SECONDS (make torture SECONDS=7200)
	$(BIN)/python -m tests.faults.failing
	$(BIN)/python -m tests.faults.kills --seconds $(SECONDS)

fuzz: $(READY)  ## search for inputs that are dealt with badly, for SECONDS (make fuzz SECONDS=7200 TARGET=pact)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group fuzz
	$(BIN)/python -m tests.faults.search $(TARGET) $(SECONDS)

check: $(READY)  ## lint, formatting, types, import order
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(READY)  ## build the documentation as a site, in build/site; a link that leads nowhere is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

clients-table: $(READY)  ## renew the table of docs/clients.md: run every client, on a machine that has all of them
	$(BIN)/python -m tests.clients.table

format: $(READY)  ## format the code and fix what can be fixed
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(READY)  ## measure speed and memory beside others (make bench ARGS='throughput start --quick')
	$(BIN)/python -m bench $(ARGS)

publish: $(READY)  ## publish the example's pacts to the broker of PACT_BROKER_BASE_URL
	cd $(EXAMPLE) && $(abspath $(BIN))/interceptor publish $(ARGS)

update: $(READY)  ## renew constraints.txt: the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --no-annotate \
		--custom-compile-command 'make update' --group dev --group fuzz --output-file constraints.txt pyproject.toml

dist: $(READY)  ## build the wheel and the source archive
	$(BIN)/uv build --quiet --clear

clean:  ## remove what the other targets made
	rm -rf .venv .venvs build dist *.egg-info .coverage .coverage.* .hypothesis
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	rm -rf $(EXAMPLE)/.interceptor bench/node/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
