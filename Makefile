# Every target installs what it needs and works from a fresh clone. `make help` lists them.
NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
  $(shell $(name) $(NEW_ENOUGH) 2>/dev/null && echo $(name))))
BIN := .venv/bin
# More than two processors, as tests wait for browsers and servers a third of their time.
TEST_PROCESSES ?= 3
# A file stays in one process: what it starts, a server for instance, is started once. In the order of tests/conftest.py.
BY_FILE := --dist loadfile --no-loadscope-reorder
BROWSER ?= chromium

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
TOOLS := .tools/bin
LIGHTHOUSE := .tools/lighthouse/node_modules/.bin/lighthouse
SHELL_SCRIPTS = .ci/run $(shell git ls-files "*.sh" "provisioning/rootfs/usr/local/sbin/*" tests/e2e/images/instance/boot)

.PHONY: help run setup operator check test browser drills ha-test mutants structure tools engine-test n8n oidc-provider automation-test e2e machine-test bench scaling quality audit-libraries sbom screenshots requirements clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/app ## start the dashboard with a made-up workbook on http://127.0.0.1:8000
	@$(BIN)/invoices demo --serve

setup: .venv/dev ## install what developing takes

operator: .venv/operator ## install what renting and deploying takes, then: .venv/bin/fab up
	@command -v pulumi >/dev/null || echo "Pulumi is not here: https://www.pulumi.com/docs/install/ says how it is installed." >&2

check: .venv/dev ## format, lint, types, who may import whom, shell
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/shellcheck $(SHELL_SCRIPTS)
	$(BIN)/hadolint $(shell git ls-files "*Dockerfile")
	$(BIN)/yamllint .
	$(BIN)/zizmor --quiet --offline .github
	@if command -v actionlint >/dev/null; then actionlint; fi

test: .venv/dev .venv-s3/s3 ## all tests but those that drive a browser or servers, or some: ARGS="tests/app/domain -k overdue"
	@tests/support/install_packages.sh postgresql pgbackrest openssh-server openssh-client sudo redis-server poppler-utils \
	  nftables iproute2 fail2ban
	@$(MAKE) -s oidc-provider || echo "oidc-provider could not be installed: the tests with it are skipped." >&2
	$(BIN)/pytest -q -n $(TEST_PROCESSES) $(BY_FILE) $(or $(ARGS),$(addprefix --ignore tests/,browser drills ha engine automation e2e machine server))

browser: .venv/dev ## the tests in a real browser: Chromium, or Debian's Firefox with BROWSER=firefox
	@tests/support/install_packages.sh $(if $(filter firefox,$(BROWSER)),firefox-esr,chromium-headless-shell chromium)
	BROWSER=$(BROWSER) $(BIN)/pytest -q -n $(TEST_PROCESSES) $(BY_FILE) tests/browser $(ARGS)

drills: .venv/dev ## kill, silence and stop what records payments, and print what became of them; minutes
	@tests/support/install_packages.sh postgresql
	$(BIN)/pytest -q -rs tests/drills $(ARGS)

ha-test: .venv/dev .venv-s3/s3 .venv-ha/ha ## kill copies, workers and the primary of a product in several copies; needs root and Debian
	@tests/support/install_packages.sh postgresql nftables iproute2
	@tests/ha/install.sh .tools/ha
	tests/ha/in_own_network.sh $(BIN)/pytest -q -rs -n 0 tests/ha $(ARGS)

mutants: .venv/dev ## change the rules in small ways and see whether a test notices: ARGS="app.domain*" for some
	$(BIN)/mutmut run --max-children 2 $(ARGS) && $(BIN)/mutmut results

structure: .venv/dev ## measure the code: modules, calls, lines
	@$(BIN)/python -m tests.structure

tools: ## build Pulumi's command line with Go, for machines that have none
	@command -v pulumi >/dev/null || test -x $(TOOLS)/pulumi || tests/engine/tools/build.sh $(TOOLS)

engine-test: .venv/dev ## rent with Pulumi's real engine from a stand-in for AWS
	PATH="$(CURDIR)/$(TOOLS):$$PATH" $(BIN)/pytest -q -rs -n 2 tests/engine

n8n: ## install n8n from the npm registry, for machines that reach no registry of images; minutes
	tests/automation/install_n8n.sh .tools/n8n

oidc-provider: ## install a certified OpenID Connect server from the npm registry; seconds
	@timeout 2m tests/support/install_oidc_provider.sh .tools/oidc-provider

automation-test: .venv/dev ## the workflows on a real n8n, with real mail servers
	@tests/support/install_packages.sh postgresql dovecot-imapd openssh-server openssh-client chromium-headless-shell chromium
	$(BIN)/pytest -q -rs -n 0 tests/automation $(ARGS)

e2e: .venv/dev .venv-s3/s3 ## deploy to a server of its own on this machine, then break it in every way; needs root and Debian
	@tests/support/install_packages.sh chromium e2fsprogs openssh-client dovecot-imapd
	$(BIN)/pytest -q -rs -n $(TEST_PROCESSES) --durations=20 tests/e2e $(ARGS)

machine-test: .venv/dev .venv-s3/s3 ## encrypt the disk of a virtual machine, cut its power and open it again; needs root and Debian
	@tests/support/install_packages.sh qemu-system-x86_64 qemu-img mmdebstrap e2fsprogs openssh-client
	$(BIN)/pytest -q -rs -n 0 --durations=0 tests/machine $(ARGS)

bench: .venv/dev .venv-app/app .venv-bench/bench ## measure pages and imports on PostgreSQL; `make bench ARGS=--write` writes docs/benchmarks.md
	@tests/support/install_packages.sh postgresql wrk
	$(BIN)/python -m tests.bench $(ARGS)

scaling: .venv/dev .venv-app/app ## measure one machine with 2,466, 100,000 and 1,000,000 invoices, and write docs/scaling.md
	@tests/support/install_packages.sh postgresql pgbackrest wrk openssh-client
	$(BIN)/python -m tests.bench.scaling $(or $(ARGS),--write)

quality: .venv/dev ## see what axe and Lighthouse say of every page, and write docs/quality.md
	@tests/support/install_packages.sh chromium-headless-shell chromium npm
	@test -x $(LIGHTHOUSE) || npm install --silent --no-audit --no-fund --prefix .tools/lighthouse lighthouse@12.8.2 || \
	  echo "Lighthouse could not be installed; axe measures alone." >&2
	PYTHONPATH=tests $(BIN)/python -m tests.quality --lighthouse $(LIGHTHOUSE)

audit-libraries: .venv/dev ## look up the app's pinned libraries among the known vulnerabilities
	$(BIN)/uv tool run pip-audit@2.10.1 --strict --disable-pip --require-hashes -r requirements/app.txt

sbom: .venv/dev ## list the libraries of the app's image, with their hashes, as CycloneDX in sbom.json
	$(BIN)/uv tool run --from cyclonedx-bom==7.2.1 cyclonedx-py requirements requirements/app.txt --output-reproducible \
	  --output-format JSON --output-file sbom.json

screenshots: .venv/dev ## take the pictures of the documentation again
	@tests/support/install_packages.sh chromium-headless-shell chromium
	SCREENSHOTS=docs/images $(BIN)/pytest -q tests/browser/test_screenshots.py

requirements: .venv/dev ## pin the newest versions that pyproject.toml allows
	for name in app backups dev operator bench s3 ha; do \
	  case $$name in app) extras="--extra app --extra install" ;; backups) extras="--extra backups" ;; \
	    dev) extras="--extra app --extra backups --extra infra --extra ops --extra install --extra dev" ;; \
	    operator) extras="--extra app --extra backups --extra infra --extra ops --extra install --constraint requirements/dev.txt" ;; \
	    bench) extras="--extra bench" ;; s3) extras="--extra s3" ;; ha) extras="--extra ha" ;; esac; \
	  $(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header $$extras \
	    pyproject.toml -o requirements/$$name.txt || exit 1; \
	done

clean: ## remove what was installed and cached; data/ stays
	rm -rf .venv .venv-app .venv-bench .venv-ha .venv-s3 .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache mutants *.egg-info

.venv/app: requirements/app.txt pyproject.toml
	$(call install,.venv,app)
	@.venv/bin/pip install -q --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: requirements/dev.txt pyproject.toml
	$(call install,.venv,dev)
	@.venv/bin/pip install -q --no-deps --no-build-isolation -e .
	@touch $@ .venv/app

.venv/operator: requirements/operator.txt pyproject.toml
	$(call install,.venv,operator)
	@.venv/bin/pip install -q --no-deps --no-build-isolation -e .
	@touch $@

.venv-app/app: requirements/app.txt
	$(call install,.venv-app,app)
	@touch $@

.venv-s3/s3: requirements/s3.txt
	$(call install,.venv-s3,s3)
	@touch $@

.venv-ha/ha: requirements/ha.txt
	$(call install,.venv-ha,ha)
	@touch $@

.venv-bench/bench: requirements/bench.txt
	$(call install,.venv-bench,bench)
	@touch $@

define install
	@test -n "$(PYTHON)" && $(PYTHON) $(NEW_ENOUGH) || \
	  { echo "Python 3.11 or newer is needed; name it with 'make PYTHON=/path/to/python3'." >&2; exit 1; }
	@test -x $(1)/bin/pip || $(PYTHON) -m venv $(1) || \
	  { rm -rf $(1); echo "Python cannot make an environment; on Debian and Ubuntu: apt-get install python3-venv." >&2; exit 1; }
	@echo "Installing what requirements/$(2).txt lists into $(1) …"
	@$(1)/bin/pip install -q --require-hashes -r requirements/$(2).txt
endef
