# Works on a fresh machine with Python 3.11 and make. `make run` is all that a user needs.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000

.PHONY: run install test soak gate baseline lint constraints docs clean

run: install
	$(BIN)/footnote index corpus
	$(BIN)/footnote serve --host $(HOST) --port $(PORT)

install: $(VENV)/.installed

# The stamps name what was installed from: a changed file installs again, an unchanged one costs nothing.
$(VENV)/.installed: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Footnote needs Python 3.11: no $(PYTHON) here. Install it, or name one with make PYTHON=..."; exit 1; }
	@echo "Installing into $(VENV). The first time takes some minutes: PyTorch is large."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Footnote needs Python 3.11: no $(PYTHON) here. Install it, or name one with make PYTHON=..."; exit 1; }
	@echo "Installing into $(VENV). The first time takes some minutes: PyTorch is large."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $(VENV)/.installed $@

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest -m "not soak"

soak: $(VENV)/.installed-test
	$(BIN)/python -m pytest -m soak --timeout=1500

# Asks the questions that ship, and fails when a score fell beyond chance since the baseline was kept.
gate: install
	$(BIN)/footnote eval run eval/questions --out runs/gate --baseline eval/baseline --fail-under citations_exact=1

# Keeps the scores of the last `make gate` as the new baseline: for changes that are meant.
baseline:
	$(BIN)/footnote eval baseline runs/gate eval/baseline

# Every version that is installed now, without local build tags such as +cpu, which other machines do not have.
constraints: $(VENV)/.installed-test
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/+[a-z0-9.]*$$//' > constraints.txt

docs: $(VENV)/.installed-test
	$(BIN)/python -m service.settings_page > docs/configuration.md

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
