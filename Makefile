# `make run` and `make test` need only Python 3.11 or newer; everything else goes into .venv.
PYTHON ?= python3
BIN := .venv/bin
# two processes of one thread each, and the tests of a file in one of them; slow tests compare times, and run alone
TOGETHER := -n 2 --dist loadfile

.PHONY: run test test-slow oracles site lint types build-site clean

run: .venv/methods
	$(BIN)/prunarium run tome

test: .venv/dev
	$(BIN)/python -m pytest $(TOGETHER)

test-slow: .venv/dev
	$(BIN)/python -m pytest -m slow

# Packages that want other versions than ours have an environment of their own, and are asked by tests/oracles.
oracles: .venv-oracles/ready

.venv-oracles/ready: constraints-oracles.txt
	$(PYTHON) -m venv .venv-oracles
	.venv-oracles/bin/python -m pip install --quiet --constraint constraints-oracles.txt kvpress
	touch $@

site: .venv/methods
	$(BIN)/prunarium site serve

build-site: .venv/methods
	$(BIN)/prunarium site build

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

# A folder such as evo-vit has no name that mypy could import: it checks methods under links to them.
types: .venv/dev
	$(BIN)/mypy
	rm -rf build/types && mkdir -p build/types
	for folder in methods/*/; do \
		ln -s "$$PWD/$${folder}method.py" "build/types/$$(basename $$folder | tr - _).py"; \
	done
	$(BIN)/mypy build/types/*.py

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Prunarium needs Python 3.11 or newer; run: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv

.venv/methods: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[methods,site]'
	touch $@

.venv/dev: .venv/methods
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[methods,site,dev,lingua]'
	touch $@

clean:
	rm -rf .venv .venv-oracles build
