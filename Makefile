# Two commands matter: `make run` shows the presenter on air, `make test` proves that it works.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help run studio demo-models test check format bench soak test-deps lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "NightAnchor needs Python 3.11 or newer; point PYTHON at one: make run PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "Python can't make a virtual environment here; on Debian and Ubuntu: sudo apt install python3-venv"; \
	  rm -rf $(VENV); exit 1; }

$(VENV)/.run-stamp: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing what the show needs (once, about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --progress-bar on -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.studio-stamp: requirements-studio.lock $(VENV)/.run-stamp
	@echo "Installing what the studio needs: torch, diffusers, transformers, peft (once, some minutes) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --progress-bar on -r requirements-studio.lock
	@touch $@

$(VENV)/.test-stamp: requirements-dev.lock $(VENV)/.studio-stamp
	@echo "Installing the tools for the tests ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@touch $@

run: $(VENV)/.run-stamp ## start the demo on air; ARGS="--port 9000 --no-browser" to change things
	@if [ ! -e $(VENV)/.studio-stamp ] && [ -e assets/models/models.json ]; then \
	  echo "On air in seconds; what the models need is installed meanwhile (some minutes, log: $(VENV)/studio.log)."; \
	  flock -n $(VENV)/.studio-lock nice -n 19 $(MAKE) --no-print-directory $(VENV)/.studio-stamp > $(VENV)/studio.log 2>&1 & \
	fi; \
	exec $(BIN)/nightanchor run $(ARGS)

studio: $(VENV)/.studio-stamp ## install what resident models need (torch, diffusers, transformers, peft)
	@echo "Ready; name a base in nightanchor.yaml (visual.path, language.path) and start again: make run"

demo-models: $(VENV)/.studio-stamp ## make the models that ship in assets/models anew (hours; goes on where it was cut off)
	@$(BIN)/python -m assets.demo_models.build $(ARGS)

test: $(VENV)/.test-stamp ## run the tests, JOBS=2 at a time (what needs an outside tool is skipped without it)
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "not soak and not gpu" $(ARGS)

check: $(VENV)/.test-stamp ## lint and types
	@$(BIN)/ruff check .
	@$(BIN)/mypy

format: $(VENV)/.test-stamp ## mend what ruff can mend
	@$(BIN)/ruff check --fix .

bench: $(VENV)/.test-stamp ## measure; prints a table and writes bench/results.json
	@$(BIN)/python -m bench $(ARGS)

soak: $(VENV)/.test-stamp ## half an hour on air, judged on the received stream
	@$(BIN)/python -m bench.soak $(ARGS)

test-deps: ## install the outside tools that tests use (Debian, Ubuntu)
	@if command -v ffmpeg nginx chromium >/dev/null 2>&1 && [ -e /usr/lib/nginx/modules/ngx_rtmp_module.so ] \
	  && command -v ffmpeg >/dev/null && command -v chromium >/dev/null && command -v nginx >/dev/null; then \
	  echo "test tools are here"; \
	else \
	  SUDO=$$( [ "$$(id -u)" = 0 ] || echo sudo ); \
	  $$SUDO apt-get update -qq && $$SUDO env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -qq --no-install-recommends ffmpeg nginx libnginx-mod-rtmp chromium >/dev/null; \
	fi

lock: ## resolve the requirements anew (needs uv)
	uv pip compile pyproject.toml -o requirements.lock --no-header --no-annotate --python-version 3.11
	# CUDA packages are torch's own affair: a CPU machine has none, and torch names their versions itself.
	uv pip compile pyproject.toml --extra studio -c requirements.lock --no-header --no-annotate \
	  --python-version 3.11 --quiet | grep -vE '^(nvidia|cuda|triton)' > requirements-studio.lock
	uv pip compile pyproject.toml --extra dev -c requirements.lock -o requirements-dev.lock \
	  --no-header --no-annotate --python-version 3.11

clean: ## remove the environment and what tools cache; never the data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
