# Two commands do all set-up: `make run` and `make test`. `make help` lists the rest.
VENV ?= .venv
include mk/venv.mk
include mk/gen.mk
include mk/clients.mk
include mk/test.mk

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run bench clean

help: ## List what there is
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort -u | awk -F ':.*## ' '{ printf "  %-18s %s\n", $$1, $$2 }'

run: venv ## A whole gateway on this machine: Postgres, Redis, a model, and an API key
	$(VENV)/bin/trunkline dev

bench: venv ## Measure; bench/README.md says what
	@if [ -f bench/run.sh ]; then bash bench/run.sh; else $(VENV)/bin/python bench/run.py; fi

clean: ## Remove everything that is made, except .trunkline/ (data) and .tools/ (generators)
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage third_party dist build
	rm -rf clients/*/target clients/java/client/target clients/typescript/dist clients/typescript/node_modules
	find server clients gen tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
