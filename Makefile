# Two commands set everything up on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: help demo test test-training test-easyocr test-epitran check catalogue benchmark clean

help:            ## this list
	@grep -E '^[a-z-]+: .*##|^[a-z-]+:  +##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 18

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed, such as: make PYTHON=python3.12 demo"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(VENV)/.installed         ## real logos in, one query answered, with reasons
	$(BIN)/logosim demo

test: $(VENV)/.installed         ## all tests of what is installed; starts its own Postgres
	$(BIN)/pytest -n 2 --dist loadfile -m "not training and not easyocr and not epitran"

test-training: $(VENV)/.installed ## export and its parity with torch (installs the extra `train`)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[train]'
	$(BIN)/pytest -m training

test-easyocr: $(VENV)/.installed ## the EasyOCR reader (installs the extra `easyocr`)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[easyocr]'
	$(BIN)/pytest -m easyocr

test-epitran: $(VENV)/.installed ## Epitran as the pronunciation engine (installs the extra `epitran`)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[epitran]'
	$(BIN)/pytest -m epitran

check: $(VENV)/.installed        ## linters, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

catalogue: $(VENV)/.installed    ## write sql/README.md and sql/signatures.txt anew, after a change of SQL
	$(BIN)/logosim db catalogue sql

benchmark: $(VENV)/.installed    ## measure the demo corpus and print rows for BENCHMARKS.md
	$(BIN)/logosim benchmark

clean:           ## remove what the build made (not the data folder)
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
