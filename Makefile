.PHONY: setup quickstart test test-long fuzz faults lint bench docs clean

BIN := .venv/bin
# The environment is our own: with compiled modules kept in it, vLLM's processes start in half the time.
unexport PYTHONDONTWRITEBYTECODE
# On two busy cores more OpenMP threads than one can be a hundred times slower.
TEST := OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/python -m pytest

setup:
	@scripts/setup

# English questions -> runs/quickstart, a finished transfer set English -> Portuguese
quickstart: setup
	@$(BIN)/sdrrl-data generate --recipe quickstart --src en --tgt pt --out runs/quickstart

# Three files at a time on two cores: some of them wait for other processes.
test: setup
	$(TEST) -m "not long" -n 3 --dist loadfile $(ARGS)

# What starts vLLM, Ray, COMET or SmolLM2, computes with torch, trains, publishes, works through many real texts, or makes
# dozens of runs.
test-long: setup
	$(TEST) -m long -n 2 --dist loadfile $(ARGS)

# `make test` draws the same examples every time. Here they are new ones, ten times as many, of the tests that use
# Hypothesis; what fails is kept in .hypothesis/ and tried first the next time. `make fuzz ARGS=tests/text` takes some.
fuzz: setup
	$(TEST) --hypothesis-profile=fuzz -m hypothesis --timeout 3600 -n 2 --dist load $(ARGS)

# Commands that are killed, files that are damaged, full disks, odd inputs and so on: some hours, or with SHORT=1 minutes.
# Exit code 1 if anything is lost or wrong. `make faults ARGS="kills --minutes 10"` takes some. The long form is written
# to faults/results.md; the short one tries each kind of fault once, and is part of what CI runs.
faults: setup
	@$(BIN)/python -m faults $(if $(SHORT),--short,--write) $(ARGS)

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# Each benchmark in a process of its own, without the Hub; one table at the end, also in benchmarks/results.md. With SHORT=1
# a few rows show that it runs: `make test` does so with most, and CI with those that load large models, too.
bench: setup
	@$(if $(SHORT),BENCH=short OMP_NUM_THREADS=1) $(BIN)/python -m benchmarks $(if $(SHORT),,--write) $(ARGS)

# The pages of docs/reference/ from the code, then all pages as HTML in build/docs.
docs: setup
	@$(BIN)/python -m docs
	@$(BIN)/sphinx-build -q -W --keep-going -b html docs build/docs

clean:
	rm -rf .venv .venv-uv build dist *.egg-info runs
