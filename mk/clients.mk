# The clients in clients/: each language builds only what changed. `clients` leaves out, by name, what cannot be built
# here.
CLIENTS := python go typescript java rust

# The commands that each needs. Python needs nothing beyond the project itself.
CLIENT_COMMANDS_go := go
CLIENT_COMMANDS_typescript := node npm
CLIENT_COMMANDS_java := javac mvn
CLIENT_COMMANDS_rust := cargo

.PHONY: clients $(CLIENTS:%=client-%) $(CLIENTS:%=client-missing-%)

clients: ## Build every client whose toolchain is here
	@for language in $(CLIENTS); do \
	  missing=$$($(MAKE) -s --no-print-directory -f mk/clients.mk client-missing-$$language); \
	  if [ -n "$$missing" ]; then echo "clients: $$missing not found: $$language left out" >&2; continue; fi; \
	  $(MAKE) -s --no-print-directory -f mk/clients.mk client-$$language || exit 1; \
	  echo "$$language: ready"; \
	done

# Names the first command that is missing, if any.
$(CLIENTS:%=client-missing-%): client-missing-%:
	@for command in $(CLIENT_COMMANDS_$*); do \
	  command -v $$command >/dev/null || { echo $$command; break; }; \
	done

client-python: # runs from source

client-go: ## Build one client; the same for typescript, java, rust
	cd clients/go && go build -trimpath -o target/ ./cmd/...

client-rust:
	cd clients/rust && cargo build --quiet

# npm, tsc and mvn do not see by themselves, or only slowly, that nothing changed. Folders stand for deleted files.
TYPESCRIPT := clients/typescript
TYPESCRIPT_PACKAGES := $(TYPESCRIPT)/node_modules/.package-lock.json

client-typescript: $(TYPESCRIPT)/dist/smoke.js

$(TYPESCRIPT_PACKAGES): $(TYPESCRIPT)/package.json gen/typescript/package.json
	cd $(TYPESCRIPT) && npm install --no-package-lock --silent
	@touch $@

$(TYPESCRIPT)/dist/smoke.js: $(TYPESCRIPT_PACKAGES) $(TYPESCRIPT)/tsconfig.json \
    $(shell find $(TYPESCRIPT)/src gen/typescript/src)
	cd $(TYPESCRIPT) && npm run --silent build
	@touch $@

JAVA := clients/java
JAVA_JAR := $(JAVA)/client/target/trunkline-client-0.1.0.jar

client-java: $(JAVA_JAR)

$(JAVA_JAR): $(JAVA)/pom.xml $(JAVA)/client/pom.xml gen/java/pom.xml $(shell find $(JAVA)/client/src gen/java/src)
	mvn -B -q -f $(JAVA)/pom.xml -Dmaven.test.skip=true package
	@touch $@
