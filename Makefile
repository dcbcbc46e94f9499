# otelcol-tasker: a Collector with the namespace_sampler processor. `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO ?= go
# Tools are pinned: mdatagen and ocb in tools/go.mod, at the Collector's release; the rest here.
TOOL := $(GO) tool -modfile=tools/go.mod
GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOTESTSUM := gotest.tools/gotestsum@v1.13.0
BENCHSTAT := golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da
HELM := helm.sh/helm/v3/cmd/helm@v3.22.0
# The newest releases of these two whose requirements can all be had from the module proxy.
GORELEASER := github.com/goreleaser/goreleaser/v2@v2.16.0
NFPM := github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2
TELEMETRYGEN := github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen@v0.160.0

# ocb compiles without cgo and with -trimpath. What else is built for a demo does the same, so that a cold build compiles
# the standard library once.
BUILD := CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false"

# What a built collector depends on.
SOURCES := go.mod go.sum tools/go.mod tools/go.sum \
	$(shell find namespacesampler internal/budget -name '*.go' -not -name '*_test.go' -o -name 'page.*')
CONFIG ?= testdata/minimal.yaml

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

.PHONY: demo
demo: bin/otelcol-demo bin/taskerload postgres ## build, sample Tasker-like load against a throw-away Postgres, and print a verdict; V=1: all tables
	bin/taskerload demo --collector bin/otelcol-demo --config testdata/demo.yaml $(if $(V),-v)

.PHONY: demo-live
demo-live: bin/otelcol-demo bin/taskerload postgres ## build, then send steady load to watch: prints the page's URL and SQL to paste; Ctrl-C ends it
	bin/taskerload live --collector bin/otelcol-demo --config testdata/demo-live.yaml

.PHONY: recording
recording: build postgres chromium ## record what `make demo-live` shows in the tests' browser, as docs/demo-live.svg
	cd e2e && RECORDING=$(CURDIR)/docs/demo-live.svg OTELCOL=$(CURDIR)/bin/otelcol-tasker $(GO) test -count=1 -run TestTheLiveDemoIsWatched .

# Packages with tests of allocations, which the race detector would fail.
ALLOCATION_TESTS = $(shell grep -rlE --include='*_test.go' '^func Test.*Allocat' namespacesampler | xargs -n1 dirname | sort -u | sed 's|^|./|')

.PHONY: test
test: build bin/telemetrygen bin/otelcol-bench postgres pgbouncer compiler commands chromium axe xxhash $(if $(filter Linux,$(shell uname)),packages packaging buildah) generate-check alerts ## everything: unit, race, integration, end to end
	$(GO) run $(GOTESTSUM) -- -race -timeout 40m ./...
	$(GO) run $(GOTESTSUM) -- -run Allocat $(ALLOCATION_TESTS) # the race detector allocates too
	$(GO) run $(GOTESTSUM) -- ./cmd/taskerload/internal/simulation # the race detector would take twenty times as long
	$(MAKE) bench-smoke
	cd deploy && OTELCOL=$(CURDIR)/bin/otelcol-tasker $(GO) run $(GOTESTSUM) -- -count=1 ./...
	tools/fuzz.sh 20000x # a number: a time that ends while go gathers the corpus is a failure to it
	cd e2e && OTELCOL=$(CURDIR)/bin/otelcol-tasker OTELCOL_BENCH=$(CURDIR)/bin/otelcol-bench TELEMETRYGEN=$(CURDIR)/bin/telemetrygen \
		AXE=$(CURDIR)/bin/axe.min.js $(GO) run $(GOTESTSUM) -- -count=1 -timeout 40m ./...

SOAK ?= 20s
SOAK_ITEMS ?= 50_000_000
SOAK_EVERYTHING ?= 1h

.PHONY: soak
soak: soak-metrics soak-postgres soak-everything ## the full sizes of what `make test` shows in small, with figures: two hours or so

.PHONY: soak-everything
soak-everything: postgres
	SOAK_EVERYTHING=$(SOAK_EVERYTHING) $(GO) test -count=1 -timeout 0 -v -run TestEverythingAtOnce ./namespacesampler

.PHONY: soak-metrics
soak-metrics: bin/otelcol-tasker postgres
	SOAK=1 $(GO) test -count=1 -v -run TotalsOfRescaledDeltas ./namespacesampler/internal/points
	cd e2e && SOAK=1 OTELCOL=$(CURDIR)/bin/otelcol-tasker $(GO) test -count=1 -v -run TenPercentOfManySeries .

.PHONY: soak-postgres
soak-postgres: build postgres # prints the table of docs/failure-modes.md
	cd e2e && SOAK=$(SOAK) OTELCOL=$(CURDIR)/bin/otelcol-tasker $(GO) test -count=1 -timeout 2h -v -run 'TestFaults|TestOutageCosts' . \
		| grep -Ev '^=== '
	SOAK_ITEMS=$(SOAK_ITEMS) $(GO) test -count=1 -timeout 2h -v -run TestSoak ./namespacesampler/internal/spans

.PHONY: build
build: bin/otelcol-tasker bin/taskerload ## the collector and the load tool, in bin/

# The requirements are those of cmd/otelcol-tasker/go.mod, so that every build is of the same modules, and downloads no others.
bin/otelcol-tasker: builder-config.yaml cmd/otelcol-tasker/go.mod cmd/otelcol-tasker/go.sum $(SOURCES)
	$(BUILD) $(TOOL) builder --skip-get-modules --config builder-config.yaml
	@mkdir -p bin && mv cmd/otelcol-tasker/otelcol-tasker $@

# Half the compilation of otelcol-tasker, with the same pinned versions.
bin/otelcol-demo: cmd/taskerload/builder-config.yaml cmd/otelcol-tasker/go.mod cmd/otelcol-tasker/go.sum $(SOURCES)
	@mkdir -p build/demo && cp cmd/otelcol-tasker/go.mod cmd/otelcol-tasker/go.sum build/demo
	$(BUILD) $(TOOL) builder --skip-get-modules --config cmd/taskerload/builder-config.yaml
	@mkdir -p bin && mv build/demo/otelcol-demo $@

# For other systems (build/linux_arm64/otelcol-tasker), what the builder has generated, with the builder's flags.
build/%/otelcol-tasker: bin/otelcol-tasker
	GOOS=$(word 1,$(subst _, ,$*)) GOARCH=$(word 2,$(subst _, ,$*)) $(BUILD) $(GO) build -C cmd/otelcol-tasker -ldflags='-s -w' -o $(CURDIR)/$@ .

.PHONY: bin/taskerload # go build knows by itself whether it is up to date
bin/taskerload:
	$(BUILD) $(GO) build -o $@ ./cmd/taskerload

bin/telemetrygen: Makefile
	$(BUILD) GOBIN=$(CURDIR)/bin $(GO) install $(TELEMETRYGEN) && touch $@

PACKAGE = $(BUILD) NFPM="$(GO) run $(NFPM)" deploy/packages/build.sh bin/otelcol-tasker $(shell $(GO) env GOARCH)

.PHONY: packages
packages: bin/otelcol-tasker ## a deb and an rpm for this machine's architecture, in dist/packages
	@[ "$$($(GO) env GOOS)" = linux ] || { echo "packages are for Linux, and hold a binary that is built here" >&2; exit 1; }
	rm -rf dist/packages
	$(PACKAGE) dist/packages

# Systems with debootstrap and systemd-nspawn, as root. The root of the machine is made once.
.PHONY: packages-test
packages-test: packages bin/telemetrygen packaging ## install, run, upgrade and remove both packages in a clean Debian that systemd boots: as root, minutes
	tools/install.sh debian
	mkdir -p build && rm -rf build/debian.new
	[ -d build/debian ] || { debootstrap --variant=minbase --include=systemd-sysv,dbus,ca-certificates,curl,rpm bookworm build/debian.new && mv build/debian.new build/debian; }
	rm -rf build/packages && VERSION=999.0.0 $(PACKAGE) build/packages
	cd deploy && OTELCOL=$(CURDIR)/bin/otelcol-tasker DEBIAN=$(CURDIR)/build/debian NEXT=$(CURDIR)/build/packages $(GO) test -count=1 -timeout 20m -v ./packages

.PHONY: run
run: bin/otelcol-tasker ## run the collector: make run CONFIG=testdata/minimal.yaml
	bin/otelcol-tasker --config $(CONFIG)

FUZZTIME ?= 60s

.PHONY: fuzz
fuzz: ## fuzz every target: make fuzz FUZZTIME=60s
	tools/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: bin/otelcol-bench postgres ## measure every budget beside its reference and print verdicts: twelve minutes on a quiet machine
	tools/bench.sh

.PHONY: bench-full
bench-full: postgres ## measure shapes of batches and more peers, as tables of benchstat: about ten minutes
	tools/bench-full.sh

.PHONY: bench-smoke
bench-smoke: postgres ## check what does not depend on the machine: allocations, and that the references do the same work
	cd benchmarks && $(GO) run $(GOTESTSUM) -- -count=1 -timeout 5m ./...
	cd benchmarks && $(GO) test -run '^$$' -bench '^Benchmark(Row|Lookup|Parallel)$$' -benchtime 1x .

BENCH_ROUNDS ?= 6

.PHONY: bench-collector
bench-collector: bin/otelcol-bench postgres ## measure the built collector alone, with all setups, as tables of benchstat
	@mkdir -p build && cd e2e && export OTELCOL_BENCH=$(CURDIR)/bin/otelcol-bench; \
	for ((round = 0; round < $(BENCH_ROUNDS); round++)); do \
		$(GO) test -count=1 -timeout 5m -run '^$$' -bench '^Benchmark(Collector|TailSampling)$$' -benchtime 1x . || exit; \
	done | tee ../build/bench-collector.txt
	$(GO) run $(BENCHSTAT) -col /with build/bench-collector.txt

bin/otelcol-bench: e2e/builder-config.yaml $(SOURCES)
	@mkdir -p build # ocb makes one folder, not two
	$(BUILD) $(TOOL) builder --config e2e/builder-config.yaml
	@mkdir -p bin && mv build/bench/otelcol-bench $@

.PHONY: downstream
downstream: bin/otelcol-downstream ## try components behind the processor, and print the tables of docs/downstream.md
	cd e2e && OTELCOL_DOWNSTREAM=$(CURDIR)/bin/otelcol-downstream \
		$(GO) test -count=1 -timeout 20m -v -run '^$$' -bench '^BenchmarkDownstream$$' -benchtime 1x .

bin/otelcol-downstream: e2e/downstream-builder-config.yaml $(SOURCES)
	@mkdir -p build # ocb makes one folder, not two
	$(BUILD) $(TOOL) builder --config e2e/downstream-builder-config.yaml
	@mkdir -p bin && mv build/downstream/otelcol-downstream $@

.PHONY: lint
lint: generate-check ## golangci-lint with the import rules, gofumpt, and stale generated code
	$(GO) run $(GOLANGCI_LINT) run ./...
	cd e2e && $(GO) run $(GOLANGCI_LINT) run --config ../.golangci.yml ./...
	cd benchmarks && $(GO) run $(GOLANGCI_LINT) run --config ../.golangci.yml ./...
	cd deploy && $(GO) run $(GOLANGCI_LINT) run --config ../.golangci.yml ./...
	cd tools && $(GO) run $(GOLANGCI_LINT) run --config ../.golangci.yml ./...

.PHONY: govulncheck
govulncheck: commands ## look for known vulnerabilities that the collector's code can reach; VULNDB=file:///…: with a copy of the database
	tools/govulncheck.sh

.PHONY: fmt
fmt: ## format all Go code
	$(GO) run $(GOLANGCI_LINT) fmt ./... ./e2e/... ./benchmarks/... ./deploy/... ./tools/...

.PHONY: generate
generate: ## code, schema and documentation from namespacesampler/metadata.yaml, and cmd/otelcol-tasker from builder-config.yaml
	tools/generate.sh
	$(TOOL) builder --skip-compilation --config builder-config.yaml

.PHONY: generate-check
generate-check: ## fail when generated code is stale
	tools/generate-check.sh

.PHONY: update-otel
update-otel: ## move to another Collector release: make update-otel VERSION=v0.158.0
	tools/update-otel.sh "$(VERSION)"

VERSIONS ?= v0.158.0 v0.159.0 v0.160.0 v0.161.0 v0.162.0 v0.163.0 v0.164.0

.PHONY: compat
compat: ## build and try the component with each supported release of the Collector: make compat VERSIONS=v0.160.0
	tools/compat.sh $(VERSIONS)

.PHONY: postgres
postgres: ## install PostgreSQL's server for tests and demo, where it is missing
	@tools/install.sh postgres

.PHONY: pgbouncer
pgbouncer: ## install PgBouncer for tests, where it is missing
	@tools/install.sh pgbouncer

.PHONY: alerts
alerts: ## check the alerts of deploy/prometheus and run their tests
	@tools/install.sh promtool
	promtool check rules deploy/prometheus/namespace_sampler.yaml
	promtool test rules deploy/prometheus/namespace_sampler_test.yaml

# What helm is given: a chart's name and repository, or a folder.
CHART ?= opentelemetry-collector --repo https://open-telemetry.github.io/opentelemetry-helm-charts --version 0.170.0

.PHONY: chart
chart: bin/otelcol-tasker bin/helm ## render the values of deploy/kubernetes with the published Helm chart, and check what comes out
	cd deploy && OTELCOL=$(CURDIR)/bin/otelcol-tasker HELM=$(CURDIR)/bin/helm CHART="$(CHART)" $(GO) test -count=1 -v -run TestTheChart ./kubernetes

bin/helm: Makefile
	$(BUILD) GOBIN=$(CURDIR)/bin $(GO) install $(HELM) && touch $@

.PHONY: commands
commands: ## install curl and jq for tests, where they are missing
	@tools/install.sh commands

.PHONY: chromium
chromium: ## install Chromium for tests of the page, where it is missing
	@tools/install.sh chromium

.PHONY: axe
axe: commands ## download axe-core for tests of the page's accessibility
	@tools/install.sh axe

.PHONY: xxhash
xxhash: ## install xxhsum for tests, an XXH64 that is not the processor's, where it is missing
	@tools/install.sh xxhash

.PHONY: packaging
packaging: ## install what reads and checks packages for tests (dpkg, rpm, systemd, mandoc), where it is missing
	@tools/install.sh packaging

.PHONY: compiler
compiler: ## install a C compiler for the race detector, where it is missing
	@tools/install.sh compiler

.PHONY: buildah
buildah: ## install buildah for the container image, where it is missing
	@tools/install.sh buildah

CHECK_IMAGE = cd deploy && IMAGE=$(CURDIR)/dist/image $(GO) test -count=1 -run BothArchitectures ./container
IMAGE_BINARIES := build/linux_amd64/otelcol-tasker build/linux_arm64/otelcol-tasker

.PHONY: image
image: $(IMAGE_BINARIES) buildah ## the container image for amd64 and arm64, as an OCI layout in dist/image
	tools/image.sh build/image dist/image amd64=$(word 1,$(IMAGE_BINARIES)) arm64=$(word 2,$(IMAGE_BINARIES))
	$(CHECK_IMAGE)

.PHONY: image-test
image-test: bin/otelcol-tasker buildah ## run the image's binary as its user on a read-only root; fails where `make test` skips
	cd deploy && IMAGE_TEST=1 OTELCOL=$(CURDIR)/bin/otelcol-tasker $(GO) test -count=1 -v ./container

GORELEASE = RELEASE_VERSION=$$(tools/version.sh) NFPM="$(GO) run $(NFPM)" $(GO) run $(GORELEASER)

.PHONY: release-snapshot
release-snapshot: generate-check buildah ## all that a release consists of, in dist/, but for signatures; nothing is published
	$(GORELEASE) check
	$(GORELEASE) release --snapshot --clean --skip=sign,docker
	tools/image.sh build/image dist/image amd64=$$(echo dist/linux_linux_amd64_*/otelcol-tasker) arm64=$$(echo dist/linux_linux_arm64_*/otelcol-tasker)
	$(CHECK_IMAGE)
	tools/release-notes.sh Unreleased >dist/release-notes.md
	cd deploy && RELEASE=$(CURDIR)/dist $(GO) test -count=1 -run 'Archive|Checksum|Bill' .
	@du -sh dist/*.tar.gz dist/*.zip dist/packages/* dist/image dist/*.json dist/*.txt dist/*.md

.PHONY: release
release: generate-check ## make and publish the release whose tag is checked out, with Docker, cosign and GITHUB_TOKEN: CONTRIBUTING.md
	@mkdir -p build && tools/release-notes.sh "$$(tools/version.sh)" >build/release-notes.md
	$(GORELEASE) release --clean --release-notes build/release-notes.md

.PHONY: clean
clean: ## remove what was built
	rm -rf bin build dist
