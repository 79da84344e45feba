# Every target works from an empty checkout: what it needs is installed into .venv first.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help .venv .venv-train demo test lint check soak train lock clean

PYTHON ?= python3
PY := .venv/bin/python
ARGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help: ## list the targets
	@echo "make TARGET [PYTHON=python3.12] [ARGS='options for the command']"
	@sed -nE 's/^([.a-z-]+):[^#]*## (.*)/  \1\t\2/p' Makefile | expand -t 16

.venv: .venv/.installed ## virtual environment with the locked packages
.venv-train: .venv/.train ## the same, with torch and what else training needs

demo: .venv ## collect, score and profile an invented company's messages
	@.venv/bin/relintel demo $(ARGS) && echo "Demo: $$SECONDS s" >&2

test: .venv ## all tests (ARGS='-k text -x')
	@$(PY) -m pytest $(ARGS)

lint: .venv ## formatting, lint and types
	@echo "Formatting …" && .venv/bin/ruff format --check .
	@echo "Lint …" && .venv/bin/ruff check .
	@echo "Types …" && $(PY) -m mypy --strict relintel

check: ## what CI runs: lint, then test
	@$(MAKE) --no-print-directory lint && $(MAKE) --no-print-directory test && \
	  echo "Check: $$SECONDS s"

soak: .venv ## the long run: volume, kills, memory
	@$(PY) scripts/soak.py $(ARGS) && echo "Soak: $$SECONDS s"

train: .venv-train ## rebuild the shipped models
	@$(PY) scripts/train.py $(ARGS) && echo "Train: $$SECONDS s"

lock: ## resolve pyproject.toml anew into the two lock files (needs uv)
	@command -v uv >/dev/null || [ -x .venv/bin/uv ] || \
	  { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	@$(COMPILE) --extra dev --generate-hashes -o requirements.lock
	@$(COMPILE) --extra train -c requirements.lock -c <(echo torch==$(TORCH)) \
	  $(UNPINNED:%=--no-emit-package %) -o requirements-train.lock
	@echo "Wrote requirements.lock and requirements-train.lock"

clean: ## remove the environment, caches and builds
	@rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "relintel needs Python 3.11 or newer; $(PYTHON) is" \
	    "$$($(PYTHON) --version 2>&1 || true). Name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu:" \
	    "apt-get install python3-venv" >&2; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv .venv

.venv/.installed: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing the locked packages (once; a minute or two) …"
	@set -o pipefail; $(PY) -m pip install --require-hashes -r requirements.lock | $(PROGRESS) && \
	  $(PY) -m pip install --quiet --no-deps --no-build-isolation -e . && \
	  touch $@ && echo "Installed in $$SECONDS s"

.venv/.train: requirements-train.lock .venv/.installed
	@echo "Installing the packages for training …"
	@set -o pipefail; $(PY) -m pip install -r requirements-train.lock | $(PROGRESS) && \
	  touch $@ && echo "Installed in $$SECONDS s"

# pip's lines fill the screen and its bar needs a terminal: count packages instead.
export PYTHONUNBUFFERED := 1
PROGRESS = { n=0; while IFS= read -r line; do case $$line in \
  "Collecting "*|"Processing "*) n=$$((n + 1)); [ $$((n % 20)) -ne 0 ] || echo "  $$n packages fetched";; \
  "Installing "*) echo "  $$n packages fetched; unpacking";; esac; done; }

# The version whose CPU build the shipped models were trained with. What torch itself brings differs
# between its builds for CPU and GPU and is left to it.
TORCH := 2.13.0
UNPINNED := cuda-bindings cuda-pathfinder cuda-toolkit nvidia-cublas nvidia-cuda-cupti \
  nvidia-cuda-nvrtc nvidia-cuda-runtime nvidia-cudnn-cu13 nvidia-cufft nvidia-cufile nvidia-curand \
  nvidia-cusolver nvidia-cusparse nvidia-cusparselt-cu13 nvidia-nccl-cu13 nvidia-nvjitlink \
  nvidia-nvshmem-cu13 nvidia-nvtx triton
COMPILE = PATH="$(CURDIR)/.venv/bin:$$PATH" uv pip compile --quiet --universal --python-version 3.11 \
  --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command 'make lock' \
  pyproject.toml
