# One command each for people and for CI. Needs Python 3.11 or newer with venv, and nothing else.
#   make demo | test | check | chaos | e2e    AIRFLOW=2.11 runs the tests on that version; PYTHON= picks the interpreter.

PYTHON  ?= python3
AIRFLOW ?= 3.3
VENV    := .venv$(if $(filter-out 3.3,$(AIRFLOW)),-$(AIRFLOW))
BIN     := $(VENV)/bin
comma   := ,
EXTRAS  := emulator,test$(if $(filter 3.3,$(AIRFLOW)),$(comma)lint)

DOCUMENTS ?= demo/documents
OUTPUT    ?= demo-output
PAGES     ?= all

.PHONY: demo test check interop chaos e2e clean

demo: $(VENV)/.ready
	$(BIN)/python demo/run.py --documents "$(DOCUMENTS)" --output "$(OUTPUT)" --pages "$(PAGES)"

test: $(VENV)/.ready
	$(BIN)/python -m pytest $(TESTS)

check: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Tencent's other clients, each in an environment of its own: they overlap with the slim SDK.
interop: $(VENV)/.ready
	$(BIN)/python tests/interop/run.py

# Breaks batches in every way that is known: 10 minutes at most. SEED= repeats a run, ONLY= runs one scenario.
chaos: $(VENV)/.ready
	$(BIN)/python -m tests.chaos.run $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))

# A real Airflow 3.3 in a real browser: 10 minutes at most. Screenshots in e2e-output; ONLY= runs some scenarios.
e2e: $(VENV)/.ready-e2e
	$(BIN)/python -m tests.e2e.run $(if $(ONLY),--only $(ONLY))

$(VENV)/.ready-e2e: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints/airflow-$(AIRFLOW).txt -e ".[e2e]"
	touch $@

$(VENV)/.ready: pyproject.toml constraints/airflow-$(AIRFLOW).txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints/airflow-$(AIRFLOW).txt -e ".[$(EXTRAS)]"
	touch $@

clean:
	rm -rf .venv .venv-* demo-output e2e-output dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
