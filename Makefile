# Works on a fresh machine with Python 3.11 and make. `make run` is all that a user needs.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
# What `make test` runs at once, each with up to 2 GB. Tests often wait: on two cores, three are done sooner than two.
PROCESSES ?= 3

.PHONY: run install test run-tests test-deps test-llm soak gate baseline lint constraints docs vendor clean

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

# One file's tests stay together, in order: they share services and indexes, which are made once a file.
# One test, or a few: make test ARGS="tests/test_index_sync.py", or pytest itself.
# The checks of style and types run meanwhile: tests often wait.
test: $(VENV)/.installed-test
	@$(MAKE) --no-print-directory -j2 run-tests lint

# What is compiled is kept, also where the environment says otherwise: every process that tests start would compile it again.
run-tests: $(VENV)/.installed-test
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder -m "not soak" $(ARGS)

# What tests need and pip does not bring: a browser, and proxies.
test-deps:
	@tests/install_programs.sh

# Opt-in: a real language model of 1.5 billion parameters on this machine, or the one that FOOTNOTE_LLM_PROVIDER names. The first
# time, 1.1 GB are fetched into ~/.cache/footnote and llama.cpp is built, about five minutes. Built for any processor: its kernels
# for AMX crash in some virtual machines. So not from pip's cache, where one built otherwise may be. Other questions, or fewer:
# make test-llm ARGS="FOLDER --answerable 40".
test-llm: $(VENV)/.installed-test .venv-llm/.installed
	$(BIN)/python -m eval.language_model $(ARGS)

.venv-llm/.installed:
	@test -x .venv-llm/bin/python || $(PYTHON) -m venv .venv-llm
	CMAKE_ARGS=-DGGML_NATIVE=OFF .venv-llm/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-binary llama-cpp-python 'llama-cpp-python[server]>=0.3'
	@touch $@

# What measures load runs last and by itself. With ARGS one of the two may have nothing to run (5).
soak: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "soak and not alone" --timeout=1500 $(ARGS) || [ $$? = 5 ]
	$(BIN)/python -m pytest -m "soak and alone" --timeout=1500 -rP $(ARGS) || [ $$? = 5 ]

# Asks the questions that ship, and fails when a score fell beyond chance since the baseline was kept. In float32, which every
# processor computes: in bfloat16, which only some have, a few answers differ, and a baseline would hold on some machines only.
gate: install
	FOOTNOTE_PRECISION=float32 $(BIN)/footnote eval run eval/questions --out runs/gate --baseline eval/baseline --fail-under citations_exact=1

# Keeps the scores of the last `make gate` as the new baseline: for changes that are meant.
baseline:
	$(BIN)/footnote eval baseline runs/gate eval/baseline

# Every version that is installed now, without local build tags such as +cpu, which other machines do not have.
constraints: $(VENV)/.installed-test
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/+[a-z0-9.]*$$//' > constraints.txt

docs: $(VENV)/.installed-test
	$(BIN)/python -m service.settings_page > docs/configuration.md

# Copies what the page needs of pdf.js, in the version of package.json, from the npm registry.
PDF_JS := legacy/build/pdf.min.mjs legacy/build/pdf.worker.min.mjs cmaps standard_fonts wasm/*_nowasm_fallback.js \
	wasm/LICENSE_*JBIG2 wasm/LICENSE_*OPENJPEG LICENSE package.json
vendor:
	npm install --silent
	rm -rf service/web/vendor/pdfjs-dist && mkdir -p service/web/vendor/pdfjs-dist
	cd node_modules/pdfjs-dist && cp --parents -r $(PDF_JS) ../../service/web/vendor/pdfjs-dist

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
