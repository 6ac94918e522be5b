# `make run` and `make test` set everything up by themselves; `make help` lists the rest.
# The first Python that is new enough and can make an environment; some systems' own cannot.
PYTHON ?= $(shell for python in python3 python3.15 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV   ?= .venv
PEERS  ?= .venv-peers
BIN    := $(VENV)/bin
ARGS   ?=
MINUTES ?= 10

# An environment in the folder named, unless there is one.
define environment
@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed: make PYTHON=/path/to/python3.11" >&2; exit 2; }
@test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
endef

.DEFAULT_GOAL := help
.PHONY: help run test unit lint types bench growth pace clusters accounts peers yield forecasts year newcomer soak million morning wheel translations docs picture clean

help: ## This list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

$(VENV)/.run: pyproject.toml constraints.txt
	$(call environment,$(VENV))
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(PEERS)/.run: tests/bench/peers/requirements.txt pyproject.toml
	$(call environment,$(PEERS))
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/bench/peers/requirements.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

run: $(VENV)/.run ## Crawl keywords/; without a token, play the night against the simulator
	@$(BIN)/crawler run --simulate-without-token $(ARGS)

test: lint types unit ## Everything that must hold: style, types, tests

unit: $(VENV)/.dev ## The tests alone
	$(BIN)/pytest -n 3 $(ARGS)

lint: $(VENV)/.dev ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## mypy, strict on crawler/, for this system, Windows and macOS
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin

bench: $(VENV)/.dev ## Pages per second and memory, beside a loop that only fetches and decodes
	$(BIN)/python -m tests.bench.speed $(ARGS)

growth: $(VENV)/.dev ## Nights, questions and exports on 0.1, 1 and 5 million creators; ARGS="--sizes 0.1 1" for less
	$(BIN)/python -m tests.bench.growth $(ARGS)

pace: $(VENV)/.dev ## How much of a hidden limit --rate auto uses; ARGS=--wall: how exactly a fixed rate is kept
	$(BIN)/python -m tests.bench.pace $(ARGS)

clusters: $(VENV)/.dev ## Calls per second on local workers (--cluster), and what the way to them adds to a call
	$(BIN)/python -m tests.bench.clusters $(ARGS)

accounts: $(VENV)/.dev ## A night by three accounts beside the same by one, and how much of their limits they use
	$(BIN)/python -m tests.bench.accounts $(ARGS)

peers: $(PEERS)/.run ## The same crawl with aiohttp alone, Scrapy, Crawlee and dlt, in an environment of its own
	$(PEERS)/bin/python -m tests.bench.peers $(ARGS)

yield: $(VENV)/.dev ## What the order of calls brings on simulated nights, and whether forecasts hold
	$(BIN)/python -m tests.bench.yields $(ARGS)

forecasts: $(VENV)/.dev ## How far the forecasts that runs keep were off, over nights against the simulator
	$(BIN)/python -m tests.bench.forecasts $(ARGS)

year: $(VENV)/.dev ## A year of nights in virtual time: sizes with and without retention, notices, backups
	$(BIN)/python -m tests.bench.year $(ARGS)

newcomer: $(VENV)/.dev ## From the wheel alone to a backup put back, each step timed; takes packages from the network
	$(BIN)/python -m tests.newcomer $(ARGS)

wheel: $(VENV)/.run ## The wheel, which stands alone, in dist/
	rm -rf build
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

soak: $(VENV)/.dev ## Fresh seeds and real kills for MINUTES (10), with a table of what came of them
	$(BIN)/python -m tests.simulation.soak --minutes $(MINUTES) $(ARGS)

million: $(VENV)/.dev ## A database of a million creators in data/million.db, by crawling the simulator
	$(BIN)/python -m tests.bench.million data/million.db $(ARGS)

morning: $(VENV)/.dev ## Times of every question, search and export on data/million.db
	$(BIN)/python -m tests.bench.morning data/million.db $(ARGS)

translations: $(VENV)/.dev ## Take up changed messages and compile the catalogues
	$(BIN)/python -m tests.translations

docs: $(VENV)/.dev ## Write from the code the tables of docs/, from the migrations what makes a new database
	$(BIN)/python -m tests.documentation
	$(BIN)/python -m tests.new_database

picture: $(VENV)/.dev ## Write docs/report.png, the report on invented nights (needs Chromium)
	$(BIN)/python -m tests.picture

clean: ## Remove the environments and what tools leave behind; data/ stays
	rm -rf $(VENV) $(PEERS) .venv-python* build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
