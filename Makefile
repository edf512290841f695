# Everything runs in .venv. make creates it on first use and updates it when pyproject.toml or a lock
# file in requirements/ changes. The only downloads are packages, from the registry that pip and uv
# are configured for; their hashes must be those of the lock files.

PYTHON ?= $(shell command -v python3.11 || echo python3)
PORT ?= 2121

# Where `make install` installs; DESTDIR is a prefix for all of it, for packages. The environment
# uses the host's Python: the service cannot see an interpreter below /root or /home.
PREFIX ?= /usr/local
DESTDIR ?=
EXTRA ?= [embedded]
SYSTEM_PYTHON ?= /usr/bin/python3

VENV := .venv
BIN := $(VENV)/bin
INSTALL = $(BIN)/uv pip install --quiet --python $(BIN)/python
# The project itself has no hash, and pyftpdlib has no wheel. What builds them is locked: uv checks
# the hashes of build constraints too.
BUILD := --build-constraints requirements/build.txt
INSTALL_LOCKED = $(INSTALL) --compile-bytecode --only-binary :all: --no-binary pyftpdlib $(BUILD) --require-hashes --requirement
INSTALL_PROJECT = $(INSTALL) --no-deps $(BUILD) --editable .
TOOLS := $(VENV)/tools
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command 'make lock'

# Ignore the caller's Python settings: without bytecode each start takes a second longer, and other
# environments must not interfere.
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME VIRTUAL_ENV

.DELETE_ON_ERROR:
.PHONY: help run test servers check fmt headers man bench torture soak lock sbom audit install uninstall deb try-deb try-debian13 dist try-wheel try-pythons clean

help:  ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s  %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.demo  ## Try it: FTP server, database and daemon on this machine (PORT=2121); stop with Ctrl-C
	@$(BIN)/contactsync demo --port $(PORT)

# Most tests wait, so run more of them in parallel than there are processors. The tests of a file
# run in one process.
test: $(VENV)/.dev  ## Run the tests, with the embedded PostgreSQL or CONTACTSYNC_TEST_DATABASE_URL (ARGS=… for pytest)
	$(BIN)/pytest -n 4 --dist loadfile $(ARGS)

servers:  ## Unpack the FTP servers for tests/acceptance/servers, and pgbouncer, into .servers or CONTACTSYNC_TEST_SERVERS
	@tests/acceptance/servers/install.sh

check: $(VENV)/.dev  ## Check format, lint, types and imports, then run the tests: required before a commit
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

fmt: $(VENV)/.dev  ## Format, and fix what ruff can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

headers: $(VENV)/.dev  ## Regenerate docs/headers.md from the table of headers
	$(BIN)/python -m tools.headers > docs/headers.md.new && mv docs/headers.md.new docs/headers.md

man: $(VENV)/.dev  ## Regenerate docs/contactsync.1 from the command line's help texts
	$(BIN)/python -m tools.manual > docs/contactsync.1.new && mv docs/contactsync.1.new docs/contactsync.1

bench: $(VENV)/.dev  ## Run all benchmarks (tests/bench/bench_*.py)
	@for bench in tests/bench/bench_*.py; do $(BIN)/python -m "tests.bench.$$(basename "$$bench" .py)" || exit; done

torture: $(VENV)/.dev  ## Kill the daemon at every system call, cut its database connection at every message (ARGS='--every 5': sample)
	$(BIN)/python -m tests.faults.torture $(ARGS)

soak: $(VENV)/.dev  ## Upload over FTP for ten minutes under crashes and kills, then count everything (ARGS='--minutes 1')
	$(BIN)/python -m tests.faults.soak $(ARGS)

# Python 3.11 and later, every platform. No file names a registry. The smaller locks are parts of dev.txt.
lock: | $(BIN)/uv  ## Renew requirements/*.txt: the newest versions, with hashes; and the SBOM
	$(COMPILE) --upgrade requirements/uv.in -o requirements/uv.txt
	$(COMPILE) --upgrade requirements/build.in -o requirements/build.txt
	$(COMPILE) --upgrade requirements/tools.in -o requirements/tools.txt
	$(COMPILE) --upgrade pyproject.toml --extra dev -o requirements/dev.txt
	$(COMPILE) --upgrade pyproject.toml --extra demo -c requirements/dev.txt -o requirements/demo.txt
	$(COMPILE) --upgrade pyproject.toml --extra embedded -c requirements/dev.txt -o requirements/embedded.txt
	$(COMPILE) --upgrade pyproject.toml -c requirements/dev.txt -o requirements/base.txt
	$(MAKE) sbom

sbom: $(TOOLS)/.installed  ## Renew packaging/sbom.cdx.json from requirements/embedded.txt (CycloneDX)
	$(TOOLS)/bin/python tools/sbom.py > packaging/sbom.cdx.json.new
	mv packaging/sbom.cdx.json.new packaging/sbom.cdx.json

audit: $(TOOLS)/.installed  ## Look up the locked versions in the database of known vulnerabilities
	@tools/audit.sh $(TOOLS)/bin/pip-audit requirements/dev.txt requirements/build.txt requirements/tools.txt requirements/uv.txt

install: | $(BIN)/uv  ## Install into PREFIX=/usr/local, below DESTDIR= (EXTRA= omits the embedded PostgreSQL)
	@UV=$(abspath $(BIN)/uv) PYTHON='$(SYSTEM_PYTHON)' PREFIX='$(PREFIX)' \
		DESTDIR='$(DESTDIR)' EXTRA='$(EXTRA)' packaging/install.sh

uninstall:  ## Remove what `make install` installed; keep data and a changed configuration
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' packaging/uninstall.sh

deb: | $(BIN)/uv  ## Build dist/contactsync_VERSION_ARCH.deb, for this machine's Debian release
	@UV=$(abspath $(BIN)/uv) packaging/deb.sh dist

try-deb: deb  ## Install, use and remove that package on a clean Debian with a real systemd (needs root, debootstrap)
	tests/packaging/try_deb.sh dist/contactsync_*.deb

try-debian13:  ## Run `make run`, and `make test` on PostgreSQL 17, in a clean Debian 13 (needs root, debootstrap)
	tests/packaging/try_debian13.sh

dist: $(TOOLS)/.installed  ## Build dist/contactsync-VERSION.tar.gz and the wheel, twice, and check that both are the same
	@UV=$(BIN)/uv TWINE=$(TOOLS)/bin/twine packaging/dist.sh dist

try-wheel: dist  ## Install that wheel into a fresh environment, and run `contactsync demo`
	@UV=$(abspath $(BIN)/uv) PYTHON=$(abspath $(BIN)/python) tests/packaging/try_wheel.sh dist/contactsync-*.whl

try-pythons: | $(BIN)/uv  ## Run the unit tests on every other Python from 3.11 on that this machine has
	@UV=$(abspath $(BIN)/uv) tests/packaging/try_pythons.sh

clean:  ## Remove .venv, the demo's data in .demo, the tests' .servers, and caches
	rm -rf $(VENV) .demo .servers dist .mypy_cache .ruff_cache .hypothesis .import_linter_cache .grimp_cache
	find daemon tests -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	@echo "creating $(VENV) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "contactsync needs Python 3.11: make PYTHON=…")'
	@$(PYTHON) -m venv $(VENV)

# pip keeps the time stamps of a wheel, hence touch.
$(BIN)/uv: requirements/uv.txt | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes --requirement $<
	@touch $@

# One environment for everything; the dev extra includes the demo extra.
$(VENV)/.demo: pyproject.toml requirements/demo.txt requirements/build.txt | $(BIN)/uv
	@echo "installing contactsync …"
	@$(INSTALL_LOCKED) requirements/demo.txt
	@$(INSTALL_PROJECT)
	@touch $@

$(VENV)/.dev: pyproject.toml requirements/dev.txt requirements/build.txt | $(BIN)/uv
	@echo "installing contactsync and its test dependencies …"
	@$(INSTALL_LOCKED) requirements/dev.txt
	@$(INSTALL_PROJECT)
	@touch $(VENV)/.demo $@

# Apart from the program: its versions shall not depend on those of the tools.
$(TOOLS)/.installed: requirements/tools.txt | $(BIN)/uv
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(TOOLS)
	@$(BIN)/uv pip install --quiet --python $(TOOLS)/bin/python --only-binary :all: --require-hashes --requirement $<
	@touch $@
