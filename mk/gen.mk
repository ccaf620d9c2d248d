# The contract: generation and the checks of it. LANGS="python go" narrows gen, gen-check and toolchain.
export LANGS VENV

.PHONY: gen gen-check toolchain third-party buf-lint buf-format buf-format-check buf-breaking

gen: ## Regenerate gen/ from protos/
	tools/gen.sh

gen-check: ## Fail when gen/ is not what protos/ generates
	tools/gen.sh --check

toolchain: ## Install the code generators below .tools/
	tools/toolchain.sh $(LANGS)

third-party: ## Copy the Google protos that the contract imports, and their type stubs
	. ./tools/env.sh && python tools/third_party.py

buf-lint: third-party ## Lint protos/
	. ./tools/env.sh && buf lint protos

buf-format: ## Format protos/ in place
	. ./tools/env.sh && buf format --write protos

buf-format-check: ## Fail when protos/ is not formatted
	. ./tools/env.sh && buf format --diff --exit-code protos

buf-breaking: ## Fail when protos/ breaks the contract before it
	tools/breaking.sh
