# Every target is one line, and CI runs the same lines. Needs python3 (3.11 or newer) and make, nothing else.
PYTHON ?= python3
BIN := .venv/bin
CLIP ?= examples/clip.mp4
COVERAGE := $(if $(CI),--cov --cov-report=term)
MAKEFLAGS += --no-print-directory
unexport PYTHONDONTWRITEBYTECODE # the tests start some hundred interpreters, and each would compile all it imports

.PHONY: help system check generate drift api-diff update-spec service error-table screenshot docs lint types test test-again test-inlined interop faults soak bench batch \
	demo serve build release lock clean
help:                 ; @sed -nE 's/^([a-z-]+):.*  [#]{2} (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 13

.venv/ready: requirements-dev.txt pyproject.toml src/mirelo_ergo/_version.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mirelo_ergo needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.bench/vendor/ready: bench/requirements-vendor.txt
	$(PYTHON) -m venv .bench/vendor
	.bench/vendor/bin/python -m pip install --quiet --disable-pip-version-check -r bench/requirements-vendor.txt
	@touch $@

system:               ; @$(PYTHON) scripts/system_packages.py chromium postgresql
generate: .venv/ready ; $(BIN)/python scripts/generate.py  ## openapi/ -> generated/mirelo_ergo_api/
drift: .venv/ready    ; $(BIN)/python scripts/generate.py --check  ## prove that nothing in generated/ was edited by hand
api-diff: .venv/ready ; $(BIN)/python scripts/api_diff.py $(OLD) $(NEW)  ## what changed for callers; OLD=file NEW=file compares these
update-spec: .venv/ready ; $(BIN)/python scripts/update_spec.py "$(FILE)" "$(SERVICE)"  ## take in FILE=vendor.yaml for SERVICE=mirelo-v2
service: .venv/ready  ; $(BIN)/python scripts/new_service.py "$(NAME)"  ## write the stubs of a new service; NAME=tone_lab
error-table: .venv/ready ; $(BIN)/python scripts/error_table.py  ## docs/emulator-errors.md, from the table that the tests play
screenshot: .venv/ready system ; $(BIN)/python scripts/screenshot.py  ## docs/emulator.png, taken from the emulator's page (needs Chromium)
docs: .venv/ready     ; $(BIN)/python scripts/build_docs.py  ## the documentation's site, in out/site/; strict, and without a network
check: lint types     ; $(BIN)/python -m pytest -q -n auto tests/unit  ## style, types and unit tests: what to run all day
lint: .venv/ready     ; $(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/codespell && $(BIN)/lint-imports --no-logo  ## style, spelling, and who may import whom
types: .venv/ready    ; $(BIN)/mypy && $(BIN)/pyright  ## mypy --strict and pyright
test: .venv/ready .bench/vendor/ready system ; $(BIN)/python -m pytest -n auto $(COVERAGE)  ## everything the project checks about itself
test-again: .venv/ready ; $(BIN)/python -m pytest -n 0 --last-failed --last-failed-no-failures none  ## what failed last, by itself
test-inlined: .venv/ready .bench/vendor/ready system ; $(BIN)/python scripts/vendor_form.py  ## the same with the vendor's form of the spec, all inlined
interop: .venv/ready .bench/vendor/ready ; $(BIN)/python -m pytest tests/vendor/test_interop*.py  ## the vendors' own SDKs go their whole way against the emulator
faults: .venv/ready   ; $(BIN)/python scripts/fault_table.py  ## the fault matrix, row by row, for both clients
soak: .venv/ready system ; MIRELO_SOAK=100 $(BIN)/python -m pytest -o faulthandler_timeout=3600 tests/faults/test_crash.py tests/faults/test_storm.py tests/batch/test_crash.py tests/batch/test_workers_proof.py  ## the crash tests, 100 times each, and 50,000 interrupts
bench: .venv/ready .bench/vendor/ready ; $(BIN)/python bench/run.py $(if $(filter batch,$(MAKECMDGOALS)),batch ledger)  ## medians and ratios, quoted in the README; make bench batch: batches only
batch:                ; @:
demo: .venv/ready     ; $(BIN)/python examples/demo.py "$(CLIP)"  ## a clip through the whole SDK; CLIP=your.mp4 takes another
serve: .venv/ready    ; $(BIN)/mirelo-ergo serve  ## the emulator
build: .venv/ready    ; $(BIN)/python -m build --no-isolation  ## sdist and wheel into dist/
release: .venv/ready  ; $(BIN)/python scripts/release.py $(DRY_RUN)  ## check, build, try out and tag a release; DRY_RUN=--dry-run makes no tag
lock: .venv/ready     ; $(BIN)/uv pip compile --quiet --universal --upgrade --no-header --no-annotate --all-extras --group dev pyproject.toml -o requirements-dev.txt  ## renew the pinned environment
clean:                ; rm -rf .venv .bench dist out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage*  ## all that was made
