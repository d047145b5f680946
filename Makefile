# Two commands matter: `make run` and `make test`. Each installs what is missing.
.DEFAULT_GOAL := help
SHELL := /bin/bash

# What the program needs to build and run.
PACKAGES := pkg-config libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libgstrtspserver-1.0-dev \
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly \
  gstreamer1.0-libav glib-networking libavcodec-dev libopencv-core-dev libopencv-imgproc-dev libopencv-imgcodecs-dev \
  libopencv-dnn-dev libopencv-objdetect-dev libpq-dev postgresql-15 libcurl4-openssl-dev
# What the tests need besides.
TEST_PACKAGES := curl ffmpeg chromium python3 python3-venv gstreamer1.0-tools procps openssl gdb

SWIFT_FLAGS := --explicit-target-dependency-import-check error
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
# pkg-config prints flags that SwiftPM refuses and does not need; the noise hides real warnings.
QUIET := 2> >(grep -v -e 'prohibited flag' -e 'found 1 file(s) which are unhandled' >&2)

# A real camera instead of the simulated site: make run CAMERA=rtsp://user:password@host/path
CAMERA ?=
CONFIG ?=
# Footage for the simulated site and weights for the embedded analyzer, where a sibling folder has them.
FOOTAGE ?= $(wildcard ../shared/media)
MODELS ?= $(wildcard ../shared/models)

.PHONY: help deps deps-test build run test test-api-fuzz proof check format lint generate bench bench-ingest clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

deps: ## Install the Debian packages that the program needs
	@deploy/install-packages $(PACKAGES)

deps-test: deps ## Install the Debian packages that the tests need besides
	@deploy/install-packages $(TEST_PACKAGES)

build: deps ## Build the release executable
	swift build -c release --product vedette $(QUIET)

run: build ## Start Vedette with a simulated site; with CAMERA=rtsp://… on a real camera; with CONFIG=file on a settings file
	@exec env $(if $(MODELS),VEDETTE_MODELS_DIR=$${VEDETTE_MODELS_DIR:-$(MODELS)}) \
	  "$$(swift build -c release --product vedette --show-bin-path 2>/dev/null)/vedette" run \
	  $(if $(CONFIG),--config '$(CONFIG)') $(foreach c,$(CAMERA),--camera '$(c)') \
	  $(if $(CAMERA)$(CONFIG),,$(if $(FOOTAGE),--footage '$(FOOTAGE)'))

# All tests at once starve each other on two cores, and what they watch (cameras, servers) with them.
test: export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 8
test: deps-test ## Build everything and run every test
	swift build --build-tests $(SWIFT_FLAGS) $(QUIET)
	G_DEBUG=fatal-criticals deploy/within 1500 swift test --skip-build --skip EndToEndTests --skip IngestTests --skip ClipsTests $(QUIET)
	G_DEBUG=fatal-criticals deploy/within 900 swift test --skip-build --filter 'IngestTests|ClipsTests' $(QUIET)
	deploy/within 2400 swift test --skip-build --filter EndToEndTests $(QUIET)

proof: deps-test ## Show with real worker processes that 2,000 events are judged again exactly once
	swift build --build-tests $(SWIFT_FLAGS) $(QUIET)
	TEST_EVENTS=2000 swift test --skip-build --filter EndToEnd.ReanalysisTests $(QUIET)

# SECONDS_EACH=600 bounds a role's time, EXAMPLES=100 the examples of an operation.
test-api-fuzz: deps-test ## Schemathesis over openapi.json as each role, all checks
	swift build --product vedette $(QUIET)
	python3 Tests/EndToEnd/api_fuzz.py "$$(swift build --show-bin-path 2>/dev/null)/vedette"

check: lint test ## Format, import rules, generated files and all tests

lint: ## Refuse badly formatted code
	swift-format lint --strict --parallel --recursive --configuration .swift-format Package.swift Sources Tests pipelines

format: ## Format the code in place
	swift-format format --in-place --parallel --recursive --configuration .swift-format Package.swift Sources Tests pipelines

generate: ## Write the generated reference pages
	swift run vedette reference > docs/reference/configuration.md

bench: build ## Measure queue, cameras and, with footage, the activity ladder
	bin="$$(swift build -c release --product vedette --show-bin-path 2>/dev/null)/vedette" && \
	  "$$bin" bench queue && "$$bin" bench ingest $(if $(FOOTAGE),&& "$$bin" bench ladder --media '$(FOOTAGE)')

bench-ingest: build ## Measure cameras beside Debian's motion and ffmpeg, and write the figures into docs/reference/benchmarks.md
	@deploy/install-packages ffmpeg motion
	"$$(swift build -c release --product vedette --show-bin-path 2>/dev/null)/vedette" \
	  bench ingest --vs motion --vs ffmpeg --write docs/reference/benchmarks.md

clean: ## Remove what was built
	rm -rf .build
