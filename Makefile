# Two commands do all set-up: `make run` and `make test`. `make help` lists the rest.
VENV ?= .venv
include mk/gen.mk
