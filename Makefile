# Every target works on a bare clone: the first one makes .venv and installs the package into it.

PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11, \
	$(shell $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $(name))))
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
EXAMPLE := examples/product-site

.DEFAULT_GOAL := help
.PHONY: help test test-msw check format bench publish clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo 'Python 3.11 or newer is needed; say which: make PYTHON=/path/to/python3' >&2; exit 1; }
	test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

test: $(READY)  ## run the tests
	$(BIN)/python -m pytest

test-msw: $(READY)  ## run the example's own tests under the interceptor, and write its pacts
	cd $(EXAMPLE) && $(abspath $(BIN))/interceptor run -- $(abspath $(BIN))/python -m pytest

check: $(READY)  ## lint, formatting, types, import order
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## format the code and fix what can be fixed
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(READY)  ## measure speed and memory beside others (make bench ARGS='throughput start --quick')
	$(BIN)/python -m bench $(ARGS)

publish: $(READY)  ## publish the example's pacts to the broker of PACT_BROKER_BASE_URL
	cd $(EXAMPLE) && $(abspath $(BIN))/interceptor publish $(ARGS)

clean:  ## remove what the other targets made
	rm -rf .venv .venvs build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	rm -rf $(EXAMPLE)/.interceptor bench/node/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
