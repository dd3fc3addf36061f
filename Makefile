# Everything that is done with this project, by name. `make` alone prints this list.

GO       ?= go
TOOL      = $(GO) tool -modfile=tools/go.mod
# Published test vectors for tokens and signatures; where the folder is missing, the tests say that they were left out.
VECTORS  ?= ../shared/vectors
ABSOLUTE  = $(abspath $(VECTORS))

.PHONY: help
help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## run the server on a database in this folder
	$(GO) run .

.PHONY: test
test: browser postgres clients ## run all tests, with the race detector (needs a C compiler and Node.js; installs Chromium and PostgreSQL where they are missing)
	FIELDWARD_VECTORS="$(wildcard $(ABSOLUTE))" $(GO) test -race -shuffle=on -timeout 30m ./...

.PHONY: browser
browser:
	@command -v chromium >/dev/null || [ -n "$$FIELDWARD_TEST_CHROMIUM" ] || sh internal/install-chromium.sh

.PHONY: postgres
postgres:
	@sh internal/install-postgres.sh

.PHONY: clients
clients:
	npm ci --prefix internal/clients --silent

.PHONY: lint
lint: ## check style and the usual mistakes
	$(TOOL) golangci-lint run ./...

.PHONY: format
format: ## format the code
	$(TOOL) golangci-lint fmt ./...

.PHONY: generate
generate: ## check the rules of the schemas, then write what gqlgen writes (needs Go alone)
	$(GO) run ./internal/generate -stock graph/guard/internal/stock/gqlgen.yml gqlgen.yml graph/guard/internal/testserver/gqlgen.yml

.PHONY: graphiql
graphiql: ## build the GraphiQL page anew (needs Node.js)
	cd web/graphiql && npm ci && npm run build

.PHONY: graphiql-check
graphiql-check: ## fail where the page's committed files are not what its sources build (needs Node.js)
	cd web/graphiql && npm ci && npm run check

.PHONY: verify
verify: generate ## fail where generated files or go.mod are not what they should be
	$(GO) mod tidy -diff
	sh internal/check-libc.sh
	git diff --exit-code
	@test -z "$$(git ls-files --others --exclude-standard)" || { git ls-files --others --exclude-standard; echo "these files are not committed"; exit 1; }

.PHONY: bench
bench: ## run the benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

# DATABASE is sqlite:FILE or postgres://USER@HOST/NAME, and must be empty. With a password, set FIELDWARD_DATABASE instead.
USERS    ?= 1000000
SESSIONS ?= 10000000
EVENTS   ?= 1000000
SEED     ?= 1

.PHONY: bench-data
bench-data: ## fill an empty DATABASE with USERS, SESSIONS and EVENTS (millions), the same for the same SEED
	@$(GO) run ./bench/data -database '$(DATABASE)' -users $(USERS) -sessions $(SESSIONS) -events $(EVENTS) -seed $(SEED)

.PHONY: cover
cover: ## show what the tests cover
	$(GO) test -coverprofile=cover.out -coverpkg=./... ./...
	$(GO) tool cover -func=cover.out | tail -1
