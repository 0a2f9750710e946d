# make run     classify a video and print what it shows        make run VIDEO=clip.mp4
# make test    the quick tests                                 make test-slow: longer ones; .ci/run runs both
# make test-long  the longest, and the same with all other networks: before a release
# make serve   export the network and serve it on this machine: gRPC, REST and a page
# make experiments  the papers' comparisons repeated on synthetic videos; what is compared, three times
# make test-beam  the Apache Beam pipeline, in an environment of its own, .venv-beam
# Each does all of its own set-up, in .venv.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.10; do \
	$$p -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
# pip shows what it fetches to people, and keeps quiet in logs.
PIP := $(BIN)/python -m pip install $(if $(MAKE_TERMOUT),,--quiet)
export VIDEO FLAGS
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: run serve experiments test test-slow test-long test-beam lint format bench matrix clean

run: .venv/run.stamp
	@if [ -n "$$VIDEO" ]; then $(BIN)/keras-i3d predict $$FLAGS --video="$$VIDEO"; \
	else sample=$$($(BIN)/keras-i3d sample_video) && \
	$(BIN)/keras-i3d predict $$FLAGS --end=3.2 --video="$$sample"; fi

serve: .venv/serving.stamp
	@[ -d models/i3d/1 ] || $(BIN)/keras-i3d export_saved_model --out=models/i3d/1
	@$(BIN)/keras-i3d serve $$FLAGS --model=models/i3d

experiments: .venv/run.stamp
	@$(BIN)/keras-i3d experiments $$FLAGS

# A process of tests that dies ends the run: without it xdist would wait for ever.
XDIST := -n 2 --dist loadfile --max-worker-restart=0

test: .venv/test.stamp
	$(BIN)/python -m pytest $(XDIST)

test-slow: .venv/backends.stamp
	$(BIN)/python -m pytest $(XDIST) -m 'slow and not long'

test-long: .venv/backends.stamp
	$(BIN)/python -m pytest $(XDIST) -m long

test-beam: .venv-beam/ready
	.venv-beam/bin/python -m pytest -m slow tests/data/shards/test_beam.py tests/features/test_beam_pipeline.py

lint: .venv/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: .venv/test.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/bench.stamp
	$(BIN)/python benchmarks/inference.py

matrix:
	.ci/matrix

clean:
	rm -rf .venv .venv-beam build dist *.egg-info

.venv/bin/python:
	@if [ -z "$(PYTHON)" ]; then \
	echo "No Python 3.10 to 3.13 found; name one: make run PYTHON=/path/to/python3.12" >&2; exit 1; fi
	$(PYTHON) -m venv .venv

.venv/run.stamp: setup.py pyproject.toml | .venv/bin/python
	$(PIP) --editable .
	@touch $@

.venv/serving.stamp: .venv/run.stamp
	$(PIP) --editable '.[serving]'
	@touch $@

.venv/test.stamp: .venv/run.stamp
	$(PIP) --editable '.[test]'
	@touch $@

# The version of PyTorch is pinned so that a build for the CPU can be given by --find-links.
.venv/backends.stamp: .venv/test.stamp
	$(PIP) --editable '.[jax,torch]' torch==2.13.0
	@touch $@

.venv-beam/ready: setup.py
	$(PYTHON) -m venv .venv-beam
	.venv-beam/bin/python -m pip install --quiet --editable '.[beam]' hypothesis pytest pytest-timeout
	@touch $@

.venv/bench.stamp: .venv/backends.stamp
	$(PIP) --editable '.[bench]'
	@touch $@
