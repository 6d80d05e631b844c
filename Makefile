# One command each for people and for CI. Needs Python 3.11 or newer with venv, and nothing else.
#   make demo | test | check | docs | chaos | e2e
#                               AIRFLOW=2.11 runs the tests on that version; PYTHON= picks the interpreter.
#   make dist | test-dist | licenses          what is released: built; tested as installed; what it brings along.
#   make matrix                 needs Python 3.11, 3.12 and 3.13, by these names or as PYTHON3.12= and its like.

PYTHON  ?= python3
AIRFLOW ?= 3.3
VENV    := .venv$(if $(filter-out 3.3,$(AIRFLOW)),-$(AIRFLOW))
BIN     := $(VENV)/bin
comma   := ,
EXTRAS  := emulator,test$(if $(filter 3.3,$(AIRFLOW)),$(comma)lint)

DOCUMENTS ?= demo/documents
OUTPUT    ?= demo-output
PAGES     ?= all

# The legs of the matrix, each Airflow-Python.
LEGS := 2.11-3.12 3.1-3.13 3.3-3.11

.PHONY: demo test matrix check docs interop chaos bench e2e dist test-dist licenses clean

demo: $(VENV)/.ready
	$(BIN)/python demo/run.py --documents "$(DOCUMENTS)" --output "$(OUTPUT)" --pages "$(PAGES)"

test: $(VENV)/.ready
	$(BIN)/python -m pytest $(TESTS)

# The suite on every leg, one after the other, since some tests measure time. `make -k matrix` goes on past a leg that
# fails, `make matrix-3.1-3.13` runs one. PYENV_VERSION is for pyenv, whose python3.13 runs only where it is chosen.
.NOTPARALLEL:
matrix: $(LEGS:%=matrix-%)

matrix-%: airflow = $(firstword $(subst -, ,$*))
matrix-%: python = $(lastword $(subst -, ,$*))
matrix-%: interpreter = $(or $(PYTHON$(python)),python$(python))
matrix-%: export PYENV_VERSION = $(python)
matrix-%:
	@$(interpreter) -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "$(python)")' || \
	  { echo "$@: $(interpreter) is not Python $(python); say PYTHON$(python)=/path/to/one" >&2; exit 1; }
	$(MAKE) test AIRFLOW=$(airflow) PYTHON="$(interpreter)" VENV=.venv-$(airflow)-py$(python)

check: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The site, in docs/_build/html: a warning fails, a name without a target too. Nothing is fetched.
docs: $(VENV)/.ready-docs
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet --fresh-env -d docs/_build/doctrees docs docs/_build/html
	@echo "docs/_build/html/index.html"

# Tencent's other clients, each in an environment of its own: they overlap with the slim SDK.
interop: $(VENV)/.ready
	$(BIN)/python tests/interop/run.py

# Breaks batches in every way that is known: 10 minutes at most. SEED= repeats a run, ONLY= runs one scenario.
chaos: $(VENV)/.ready
	$(BIN)/python -m tests.chaos.run $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))

# The provider beside what users would write instead, and beside the limit: half an hour on a quiet machine of 2 cores.
# ONLY= runs one case (benchmarks/cases.py), ROUNDS= fewer rounds.
bench: $(VENV)/.ready
	$(BIN)/python -m benchmarks.run $(if $(ONLY),--only $(ONLY)) $(if $(ROUNDS),--rounds $(ROUNDS))

# A real Airflow 3.3 in a real browser: 10 minutes at most. Screenshots in e2e-output; ONLY= runs some scenarios.
e2e: $(VENV)/.ready-e2e
	$(BIN)/python -m tests.e2e.run $(if $(ONLY),--only $(ONLY))

# The sdist and the wheel.
dist: $(VENV)/.ready
	rm -rf dist
	$(BIN)/python -m hatchling build

# The suite on the wheel: a new environment, and a folder with all of the sdist but the package. What is left out is of
# building from source.
test-dist: dist
	rm -rf build/$(AIRFLOW)
	mkdir -p build/$(AIRFLOW)
	tar -xzf dist/*.tar.gz --strip-components 1 -C build/$(AIRFLOW)
	rm -r build/$(AIRFLOW)/airflow_provider_tcocr
	$(PYTHON) -m venv --clear $(VENV)-dist
	$(VENV)-dist/bin/python -m pip install --quiet --disable-pip-version-check -c constraints/airflow-$(AIRFLOW).txt "$$(echo ./dist/*.whl)[$(EXTRAS)]"
	cd build/$(AIRFLOW) && $(CURDIR)/$(VENV)-dist/bin/python -c 'import sys, airflow_provider_tcocr as it; print("Testing", it.__file__); sys.exit(not it.__file__.startswith(sys.prefix))'
	cd build/$(AIRFLOW) && $(CURDIR)/$(VENV)-dist/bin/python -m pytest --ignore tests/test_packaging.py $(TESTS)

# Name, version and licence of all that an installation brings.
licenses: $(VENV)/.ready
	@$(BIN)/python tests/licenses.py

$(VENV)/.ready-%: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints/airflow-$(AIRFLOW).txt -e ".[$*]"
	touch $@

$(VENV)/.ready: pyproject.toml constraints/airflow-$(AIRFLOW).txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints/airflow-$(AIRFLOW).txt -e ".[$(EXTRAS)]"
	touch $@

clean:
	rm -rf .venv .venv-* demo-output e2e-output dist build docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis
