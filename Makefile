# Lienkeeper: everything a person does from the command line. `make` alone explains.

# A name found on the path may be a shim that runs nothing, so each candidate is tried.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && \
	{ echo $$p; break; }; done)
BIN := .venv/bin
VENV_STAMP := .venv/.made
SERVE_STAMP := .venv/.serve-installed
DEVELOP_STAMP := .venv/.develop-installed
# Progress for a person; quiet in a log, where bars are noise.
INSTALL = $(BIN)/python -m pip install --disable-pip-version-check --no-input --require-hashes \
	$$(test -t 1 || echo --quiet)
FAILED = { echo "Installing failed; pip's reason is above. Run the command again." >&2; exit 1; }
UV := .cache/uv/bin/uv
SECONDS ?= 600
RACES ?= 200
COMPILE := pip compile --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-header --no-emit-index-url --quiet

.DEFAULT_GOAL := help
.PHONY: help serve test check format schema verify lock explorer test-minio fuzz races bench-reads clean

help: ## Show this help
	@echo "Lienkeeper. What you can do:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile
	@echo "PORT and DATA_DIR choose where it serves and keeps its data; PYTHON chooses the Python."

serve: $(SERVE_STAMP) ## Set up and serve, with MongoDB and an S3 store of its own
	@exec $(BIN)/python server.py serve

test: $(DEVELOP_STAMP) ## Set up and run every test
	@$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(DEVELOP_STAMP) ## What CI runs: format, lint, types, schema, every test
	@echo "Checking format …" && $(BIN)/ruff format --check --quiet .
	@echo "Checking style …" && $(BIN)/ruff check --quiet .
	@echo "Checking types …" && $(BIN)/mypy
	@echo "Checking the committed schema …" && $(BIN)/python server.py schema --check
	@echo "Testing …" && $(BIN)/python -m pytest -n 2 --dist loadfile

format: $(DEVELOP_STAMP) ## Put the code into its format
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

schema: $(DEVELOP_STAMP) ## Write schema/schema.graphql from the code
	@$(BIN)/python server.py schema

verify: $(SERVE_STAMP) ## Recompute every chain, replay every ledger, check every invariant
	@$(BIN)/python server.py verify

lock: $(UV) ## Pin the dependencies, with hashes; UPGRADE=1 takes newer versions
	@cd requirements && for list in serve develop; do echo "Pinning $$list.in …" && \
		../$(UV) $(COMPILE) $(if $(UPGRADE),--upgrade) $$list.in -o $$list.txt >/dev/null || exit 1; \
		done

explorer: ## Install GraphiQL for the page at /, with npm
	@command -v npm >/dev/null 2>&1 || { \
		echo "npm is needed for this; without it the server shows a page of its own." >&2; exit 1; }
	@npm ci --ignore-scripts --no-audit --no-fund

test-minio: $(DEVELOP_STAMP) ## Run the tests of the store and the story on a real MinIO
	@tools/with-minio $(BIN)/python -m pytest tests/storage/test_objects.py \
		tests/storage/test_signing.py tests/api/test_story.py tests/api/test_files.py

fuzz: $(DEVELOP_STAMP) ## Compare compiled plans with graphql-core for ten minutes; SECONDS, FUZZ_SEED
	@FUZZ_SECONDS=$(SECONDS) $(BIN)/python -m pytest -s -q tests/execution/test_same_answers.py

races: $(DEVELOP_STAMP) ## Race releases with what forbids them, 200 times a pair; RACES
	@RACES=$(RACES) $(BIN)/python -m pytest -n 2 --dist load -q -rP \
		tests/api/test_release_races.py tests/api/test_release_pairs.py

bench-reads: $(DEVELOP_STAMP) ## Compare server CPU a request with a hand-written limit and other servers
	@$(BIN)/python bench/reads.py

clean: ## Remove what was installed here; data folders stay
	@rm -rf .venv .cache node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV_STAMP):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found." \
		"Where it has another name, say PYTHON=that-name." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, and $(PYTHON) is not." >&2; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Python could not make .venv;" \
		"its venv module may be missing (on Debian: apt install python3-venv)." >&2; exit 1; }
	@touch $@

$(SERVE_STAMP): requirements/serve.txt | $(VENV_STAMP)
	@echo "Installing what the server needs (about 200 MB the first time) …"
	@$(INSTALL) -r requirements/serve.txt || $(FAILED)
	@touch $@

$(DEVELOP_STAMP): requirements/develop.txt | $(VENV_STAMP)
	@echo "Installing what the server and its tests need (about 200 MB the first time) …"
	@$(INSTALL) -r requirements/develop.txt || $(FAILED)
	@touch $@ $(SERVE_STAMP)

$(UV):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found." >&2; exit 1; }
	@$(PYTHON) -m venv .cache/uv && .cache/uv/bin/python -m pip install --quiet \
		--disable-pip-version-check --no-input uv
