# Two commands for a newcomer: `make all` and `make test`. Python >= 3.11, git and make suffice.
#   make all TORCH_INDEX=https://download.pytorch.org/whl/cpu    no GPU: skip torch's CUDA packages
#   make ablation CORES=2 SNAKEMAKE_ARGS='--configfile config/examples/folder.yaml'
PYTHON ?= python3
CORES ?= all
TORCH_INDEX ?=
PIP_ARGS ?=
override PIP_ARGS += $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
SNAKEMAKE_ARGS ?=
PYTEST_ARGS ?=
UV ?= uv
LOCK_ARGS ?=

LAUNCH = $(PYTHON) tools/launch.py --pip-args="$(PIP_ARGS)"
TARGETS = all quick fetch track tables figures ablation report sensitivity grid

.PHONY: $(TARGETS) setup test lock
.DEFAULT_GOAL := all

$(TARGETS):
	@$(LAUNCH) run $@ --cores $(CORES) $(SNAKEMAKE_ARGS)

setup:
	@$(LAUNCH) setup

test:
	@$(LAUNCH) test $(PYTEST_ARGS)

# Resolve pyproject.toml again; pins that still fit are kept (LOCK_ARGS=--upgrade renews them).
lock:
	$(UV) pip compile --universal --python-version 3.11 --no-header --no-annotate \
	  --no-emit-index-url --extra study --extra browser --extra dev --extra hed --extra vot $(LOCK_ARGS) \
	  --output-file envs/constraints.txt pyproject.toml
