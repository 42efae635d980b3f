# custinfo: `make` with no target lists the targets. What needs the environment makes it first.
SHELL := /bin/bash
VENV  := .venv
BIN   := $(VENV)/bin
READY := $(VENV)/.ready
HOME_DIR ?= data/site
PORT  ?= 8866
SEED  ?= 1
# What is compiled is kept, whatever the environment says: tests start hundreds of processes, and each would compile anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run test lab check format lock bench conformance soak security browser java clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(READY): requirements.lock pyproject.toml
	@echo "Making the environment from requirements.lock ..."
	python3 -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check "$$(grep -oE '^uv==[0-9.]+' requirements.lock)"
	$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --offline --python $(BIN)/python --editable .
	@touch $@

run: $(READY) ## make what is missing and start the workbench with a demo site
	@test -e $(HOME_DIR)/site.toml || $(BIN)/custinfo init --demo --home $(HOME_DIR)
	@exec $(BIN)/custinfo serve --home $(HOME_DIR) --port $(PORT)

browser: $(READY) ## find a browser for the tests, or install one
	@$(BIN)/python tests/browser.py

java: $(READY) ## find a Java for the tests on Spark, or install one
	@$(BIN)/python -m tests.java

test: $(READY) browser java ## run every test, browser included; SEED=7 tries another order
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -p no:nbval --randomly-seed=$(SEED)

check: $(READY) ## lint, types, architecture, spelling, notebooks, docs: runs all, reports all
	@$(BIN)/python tests/check.py

format: $(READY) ## put code and notebooks into their form
	$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .
	$(BIN)/nbstripout --keep-id forms/*.ipynb notebooks/*.ipynb reports/*.ipynb

lab: $(READY) ## JupyterLab on the notebooks, for analysts
	@CUSTINFO_HOME=$(abspath $(HOME_DIR)) $(BIN)/jupyter lab --notebook-dir=notebooks

lock: $(READY) ## resolve pyproject.toml anew into requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url pyproject.toml --output-file requirements.lock

bench: $(READY) browser ## ratios against peers, as JSON lines
	@$(BIN)/python tests/bench/run.py

conformance: $(READY) ## pass rates of the form engine: make conformance CASES=DIR
	@$(BIN)/python tests/conformance/run.py $(CASES)

soak: $(READY) browser ## faults at every step and 25 people at once: what was tried, what was lost (must be 0)
	@$(BIN)/python -m tests.soak.run $(SWEEPS)

security: $(READY) ## write docs/security.md anew from the tests
	@$(BIN)/python -m tests.security_doc

clean: ## remove the environment and caches; the site in data/site stays
	rm -rf $(VENV) .venv-bench .mypy_cache .ruff_cache .pytest_cache .hypothesis
