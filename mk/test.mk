# Checks and tests. Only Python is needed: what other toolchains would check is named when it is left out.
BIN := $(VENV)/bin
# Folders that hold Python tests; a suite may not be there yet.
suites = $(foreach suite,$(1),$(if $(wildcard tests/$(suite)/test_*.py),tests/$(suite)))
PYTEST := $(BIN)/pytest
# Three files at a time, in the order given: those that wait for servers first.
THREE := -n 3 --dist loadfile --no-loadscope-reorder

# These prove the domain; measuring its coverage doubles the time of a test, and the others would add little to it.
CORE := $(wildcard $(foreach part,domain routes service,tests/unit/test_$(part)_*.py))

.PHONY: lint unit integration e2e faults test left-out providers-doc templates-doc simulate

lint: venv third-party ## Lint and type-check, the contract included
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy server clients/python
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory buf-lint buf-format-check buf-breaking gen-check

unit: venv third-party ## Unit, conformance and golden tests
	$(PYTEST) $(call suites,unit conformance golden)

integration: venv third-party ## Tests with real Postgres and Redis
	$(PYTEST) $(call suites,integration)

e2e: venv third-party ## Tests against a whole server, and faults
	$(PYTEST) $(call suites,e2e faults)

faults: venv third-party ## Faults and load in their full form, with their figures (docs/faults.md); some take minutes
	TRUNKLINE_FAULTS=full $(PYTEST) $(call suites,faults)

test: venv third-party left-out ## Everything: lint, then all tests; the domain's branch coverage must reach 90 %
	@# The checks use one core; meanwhile the clients are built. What fails there is told by the end-to-end tests.
	@$(MAKE) -s --no-print-directory clients >/dev/null 2>&1 & \
	  $(MAKE) --no-print-directory lint; found=$$?; wait; exit $$found
	$(PYTEST) $(THREE) $(CORE) --cov=trunkline_server.domain --cov-branch --cov-report=term:skip-covered --cov-fail-under=90
	$(PYTEST) $(THREE) $(filter-out $(CORE),$(wildcard tests/unit/test_*.py)) $(call suites,conformance golden)
	$(PYTEST) $(THREE) $(call suites,e2e integration) --durations=15 --durations-min=3
	# They have the machine for themselves.
	$(PYTEST) $(call suites,faults) --durations=10 --durations-min=3

left-out:
	@for language in $(CLIENTS); do \
	  missing=$$($(MAKE) -s --no-print-directory client-missing-$$language); \
	  [ -z "$$missing" ] || echo "test: $$missing not found: the $$language client test is left out"; \
	done
	@command -v npm >/dev/null || echo "test: npm not found: object storage is not tested against Azurite"
	@command -v go >/dev/null || echo "test: go not found: object storage is not tested against fake-gcs-server"
	@PATH=$$PATH:/usr/sbin command -v mariadbd >/dev/null || \
	  echo "test: mariadbd not found (Debian: mariadb-server-core): the tests of MySQL and MariaDB are left out"
	@[ -n "$$TRUNKLINE_TEST_SQLSERVER_DSN" ] || \
	  echo "test: TRUNKLINE_TEST_SQLSERVER_DSN is not set: the tests of SQL Server are left out"
	@[ -n "$$TRUNKLINE_TEST_ORACLE_DSN" ] || \
	  echo "test: TRUNKLINE_TEST_ORACLE_DSN is not set: the tests of Oracle are left out"

providers-doc: venv third-party ## Write docs/providers.md from the adapters and the conformance suite
	PYTHONPATH=tests:gen/python:server $(BIN)/python -m conformance.features

templates-doc: venv third-party ## Write docs/templates.md from the shipped templates
	PYTHONPATH=tests:gen/python:server $(BIN)/python -m conformance.template_table

simulate: venv third-party ## Routing policies against each other, in made-up time (docs/simulation.md)
	PYTHONPATH=tests:gen/python:server $(BIN)/python bench/simulate.py
