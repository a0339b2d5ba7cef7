# kumo.eks: what there is to do with a clone. Every target does the set-up it needs.
.DEFAULT_GOAL := help
SHELL := /bin/bash
GATE := .venv/bin/python tools/gate.py
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Python's compiled files stay out of the sources, and are written also where the machine would have none.
export PYTHONPYCACHEPREFIX := $(CURDIR)/.venv/compiled
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## list what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

.PHONY: setup
setup: ## make .venv, with the checkout in it as kumo.eks
	@tools/setup.sh

.PHONY: demo
demo: ## the guide's cluster on the sandbox, from nothing to running pods
	@tools/demo.sh

.PHONY: down
down: setup ## stop what make demo left running
	@.venv/bin/kumo-sandbox down

.PHONY: test
test: ## the gate: every check but a few that CI makes
	@tools/prepare.sh helm registry charts
	@$(GATE)

.PHONY: test-all
test-all: ## what make test leaves out: longer tests, Helm 3, a browser, AWX's engine, old and new ansible-core, the tarball
	@tools/prepare.sh helm helm3 registry charts chromium
	@$(GATE) --rest

.PHONY: unit
unit: setup ## unit tests
	@$(GATE) unit

.PHONY: integration
integration: setup ## modules against the sandbox, in cycles of twelve steps
	@$(GATE) integration integration-extended

.PHONY: helm
helm: all-binaries ## the Helm modules and role with the real Helm 3 and 4
	@$(GATE) helm helm-extended

.PHONY: playbooks
playbooks: binaries ## site.yml, teardown.yml and each role alone, against the sandbox
	@$(GATE) playbooks playbooks-extended proofs

.PHONY: snippets
snippets: binaries ## what the README, the guide and the modules' examples show, run
	@$(GATE) snippets snippets-extended

.PHONY: pages
pages: setup ## the HTML reports in Chromium, which is fetched; screenshots are kept in tests/output/pages
	@$(GATE) pages

.PHONY: recordings
recordings: ## record make demo and an upgrade, and take pictures of reports: docs/images
	@tools/prepare.sh helm charts chromium
	@PYTHONPATH=tests .venv/bin/python tools/recordings/make.py

.PHONY: runner
runner: setup ## the example project under AWX's engine
	@$(GATE) runner

.PHONY: iam-policy
iam-policy: binaries ## write the IAM policies in docs again, from the calls of site.yml and teardown.yml
	@.venv/bin/python tools/iam_policy.py

.PHONY: molecule
molecule: setup ## molecule's scenarios, with their idempotence step, against the sandbox
	@$(GATE) molecule molecule-extended

.PHONY: bench
bench: setup ## measure, as ratios (25 minutes: one part waits as long as AWS lets wait)
	@.venv/bin/python tests/bench/bench.py

.PHONY: figures
figures: setup ## make bench, and keep what it measures for this version in tests/bench/figures.json
	@.venv/bin/python tests/bench/bench.py --keep

.PHONY: chaos
chaos: ## kill site.yml and teardown.yml wherever they can be killed, and run them again: see --help (hours)
	@tools/prepare.sh helm
	@PYTHONPATH=tests .venv/bin/python -m chaos.run $(or $(ARGS),--spoil)

.PHONY: aws-check
aws-check: setup ## compare the sandbox with a real account: shows the price; ARGS="--account ID" confirms it
	@PYTHONPATH=tests .venv/bin/python tests/aws_check/aws_check.py $(ARGS)

.PHONY: soak
soak: setup ## random sequences of tasks, 1000 of them: make soak SEQUENCES=50 FIRST=1000 (hours)
	@PYTHONPATH=tests .venv/bin/python -m soak.run --sequences $(or $(SEQUENCES),1000) --first $(or $(FIRST),0) --shrink

.PHONY: sandbox-tests
sandbox-tests: setup ## the sandbox's own tests
	@$(GATE) sandbox sandbox-extended

.PHONY: sanity
sanity: setup ## ansible-test sanity, with empty ignore files
	@$(GATE) sanity

.PHONY: oldest-kubernetes
oldest-kubernetes: setup ## the Kubernetes client on the oldest kubernetes package supported
	@$(GATE) oldest-kubernetes

.PHONY: oldest-core
oldest-core: setup ## unit tests, and the tarball's site.yml, on the oldest ansible-core supported
	@$(GATE) oldest-core

.PHONY: newest-core
newest-core: setup ## the same on the newest
	@$(GATE) newest-core

.PHONY: importer
importer: setup ## Galaxy's importer on the built tarball
	@$(GATE) importer

.PHONY: ee
ee: setup ## ansible-builder on the execution environment
	@$(GATE) ee

.PHONY: lint
lint: setup ## ruff, ansible-lint's production profile, documentation and changelog
	@$(GATE) ruff ansible-lint docs changelog

.PHONY: binaries
binaries: ## make .venv, and find or build the sandbox's Kubernetes binaries
	@tools/prepare.sh

.PHONY: all-binaries
all-binaries: ## those, Helm 3 and 4, an OCI registry and the chart repository
	@tools/prepare.sh helm helm3 registry charts

.PHONY: docs
docs: setup ## build the documentation site in tests/output/docs/html, and check it
	@tools/docs.sh

.PHONY: docs-serve
docs-serve: setup ## the same, and serve it on this machine
	@tools/docs.sh --serve

.PHONY: format
format: setup ## format the Python code
	@.venv/bin/ruff format -q . && .venv/bin/ruff check -q --fix .

.PHONY: build
build: setup ## build the collection's tarball, the same bytes from the same commit
	@.venv/bin/python tools/build.py

.PHONY: build-sandbox
build-sandbox: setup ## build the sandbox's source distribution and wheel in dist, the same bytes from the same commit
	@.venv/bin/python tools/build_sandbox.py

.PHONY: release
release: setup ## write versions and CHANGELOG.rst of a release: make release VERSION=1.0.0
	@.venv/bin/python tools/release.py $(VERSION)

.PHONY: clean
clean: ## remove what the set-up and the tests made in the checkout
	@rm -rf .venv tests/output .pytest_cache .ruff_cache .ansible dist *.tar.gz
