# Lienkeeper: everything a person does from the command line. `make` alone explains.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && { echo $$p; break; }; done)
BIN := .venv/bin
SERVE_STAMP := .venv/.serve-installed
DEVELOP_STAMP := .venv/.develop-installed
UV := .cache/uv/bin/uv
COMPILE := pip compile --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-header --no-emit-index-url --quiet

.DEFAULT_GOAL := help
.PHONY: help serve test check format schema verify lock explorer test-minio clean

help: ## Show this help
	@echo "Lienkeeper. What you can do:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "PORT and DATA_DIR choose where it serves and keeps its data; see README.md."

serve: $(SERVE_STAMP) ## Set up and serve, with MongoDB and an S3 store of its own
	@exec $(BIN)/python server.py serve

test: $(DEVELOP_STAMP) ## Set up and run every test
	@$(BIN)/python -m pytest

check: $(DEVELOP_STAMP) ## What CI runs: format, lint, types, schema, every test
	@echo "Checking format …" && $(BIN)/ruff format --check --quiet .
	@echo "Checking style …" && $(BIN)/ruff check --quiet .
	@echo "Checking types …" && $(BIN)/mypy
	@echo "Checking the committed schema …" && $(BIN)/python server.py schema --check
	@echo "Testing …" && $(MAKE) --no-print-directory test

format: $(DEVELOP_STAMP) ## Put the code into its format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

schema: $(DEVELOP_STAMP) ## Write schema/schema.graphql from the code
	@$(BIN)/python server.py schema

verify: $(SERVE_STAMP) ## Recompute every chain, replay every ledger, check every invariant
	@$(BIN)/python server.py verify

lock: $(UV) ## Pin the dependencies anew, with hashes
	@cd requirements && ../$(UV) $(COMPILE) serve.in -o serve.txt
	@cd requirements && ../$(UV) $(COMPILE) develop.in -o develop.txt

explorer: ## Install GraphiQL for the page at /, with npm
	@npm ci --ignore-scripts --no-audit --no-fund

test-minio: $(DEVELOP_STAMP) ## Run the storage tests and the story on a real MinIO
	@tools/with-minio $(BIN)/python -m pytest tests/storage/test_objects.py \
		tests/storage/test_signing.py tests/api/test_story.py tests/api/test_files.py

clean: ## Remove what was installed here; data folders stay
	@rm -rf .venv .cache node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/pyvenv.cfg:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed; $$($(PYTHON) --version) was found." >&2; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "Python could not make .venv; is its venv module installed?" >&2; exit 1; }

$(SERVE_STAMP): requirements/serve.txt | .venv/pyvenv.cfg
	@echo "Installing what the server needs (about 150 MB the first time) …"
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes \
		-r requirements/serve.txt || { \
		echo "Installing failed; pip's reason is above. Run the command again." >&2; exit 1; }
	@touch $@

$(DEVELOP_STAMP): requirements/develop.txt | .venv/pyvenv.cfg
	@echo "Installing what the server and its tests need (about 200 MB the first time) …"
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes \
		-r requirements/develop.txt || { \
		echo "Installing failed; pip's reason is above. Run the command again." >&2; exit 1; }
	@touch $@ $(SERVE_STAMP)

$(UV):
	@$(PYTHON) -m venv .cache/uv && .cache/uv/bin/pip install --quiet uv
