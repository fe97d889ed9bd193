# What people and CI run. Needs GNU make, bash and Python 3.11 or newer; everything else goes into .venv.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Looked for only when .venv is made. Debian ships ensurepip in a package of its own (python3-venv).
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(shell $(name) -c \
	'import ensurepip, sys; print(sys.executable if sys.version_info >= (3, 11) else "")' 2>/dev/null)))
WORKERS ?= auto
BIN := .venv/bin
UV := $(BIN)/uv
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-strip-extras --no-header $(if $(UPGRADE),--upgrade)

# Bytecode halves the time of every import after the first.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: .venv/.project ## make .venv with every package, pinned and hash-checked

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer with venv and pip was found." \
		"Install one (Debian: apt-get install python3-venv) or say which: make setup PYTHON=/path/to/python" >&2; exit 1; }
	@echo "Making .venv with $(PYTHON)"
	@"$(PYTHON)" -m venv .venv

.venv/.bootstrap: requirements/bootstrap.txt | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# uv reads none of pip's settings: a mirror that pip is told of is handed on.
.venv/.packages: requirements/dev.txt .venv/.bootstrap
	@echo "Installing packages"
	@mirror="$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get global.index-url 2>/dev/null || true)}"; \
	if [[ -n "$$mirror" && -z "$${UV_DEFAULT_INDEX:-}" ]]; then export UV_DEFAULT_INDEX="$$mirror"; fi; \
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes --no-build-isolation $<
	@touch $@

.venv/.project: pyproject.toml .venv/.packages
	@$(UV) pip install --quiet --python $(BIN)/python --offline --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: example
example: .okr/.example ## build the example's warehouse from real flight data

.okr/.example: config/build_warehouse.py .venv/.packages | .venv/.project
	@$(BIN)/python $<
	@touch $@

.PHONY: run
run: example ## score the example and write its scorecard
	@$(BIN)/okr run || test $$? -eq 1  # done in part: the weather holds a wind of 1,048 mph, which a rule refuses

.PHONY: dev
dev: example ## open the example in Dagster's web interface
	@mkdir -p .okr/dagster && cp dagster.yaml .okr/dagster/
	@DAGSTER_HOME="$(CURDIR)/.okr/dagster" $(BIN)/dagster dev

# By file, because servers and imports are shared in one; in their order, because the longest files have the fewest tests
# and would otherwise be begun last.
SPREAD := --dist loadfile --no-loadscope-reorder

.PHONY: test
test: setup ## run the tests; they use no network but loopback
	@$(BIN)/pytest -n $(WORKERS) $(SPREAD)

.PHONY: collect
collect: setup ## read the tests and run none; those who run them read what it has compiled
	@found=$$(CI= $(BIN)/pytest --collect-only -qq 2>&1) || { echo "$$found"; exit 1; }

.PHONY: test-postgres
test-postgres: setup ## the same, with use cases and commands as a whole on PostgreSQL too
	@OKR_TEST_STORE=postgres $(BIN)/pytest -n $(WORKERS) $(SPREAD)

okr_pipeline_tests/judges/node_modules/.package-lock.json: okr_pipeline_tests/judges/package-lock.json
	@npm ci --prefix $(<D) --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: soak
soak: setup ## run the long tests: thousands of kills, a year of daily runs
	@$(BIN)/pytest -n $(WORKERS) $(SPREAD) -m soak


.PHONY: check
check: check-code test ## everything CI runs, in its order

.PHONY: check-code
check-code: check-format check-lint check-types check-imports check-docs ## the same without the tests

.PHONY: check-format
check-format: setup
	@$(BIN)/ruff format --check .

.PHONY: check-lint
check-lint: setup
	@$(BIN)/ruff check .

.PHONY: check-types
check-types: setup
	@$(BIN)/mypy

.PHONY: check-imports
check-imports: setup
	@$(BIN)/lint-imports --no-cache --no-logo

.PHONY: check-docs
check-docs: setup
	@$(BIN)/python docs/generate.py --check

.PHONY: format
format: setup ## format the code and fix what the linter can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: docs
docs: setup ## write docs/reference from the code
	@$(BIN)/python docs/generate.py

# Peers of the benchmarks, what stands in for others' services in tests, and dbt bring their own versions of what we use,
# so they live apart.
.venv/bench/.packages .venv/judges/.packages .venv/dbt/.packages: .venv/%/.packages: requirements/%.txt .venv/.bootstrap
	@echo "Installing $*"
	@$(UV) venv --quiet --clear --python $(BIN)/python .venv/$*
	@mirror="$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get global.index-url 2>/dev/null || true)}"; \
	if [[ -n "$$mirror" && -z "$${UV_DEFAULT_INDEX:-}" ]]; then export UV_DEFAULT_INDEX="$$mirror"; fi; \
	$(UV) pip sync --quiet --python .venv/$*/bin/python --require-hashes --compile-bytecode $<
	@touch $@

NPM_JUDGES := okr_pipeline_tests/judges/node_modules/.package-lock.json

.PHONY: judges
judges: setup .venv/judges/.packages .venv/dbt/.packages $(NPM_JUDGES) ## install what judges connectors; tests skip without

SHARED := $(addprefix benchmarks/,company.py contest.py dlt_http.py dlt_load.py dlt_merge.py forecast_peer.py http_peer.py)

.PHONY: bench
bench: setup .venv/bench/.packages ## run the benchmarks; they print ratios, not verdicts
	@for benchmark in $(filter-out $(SHARED),$(wildcard benchmarks/*.py)); do \
		echo "== $$benchmark"; $(BIN)/python "$$benchmark"; done

.PHONY: lock
lock: .venv/.bootstrap ## pin requirements/*.txt after a change of pyproject.toml; UPGRADE=1 takes newer versions
	@$(COMPILE) --group bootstrap -o requirements/bootstrap.txt
	@$(COMPILE) --extra ui --extra duckdb --extra postgres --group build \
		-c requirements/bootstrap.txt -o requirements/runtime.txt pyproject.toml
	@$(COMPILE) --all-extras --group dev \
		-c requirements/bootstrap.txt -c requirements/runtime.txt -o requirements/dev.txt pyproject.toml
	@$(COMPILE) --group bench -o requirements/bench.txt
	@$(COMPILE) --group judges -o requirements/judges.txt
	@$(COMPILE) --group dbt -o requirements/dbt.txt

.PHONY: clean
clean: ## remove .venv, what the example built (.okr, scorecards) and caches
	@rm -rf .venv .okr scorecards config/data/weather.parquet build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
