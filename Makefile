# Every command that a person needs. Each sets up what it needs first; nothing is to be done by hand.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.8.0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)

# Recorded data that is not part of the repository. Tests that need it skip where it is absent.
export VIGIL_PHYSIONET ?= $(abspath $(wildcard ../shared/physionet))
export VIGIL_VECTORS ?= $(abspath $(wildcard ../shared/vectors))

WEB_SOURCES := $(shell find web/src web/sw web/index.html web/package.json web/vite.config.ts web/svelte.config.js web/public -type f 2>/dev/null)

.PHONY: help run build web test check kills fmt lint test-go test-web test-e2e bench bench-load bench-week train eval eval-unseen backtest fuzz vuln clean api

help: ## list the commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: build ## set up, build, and open a living ward with 16 simulated homes
	@scripts/run.sh

build: web ## build bin/vigil, bin/vigil-hub and bin/vigil-sim
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/vigil ./server
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/vigil-hub ./devices/hub
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/vigil-sim ./devices/sim

cross: ## does the home hub build for the computers that it runs on, without cgo?
	@for arch in amd64 arm64 arm; do \
		CGO_ENABLED=0 GOOS=linux GOARCH=$$arch GOARM=7 go build -o /dev/null ./devices/hub && echo "vigil-hub builds for linux/$$arch"; \
	done

web: web/dist/index.html ## build the dashboard

web/node_modules/.stamp: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web/dist/index.html: web/node_modules/.stamp $(WEB_SOURCES)
	cd web && npm run --silent build

api: web/node_modules/.stamp ## regenerate the dashboard's types from the server's OpenAPI
	go run ./server openapi > web/openapi.json
	cd web && npm run --silent api -- openapi.json && rm openapi.json

check: fmt lint cross test ## everything that must hold before a change lands

fmt: ## is the code formatted?
	@out=$$(go run $(GOLANGCI) fmt --diff 2>&1) || true; if [ -n "$$out" ]; then echo "$$out"; echo "run: make fmt-fix"; exit 1; fi

fmt-fix: web/node_modules/.stamp ## format the code
	go run $(GOLANGCI) fmt
	cd web && npm run --silent format

lint: web/node_modules/.stamp ## linters and types, Go and TypeScript
	go vet ./...
	go run $(GOLANGCI) run
	cd web && npm run --silent check && npm run --silent lint
	@$(MAKE) --no-print-directory api && git diff --exit-code --stat web/src/lib/api.gen.d.ts || { echo "the dashboard's types differ from the server's OpenAPI: commit what 'make api' wrote"; exit 1; }

test: test-web test-go test-e2e ## set up, and pass every test

test-go: ## the Go tests, with the race detector
	@scripts/need.sh gcc gcc "the race detector"
	@scripts/need.sh initdb postgresql "tests on PostgreSQL"
	@scripts/need.sh dbus-daemon dbus "tests of the home hub's Bluetooth"
	@scripts/need.sh mosquitto_pub mosquitto-clients "an outside MQTT client"
	go test -race -shuffle=on -timeout 30m ./...

kills: ## kill servers at random times, fifty times each: nothing acked is lost, every alarm and every call comes once
	VIGIL_KILLS=50 go test -count=1 -timeout 60m ./server -run 'HoweverOftenTheServerIsKilled' -v

test-web: web ## the dashboard's tests, in Node and in Chromium
	@scripts/need.sh chromium chromium "tests in a browser"
	@scripts/need.sh liberation-fonts fonts-liberation "the dashboard's last choice of font, in which tests measure it"
	cd web && npm test --silent && npm run --silent test:ui

test-e2e: build ## the whole chain: wearable, server, browser, FHIR, and a kill in the middle
	@scripts/need.sh chromium chromium "tests in a browser"
	@scripts/need.sh liberation-fonts fonts-liberation "the dashboard's last choice of font, in which tests measure it"
	cd web && npm run --silent test:e2e

bench: ## what each step costs
	go test -run '^$$' -bench . -benchmem ./vitals/... ./devices/... ./alerts/... ./fhir/... ./server/...

bench-load: build ## 1,000 patients on this machine for five minutes
	@scripts/load.sh

bench-week: ## a week that a home kept through an outage, delivered while it goes on measuring; takes ten minutes
	VIGIL_BACKLOG=168h go test -run '^$$' -bench Backlog -benchtime 1x -timeout 60m ./server

FUZZTIME ?= 60s
fuzz: ## fuzz every decoder, FUZZTIME each
	@scripts/fuzz.sh $(FUZZTIME)

train: ## grow the detector's forests anew from VIGIL_PHYSIONET, to the same bytes
	@[ -n "$(VIGIL_PHYSIONET)" ] || { echo "say where the databases are: make train VIGIL_PHYSIONET=<folder of PhysioNet databases>"; exit 2; }
	go run ./vitals/ecg/model/train

eval: ## run the detector over DATA, write OUT, print the scores
	@[ -n "$(DATA)" ] && [ -n "$(OUT)" ] || { echo "say where the databases are and where to write: make eval DATA=<folder of PhysioNet databases> OUT=<folder>"; exit 2; }
	@[ -d "$(DATA)" ] || { echo "there is no folder $(DATA)"; exit 2; }
	go run ./vitals/ecg/eval -data "$(DATA)" -out "$(OUT)" -html

eval-unseen: ## the same with forests that never saw the patient: grows five sets of them first, which takes minutes
	@[ -n "$(DATA)" ] && [ -n "$(OUT)" ] || { echo "say where the databases are and where to write: make eval-unseen DATA=<folder of PhysioNet databases> OUT=<folder>"; exit 2; }
	go run ./vitals/ecg/model/train -data "$(DATA)" -folds "$(OUT)/forests"
	go run ./vitals/ecg/eval -data "$(DATA)" -out "$(OUT)" -html -unseen "$(OUT)/forests"

backtest: ## how good the forecasts were on the days in DATA, and on simulated ones
	@[ -d "$(DATA)" ] || { echo "say where the databases are: make backtest DATA=<folder of PhysioNet databases>"; exit 2; }
	@go run ./alerts/backtest -data "$(DATA)"

vuln: ## known vulnerabilities that this code can reach
	go run $(GOVULNCHECK) ./...

clean: ## remove what was built
	rm -rf bin web/dist/assets web/dist/index.html web/node_modules/.stamp
