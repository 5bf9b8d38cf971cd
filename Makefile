# Two commands do all their own set-up: `make demo` and `make test`.
BIN := .venv/bin
export PYTHONSAFEPATH := 1

.PHONY: help demo test test-slow docker chromium lint types mypy pyright format build clean

help:
	@echo "make demo       two minutes, offline: evaluate agents, train a small one, write a report"
	@echo "make test       the tests (ARGS='-k sandbox' picks some)"
	@echo "make test-slow  the long tests"
	@echo "make docker     see to it that a docker daemon answers, as root: without one its tests are skipped"
	@echo "make chromium   see to it that Chromium is here, as root: without it the tests of the report's page are skipped"
	@echo "make lint       ruff;  make types: mypy and pyright;  make format: rewrite in house style"
	@echo "make build      wheel and sdist into dist/"

demo:
	@scripts/venv.sh math,train
	@$(BIN)/assay demo $(ARGS)

test:
	@scripts/venv.sh all dev
	scripts/test.sh $(ARGS)

test-slow:
	@scripts/venv.sh all dev
	$(BIN)/pytest -m slow --timeout 1800 $(ARGS)

docker:
	@scripts/docker.sh

chromium:
	@scripts/chromium.sh

lint:
	@scripts/venv.sh all dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	@scripts/venv.sh all dev
	@$(MAKE) --no-print-directory --keep-going --jobs 2 mypy pyright

mypy pyright:
	$(BIN)/$@

format:
	@scripts/venv.sh all dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

build:
	@scripts/venv.sh all dev
	$(BIN)/python -m build --outdir dist .

clean:
	rm -rf .venv build dist runs *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
