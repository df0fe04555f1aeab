# Everything from nothing but Python >= 3.11, pip, make and git: each target makes the environment it needs.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: demo test lint clean

demo: $(VENV)/installed  ## clean the seeds into out/ and show the summary
	$(BIN)/cleanzh clean seeds out --overwrite

test: $(VENV)/developing  ## run all tests
	$(BIN)/python -m pytest

lint: $(VENV)/developing  ## style, types, import layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:  ## remove what the targets made
	rm -rf $(VENV) out

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/developing: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable . --group dev
	touch $@
