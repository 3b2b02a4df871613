# One verb, one thing. `make check` is what CI runs; nothing else decides.
PY    := .venv/bin
ROOMS := crm logistics customers archive onboarding
HTML  := $(shell find templates $(ROOMS) -name '*.html' 2>/dev/null)
FAST  := not slow and not services and not e2e
# The order of `make check` is a drawn one, the same each time: it judges the change, not the dice.
# `make soak` and `make test` draw anew.
SEED  ?= 20261122
# The long proofs that need real servers join in where both are named.
SOAK  := $(if $(and $(DATABASE_URL),$(REDIS_URL)),(slow or services) and not e2e,slow and not e2e and not services)

.DEFAULT_GOAL := help
.PHONY: help install ready run stop worker beat test lint types imports templates migrations \
        fix check bench soak messages messages-check rules rules-check cover demo

help:            ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile | expand -t 16

# --- the site

ready:           ## packages, front-end files and texts that the site needs
	@sh scripts/install.sh requirements.txt
	@$(PY)/python scripts/vendor.py
	@$(PY)/python scripts/compile_messages.py
install: ready   ## the same, and the tools for development
	@sh scripts/install.sh requirements-dev.txt
run: ready       ## the whole site with demo data: database, web, worker, beat (KEDANG_PORT=8000)
	@KEDANG_DEMO=$${KEDANG_DEMO:-1} KEDANG_PORT=$${KEDANG_PORT:-8000} $(PY)/python -m crm.supervisor run
stop:            ## end everything `make run` started, and the built-in database
	@if [ -x $(PY)/python ]; then $(PY)/python -m crm.supervisor stop; else echo "Nothing is installed here."; fi
worker: ready    ## only a worker
	$(PY)/celery -A crm worker --concurrency 2 --loglevel INFO
beat: ready      ## only the clock
	$(PY)/celery -A crm beat --loglevel INFO
demo: ready      ## demo data into the database
	KEDANG_DEMO=1 $(PY)/python manage.py seed_demo

# --- proof

test: install    ## fast tests, database kept
	$(PY)/pytest -q -n 2 --reuse-db -m "$(FAST)"
lint: install    ## ruff
	$(PY)/ruff check . && $(PY)/ruff format --check .
types: install   ## mypy; the address is never used
	DATABASE_URL=postgres://types@127.0.0.1/none $(PY)/mypy .
imports: install ## who may import whom
	$(PY)/lint-imports --no-logo
templates: install ## HTML: indentation and lint
	$(PY)/djhtml --check --tabwidth 2 $(HTML) && $(PY)/djlint templates --lint --quiet
migrations: install ## no model change without its migration
	$(PY)/python manage.py makemigrations --check --dry-run
messages-check: install ## no text without its English
	$(PY)/python scripts/extract_messages.py --check
rules-check: install ## docs/rules.md says where each rule lives
	$(PY)/python scripts/make_rules.py --check
check: lint types imports templates migrations messages-check rules-check ## everything, as CI does
	$(PY)/python manage.py check --fail-level WARNING
	$(PY)/pytest -n 2 --dist worksteal --create-db --randomly-seed=$(SEED) -m "not services"
cover: install   ## line and branch coverage
	$(PY)/pytest -q -n 2 --create-db -m "not services and not e2e" --cov --cov-report=term
bench: install   ## measure; appends to bench/results.jsonl, table into docs/performance.md
	$(PY)/python -m bench; code=$$?; $(PY)/python scripts/write_performance.py && exit $$code
soak: install    ## the long proofs: 200 rounds; with DATABASE_URL and REDIS_URL the services too
	@mkdir -p var/log
	KEDANG_SOAK=1 $(PY)/pytest -m "$(SOAK)" --create-db --timeout 7200 \
	    --junitxml=var/log/soak.xml -o junit_family=xunit1
	$(PY)/python scripts/write_reliability.py var/log/soak.xml

# --- repair

fix: install     ## repair what can be repaired by machine
	-$(PY)/ruff check --fix .
	$(PY)/ruff format .
	-$(PY)/djhtml --tabwidth 2 $(HTML)
rules: install   ## write into docs/rules.md where each rule lives and which test names it
	$(PY)/python scripts/make_rules.py
messages: install ## bring the English catalogue up to date with the source
	$(PY)/python scripts/extract_messages.py
	$(PY)/python scripts/compile_messages.py
