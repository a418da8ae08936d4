# `make demo` and `make test` are all a newcomer needs. `make help` lists the rest.

SWIFT ?= swift
TOUCHLINE = .build/release/touchline
SOURCES = Sources Tests Package.swift
# Arguments for the program, as in: make demo ARGS="--rate 500"
ARGS ?=

.PHONY: help bootstrap demo test build bench conformance soak lint format clean dashboards alerts manifests dist bare-root
.DEFAULT_GOAL := help

help: ## Lists the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

bootstrap:
	@scripts/bootstrap.sh

demo: release ## Runs everything on this machine: private servers, a sportsbook, all stages, a page to look at
	$(TOUCHLINE) demo $(ARGS)

test: bootstrap ## Builds and runs all tests
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build --disable-xctest --no-parallel --skip '^PipelineTests'
	$(SWIFT) test --skip-build --disable-xctest --filter '^PipelineTests' \
		--parallel --experimental-maximum-parallelization-width 3

build: bootstrap ## Builds for development
	$(SWIFT) build

.PHONY: release
release: bootstrap ## Builds the program as it is deployed
	$(SWIFT) build -c release --product touchline

bench: release ## Measures this machine
	$(TOUCHLINE) bench $(ARGS)

conformance: bootstrap ## Runs the Autobahn cases against both ends of our WebSockets; ARGS=--all runs every one
	scripts/conformance.sh $(ARGS)

lint: bootstrap ## Checks format, warnings and imports, as the CI does
	$(SWIFT) format lint --strict --recursive $(SOURCES)
	TOUCHLINE_STRICT=1 $(SWIFT) build --build-tests --explicit-target-dependency-import-check error

soak: release ## Breaks things again and again, for an hour
	$(SWIFT) build --build-tests
	TOUCHLINE_SOAK=1 TOUCHLINE_PROGRAM=$(CURDIR)/$(TOUCHLINE) $(SWIFT) test --skip-build --disable-xctest --no-parallel \
		--filter 'RedisMemoryTests|OwnershipTests|SpoolOutageTests|LostReplyTests|FeedFaultTests|StormTests|WriterFaultTests|RollingUpgradeTests'

dashboards: release ## Checks alerts and dashboards against a live pipeline, a real Prometheus and Grafana's types
	scripts/dashboards.sh

alerts: release ## Makes faults and waits for the alerts at a webhook, ten minutes; ARGS=Redis picks those with that word
	scripts/alerts.sh $(ARGS)

manifests: release ## Checks deploy/: units, Kubernetes manifests, compose file, configurations
	scripts/deploy.sh

dist: bootstrap ## Builds what is handed out: a stripped binary with a static Swift runtime, an SBOM, checksums, in dist/
	scripts/dist.sh

bare-root: dist ## Runs what dist/ has on a Debian with nothing but the packages of docs/ops.md; needs root
	scripts/bare-root.sh

format: ## Formats the sources in place
	$(SWIFT) format --in-place --recursive $(SOURCES)

clean: ## Removes what was built
	rm -rf .build dist
