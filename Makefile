# Everything happens in .venv, which is made when it is first needed and mended when pyproject.toml has changed.
# From outside come packages alone, from the registry that pip and uv are set to.

PYTHON ?= $(shell command -v python3.11 || echo python3)
PORT ?= 2121

# Where `make install` puts things; DESTDIR before all of it, for packages. The environment is made for the host's own
# Python: one below /root or /home would be out of the service's sight.
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR ?=
EXTRA ?= [embedded]
SYSTEM_PYTHON ?= /usr/bin/python3

VENV := .venv
BIN := $(VENV)/bin
INSTALL = $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode

# Of whoever calls: bytecode that is not written costs a second at each start, and another environment is not ours.
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME VIRTUAL_ENV

.DELETE_ON_ERROR:
.PHONY: help run test servers check fmt man bench torture soak install uninstall deb try-deb clean

help:  ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s  %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.demo  ## Try it all: FTP server, database and daemon on this machine (PORT=2121); Ctrl-C ends it
	@$(BIN)/contactsync demo --port $(PORT)

# Most tests wait for something: more of them at once than there are processors. A file's tests stay together.
test: $(VENV)/.dev  ## Run the tests, on the embedded PostgreSQL or CONTACTSYNC_TEST_DATABASE_URL (ARGS=… for pytest)
	$(BIN)/pytest -n 4 --dist loadfile $(ARGS)

servers:  ## Unpack the FTP servers that tests/acceptance/servers starts, into .servers or CONTACTSYNC_TEST_SERVERS
	@tests/acceptance/servers/install.sh

check: $(VENV)/.dev  ## Format, lint, types, imports, then the tests: what must pass before a commit
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

fmt: $(VENV)/.dev  ## Format, and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

man: $(VENV)/.dev  ## Write docs/contactsync.1 anew from the command line's own words
	$(BIN)/python -m tools.manual > docs/contactsync.1.new && mv docs/contactsync.1.new docs/contactsync.1

bench: $(VENV)/.dev  ## Measure: every tests/bench/bench_*.py
	@for bench in tests/bench/bench_*.py; do $(BIN)/python -m "tests.bench.$$(basename "$$bench" .py)" || exit; done

torture: $(VENV)/.dev  ## Kill the daemon at every system call, cut its link at every message (ARGS='--every 5' for a sample)
	$(BIN)/python -m tests.faults.torture $(ARGS)

soak: $(VENV)/.dev  ## Ten minutes of FTP uploads under crashes and kills, then everything is counted (ARGS='--minutes 1')
	$(BIN)/python -m tests.faults.soak $(ARGS)

install: | $(BIN)/uv  ## Install into PREFIX=/usr/local, below DESTDIR= (EXTRA= for no embedded PostgreSQL)
	@UV=$(abspath $(BIN)/uv) PYTHON='$(SYSTEM_PYTHON)' PREFIX='$(PREFIX)' SYSCONFDIR='$(SYSCONFDIR)' \
		DESTDIR='$(DESTDIR)' EXTRA='$(EXTRA)' packaging/install.sh

uninstall:  ## Take away what `make install` made; data and a changed configuration stay
	@PREFIX='$(PREFIX)' SYSCONFDIR='$(SYSCONFDIR)' DESTDIR='$(DESTDIR)' packaging/uninstall.sh

deb: | $(BIN)/uv  ## Build dist/contactsync_VERSION_ARCH.deb, for the Debian that this is
	@UV=$(abspath $(BIN)/uv) packaging/deb.sh dist

try-deb: deb  ## Install that package on a clean Debian under a real systemd, use it, remove it (root, debootstrap)
	tests/packaging/try_deb.sh dist/contactsync_*.deb

clean:  ## Remove .venv, the demo's data in .demo, the tests' .servers, and caches
	rm -rf $(VENV) .demo .servers dist .mypy_cache .ruff_cache .hypothesis .import_linter_cache .grimp_cache
	find daemon tests -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/uv:
	@echo "making $(VENV) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "contactsync needs Python 3.11: make PYTHON=…")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check uv

# One environment for all; the tests' extra has the demo's in it.
$(VENV)/.demo: pyproject.toml | $(BIN)/uv
	@echo "installing contactsync …"
	@$(INSTALL) -e '.[demo]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/uv
	@echo "installing contactsync and what its tests need …"
	@$(INSTALL) -e '.[dev]'
	@touch $(VENV)/.demo $@
