# The targets with a ## comment are the help that plain `make` prints.
KILLS     ?= 500
FUZZTIME  ?= 30s
BENCH     ?= Commit|Moves|Pushes
BENCHTIME ?= 5x

.DEFAULT_GOAL := help
.PHONY: help run test lint storm bench openapi clients web fuzz release image

help:
	@awk -F ':.*## ' '/^[a-z]+:.*## /{ printf "make %-8s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start the server on yourturn.db in this folder, on http://127.0.0.1:8080
	go run ./cmd/yourturn serve

test: ## every test on every engine; installs what is missing (ARGS=./session replaces ./...)
	./test.sh $(ARGS)

lint: ## golangci-lint, built from tools/go.mod at the first time
	./scripts/lint

storm: ## kill servers and databases under load KILLS=500 times
	YOURTURN_STORM_KILLS=$(KILLS) go test -run Storm -count=1 -timeout 0 ./server/...

bench: ## benchmarks (BENCH=regexp BENCHTIME=5x), see bench/RESULTS.md
	go test -run '^$$' -bench '$(BENCH)' -benchtime '$(BENCHTIME)' -timeout 0 ./bench

openapi: ## write the schema again after a change of the API
	go run ./cmd/yourturn openapi openapi

release: ## static binaries for every platform into dist/, with checksums (PLATFORMS=linux/arm64 TAGS=nofcm)
	TAGS=$(TAGS) scripts/release $(PLATFORMS)

image: ## the image, with docker, podman or buildah (BUILDER=podman)
	$(or $(BUILDER),docker) build --file deploy/Dockerfile --tag yourturn --build-arg TAGS=$(TAGS) .

clients: ## write the generated clients again after a change of the schema
	go generate ./openapi/...

web: ## build the web app again after a change in web/app
	cd web && npm ci --ignore-scripts --no-audit --no-fund && npm run build

fuzz: ## each fuzz target for FUZZTIME=30s
	@grep -rn --include='*_test.go' '^func Fuzz' . | \
		sed -E 's|^(.*)/[^/]*_test.go:[0-9]+:func (Fuzz[A-Za-z0-9_]*).*|\1 \2|' | sort | \
		while read -r folder target; do \
			echo "$$folder $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$folder" </dev/null || exit 1; \
		done
