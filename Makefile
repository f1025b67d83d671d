# make demo    the main job, end to end, on the bundled data
# make test    the test suite
# make lint    ruff
# make bench   the longer runs behind the published figures
# make docs    the pages and tables that are generated
#
# Each makes the virtual environment .venv where it is missing, and installs what is missing in it: with uv
# where there is one, else with pip. PYTHON chooses the interpreter, OUT the folder of the demo's run.

PYTHON ?= python3
VENV ?= .venv
OUT ?= runs/demo
BIN = $(VENV)/bin

export OMP_NUM_THREADS ?= 2
export TOKENIZERS_PARALLELISM = false

.PHONY: demo test lint bench docs clean
.DEFAULT_GOAL := demo

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12"; exit 1; }
	@echo "== making the virtual environment $(VENV)"
	@if command -v uv >/dev/null 2>&1; then uv venv --quiet --python "$$(command -v $(PYTHON))" $(VENV); else $(PYTHON) -m venv $(VENV); fi

$(VENV)/.train: setup.cfg pyproject.toml | $(BIN)/python
	@echo "== installing the package and what training needs (PyTorch among it: this can take minutes)"
	@./.ci/install $(BIN)/python ".[train]"
	@touch $@

$(VENV)/.dev: setup.cfg pyproject.toml $(VENV)/.train
	@echo "== installing what the tests need"
	@./.ci/install $(BIN)/python ".[train,dev]"
	@touch $@

demo: $(VENV)/.train
	@$(BIN)/act-clarify demo --out $(OUT)

test: $(VENV)/.dev
	@echo "== running the test suite"
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(VENV)/.dev
	@echo "== linting"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

bench: $(VENV)/.train
	@$(BIN)/python -m benchmarks.demo_settings
	@$(BIN)/python -m benchmarks.demo_seeds
	@$(BIN)/python -m benchmarks.questions
	@test -z "$$ACT_DATA_DIR" || $(BIN)/python -m benchmarks.text_tasks

docs: $(VENV)/.dev
	@$(BIN)/python docs/make.py

clean:
	rm -rf build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
