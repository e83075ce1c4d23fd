# What a newcomer needs: `make report` and `make test`. Each sets up .venv once; `make help` lists the rest.

SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
SCENARIO ?= london-2025
OUT ?= out
STAMPS := $(VENV)/.stamps
PIP_LOG := $(VENV)/install.log

# The newest Python from 3.11 on that can make virtual environments.
FIND_PYTHON = for p in "$$PYTHON" python3.13 python3.12 python3.11 python3 python; do \
	[ -n "$$p" ] && command -v "$$p" >/dev/null 2>&1 && \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$p" && break; done

# $(call install,extras): install the package with extras from the checkout, quietly; the log is shown on failure.
define install
	@echo "Installing détente$(1) into $(VENV) (about a minute, once) …"
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --editable ".$(1)" >$(PIP_LOG) 2>&1 \
		|| { cat $(PIP_LOG); echo "Installation failed."; exit 1; }
	@mkdir -p $(STAMPS) && touch $@
endef

.PHONY: help report test test-slow lint docs bench wheel-check clean-kernels clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

report: $(STAMPS)/core ## solve the London scenario and write its HTML report (SCENARIO=…, OUT=…)
	@$(BIN)/detente report $(SCENARIO) --out $(OUT)

test: $(STAMPS)/test ## the tests that take seconds
	@$(BIN)/python -m pytest -q -n 2 -m "not slow"

test-slow: $(STAMPS)/test ## the tests that take minutes
	@$(BIN)/python -m pytest -q -n 2 -m slow

lint: $(STAMPS)/test ## style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

docs: $(STAMPS)/docs ## build the documentation, running every example in it
	@mkdir -p docs/_build
	@$(BIN)/python -m sphinx -W -q -b html docs docs/_build/html >docs/_build/log 2>&1 \
		|| { cat docs/_build/log; echo "The documentation did not build."; exit 1; }
	@echo "Documentation: docs/_build/html/index.html"

bench: $(STAMPS)/bench ## timings against named peers
	@for b in benchmarks/*.py; do $(BIN)/python $$b || exit 1; done

wheel-check: $(STAMPS)/venv ## build the wheel and use it, with its games, in a clean environment outside the checkout
	@PYTHON=$(BIN)/python bash tests/packaging/wheel_check.sh

clean-kernels: ## remove compiled kernels, after changing one that another file's kernels call
	@find solver -name '*.nb[ic]' -delete

clean: clean-kernels ## remove the environment and everything built
	rm -rf $(VENV) build dist out docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(STAMPS)/venv:
	@python=$$($(FIND_PYTHON)); \
	if [ -z "$$python" ]; then echo "détente needs Python 3.11 or newer with venv and ensurepip."; exit 1; fi; \
	[ -x $(BIN)/python ] || { echo "Making $(VENV) with $$($$python --version) …"; $$python -m venv $(VENV); }
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/core: pyproject.toml | $(STAMPS)/venv
	$(call install,)

$(STAMPS)/test: pyproject.toml | $(STAMPS)/venv
	$(call install,[test$(comma)interop])
	@touch $(STAMPS)/core

$(STAMPS)/docs: pyproject.toml | $(STAMPS)/venv
	$(call install,[docs])

$(STAMPS)/bench: pyproject.toml | $(STAMPS)/venv
	$(call install,[bench])

comma := ,
