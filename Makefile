# Everything from nothing but Python >= 3.11, pip, make and git: each target makes the environment it needs.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: demo test test-cluster test-integrations lint clean

demo: $(VENV)/installed  ## clean the seeds into out/ and show the summary
	$(BIN)/cleanzh clean seeds out --overwrite

test: $(VENV)/developing  ## run all tests
	$(BIN)/python -m pytest

test-cluster: $(VENV)/developing  ## run the tests that start Ray clusters on this machine, and kill parts of them
	$(BIN)/python -m pip install --quiet --editable '.[ray]' --group cluster
	$(BIN)/python -m pytest -m cluster tests/test_ray.py tests/test_ray_apart.py

test-integrations: $(VENV)/integrating  ## test the adapters against the real libraries (installs some 700 MB)
	$(BIN)/python -m pytest tests/test_integrations.py tests/test_readme.py

lint: $(VENV)/developing  ## style, types, import layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:  ## remove what the targets made
	rm -rf $(VENV) out

$(VENV)/installed: pyproject.toml $(wildcard src/cleanzh/kernels/*.[ch])
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/developing: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable . --group dev
	touch $@

$(VENV)/integrating: $(VENV)/developing
	$(BIN)/python -m pip install --quiet --group integrations
	touch $@
