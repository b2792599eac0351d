# Two commands: `make demo` and `make test`.  Everything lives in .venv; nothing else on the machine changes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo demo-train test check bench docs clean

help: ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

demo: $(VENV)/installed ## score the bundled corpus and write redline-demo/report.html
	$(BIN)/redline demo --out redline-demo

demo-train: $(VENV)/installed-train ## adapt the demonstration model: base, SFT, TADPOLE and personal adapters compared (under 10 minutes)
	$(BIN)/redline prefer build bundled --agents offline --kind drop --kind blunt --out redline-train/sets.jsonl
	$(BIN)/redline train sft --base tiny --corpus bundled --config studies/adapt-sft.toml --out redline-train/adapters
	$(BIN)/redline train tadpole --base tiny --sets redline-train/sets.jsonl --adapter redline-train/adapters/sft --config studies/adapt-tadpole.toml --out redline-train/adapters
	$(BIN)/redline train personal --base tiny --corpus bundled --adapter redline-train/adapters/tadpole --config studies/adapt-personal.toml --out redline-train/adapters/personal
	$(BIN)/redline study run studies/adapt.toml --out redline-train/study
	$(BIN)/redline study compare redline-train/study sft/zero_shot base/zero_shot
	$(BIN)/redline study compare redline-train/study tadpole/zero_shot sft/zero_shot
	$(BIN)/redline study compare redline-train/study personal/zero_shot tadpole/zero_shot

test: $(VENV)/installed-dev ## run every test, the type checker and the linter
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

check: $(VENV)/installed-dev ## the quick part of the tests
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -m "not slow"

bench: $(VENV)/installed-dev ## run the benchmarks; each exits non-zero below its bar
	for b in judge_quality judge_speed table_statistics warm_store planner retrieval_quality retrieval_speed study_faults study_overhead personal tree_dpo corrected_width validate_speed kqa_physicians; do $(BIN)/python benchmarks/$$b.py || missed="$$missed $$b"; done; [ -z "$$missed" ] || { echo "below a bar:$$missed"; exit 1; }

docs: $(VENV)/installed-dev ## write the command reference from --help
	$(BIN)/python -m scripts.command_reference

clean: ## remove what these commands made
	rm -rf $(VENV) redline-demo redline-train

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "redline needs Python 3.11 to 3.13; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet -e .
	touch $@

$(VENV)/installed-train: $(VENV)/installed
	$(BIN)/python -m pip install --quiet -e '.[train]'
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet -e '.[dev,train,local]'
	$(BIN)/python -m pip install --quiet --no-deps irrCAC==0.4.4 ppi-python==0.2.3  # oracles of tests; they pin an old SciPy
	touch $@
