# Everything a person does with this project. `make help` lists it.
# Needs only make and Python 3.11 or 3.12 with venv: all else is installed into .venv and node_modules, from wheels.

# The first Python that fits, unless one is named: make run PYTHON=/path/to/python3.12
# Up to 3.12 a Redis comes with the packages, so 3.13 is taken only where there is another Redis and no such Python.
FITS    = import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, int(sys.argv[1])))
NEWEST  = $(if $(REDIS_URL)$(shell command -v redis-server 2>/dev/null),13,12)
PYTHON ?= $(shell for newest in 12 $(NEWEST); do for p in python3 python3.12 python3.11 python3.13; do \
            "$$p" -c '$(FITS)' $$newest 2>/dev/null && echo "$$p" && break 2; done; done)
WORKERS ?=
ARGS    ?=

VENV    = .venv/bin/python
INSTALL = $(VENV) -m uv pip install --quiet --python $(VENV) --only-binary :all: --require-hashes
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(VENV) -m uv pip compile --quiet --universal --python-version 3.11 \
          --generate-hashes --no-emit-index-url --no-annotate

# $(call unless_same,FILE,COPY,SENTENCE,COMMAND): say and do it unless FILE is what it was when it was done last.
unless_same = @cmp -s $(1) $(2) || { echo "→ $(3)"; $(4) && cp $(1) $(2); }

.DEFAULT_GOAL := help
.PHONY: help run demo bots test lint format lock fuzz fuzz-rest chaos clean venv packages packages-dev page page-dev bench-sockets bench-commands bench-matching bench-matching-live bench-matching-crowded bench-matching-replay bench-faults bench-blocks bench-echo bench-fanout bench-feed bench-idle bench-media bench-messages bench-news bench-places bench-pushes bench-reconnect bench-rest bench-returns bench-signaling

help: ## This list
	@echo "Realtime Connect"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '%-27s %s\n' "$$name" "$$text"; done

run: packages page ## Serve everything at http://localhost:8080; make run PORT=9000 for another port
	@exec $(VENV) -m realtime

demo: packages page ## The same with a town in it: people, places, a month of their life, and some who answer your call
	@exec $(VENV) -m realtime demo $(ARGS)

bots: packages ## Simulated people to try a client with, while a server runs; make bots ARGS="--mode voice --count 2"
	@exec $(VENV) -m realtime bots $(ARGS)

test: packages-dev page-dev ## All checks and all tests; make test ARGS="-k chat" for some of them
	@exec $(VENV) -m tests $(if $(WORKERS),--workers $(WORKERS)) $(ARGS)

lint: packages-dev ## Lint, types, import rules and file sizes only
	@exec $(VENV) -m tests --lint

format: packages-dev ## Put the code into its one format
	@$(VENV) -m ruff format . && $(VENV) -m ruff check --fix .

lock: packages-dev ## Make the lock files anew from pyproject.toml and package.json
	$(COMPILE) --group bootstrap -o requirements-uv.lock
	$(COMPILE) pyproject.toml --group page -o requirements.lock
	$(COMPILE) pyproject.toml --group page --group dev -c requirements.lock -o requirements-dev.lock
	$(COMPILE) bench/rest/requirements.in -o bench/rest/requirements.txt
	$(VENV) .venv/bin/npm install --package-lock-only --ignore-scripts

fuzz: packages-dev ## 100,000 broken payloads of all commands over a real socket; make fuzz ARGS="--count 5000 --seed 7"
	@exec $(VENV) -m tests.fuzz $(ARGS)

fuzz-rest: packages-dev ## Requests made of the OpenAPI document, right and wrong; make fuzz-rest ARGS="--examples 200 --seed 7"
	@exec $(VENV) -m tests.fuzz.rest $(ARGS)

chaos: packages-dev ## Three nodes and 100 users, one fault after the other; make chaos ARGS="--only kill --seed 7"
	@exec $(VENV) -m tests.chaos $(ARGS)

clean: ## Remove what was installed or cached; the data in .data stays
	rm -rf .venv node_modules bench/*/node_modules bench/*/*/node_modules .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

bench-sockets: packages-dev page ## CPU of Node's socket.io, stock python-socketio and ours, side by side
	@cd bench/sockets && ../../$(VENV) ../../.venv/bin/npm ci --loglevel=error --ignore-scripts >/dev/null
	@exec $(VENV) -m bench.sockets $(ARGS)

bench-commands: packages-dev ## CPU of signals, messages, joins …, beside the best Node.js server for the same promises
	@cd bench/commands/node && ../../../$(VENV) ../../../.venv/bin/npm ci --loglevel=error --ignore-scripts >/dev/null
	@exec $(VENV) -m bench.commands $(ARGS)

bench-fanout: packages-dev ## CPU of an event from node to node with 1, 3 and 8 nodes, beside AsyncRedisManager and Node's Redis adapter
	@cd bench/fanout/node && ../../../$(VENV) ../../../.venv/bin/npm ci --loglevel=error --ignore-scripts >/dev/null
	@exec $(VENV) -m bench.fanout $(ARGS)

bench-feed: packages-dev ## What a page of the feed costs PostgreSQL, with 10,000 to 1,000,000 posts
	@exec $(VENV) -m bench.feed $(ARGS)

bench-matching: packages-dev ## Matching beside what is common, against the optimum with hindsight
	@exec $(VENV) -m bench.matching $(ARGS)

bench-matching-live: packages-dev ## What a join costs with 10 to 10,000 waiting, on a real Redis and PostgreSQL
	@exec $(VENV) -m bench.matching.live $(ARGS)

bench-matching-crowded: packages-dev ## From join to offer over sockets beside 10,000 who wait, matching in a process of its own
	@exec $(VENV) -m bench.matching.crowded $(ARGS)

bench-matching-replay: packages-dev ## Whom other weights would have chosen, on the matches that a deployment has recorded
	@exec $(VENV) -m bench.matching.replay $(ARGS)

bench-faults: packages-dev ## How soon a call knows of a frozen client, a closed tab, a pause of a node or of Redis
	@exec $(VENV) -m bench.faults $(ARGS)

bench-reconnect: packages-dev ## CPU of a node for each client when all connect, and when all come back, at once
	@exec $(VENV) -m bench.reconnect $(ARGS)

bench-messages: packages-dev ## What reading, searching and forgetting 1,000,000 messages in 500 rooms of one person costs PostgreSQL
	@exec $(VENV) -m bench.messages $(ARGS)

bench-news: packages-dev ## What it costs to tell those who wait how the wait goes
	@exec $(VENV) -m bench.news $(ARGS)

bench-places: packages-dev ## What PostgreSQL takes to find places among 10,000 and 100,000
	@exec $(VENV) -m bench.places $(ARGS)

bench-pushes: packages-dev ## What a message costs with a push asked for, and how many pushes a second one process sends
	@exec $(VENV) -m bench.pushes $(ARGS)

bench-rest: packages-dev ## CPU of profile, feed, near-by, check-in and redeem, beside FastAPI with async SQLAlchemy
	@test -x .venv/bench-rest/bin/python || $(VENV) -m venv --without-pip .venv/bench-rest
	$(call unless_same,bench/rest/requirements.txt,.venv/bench-rest/requirements.txt,Installing what it is compared with (FastAPI)…,\
		$(VENV) -m uv pip install --quiet --python .venv/bench-rest/bin/python --only-binary :all: --require-hashes -r bench/rest/requirements.txt)
	@exec $(VENV) -m bench.rest $(ARGS)

bench-idle: packages-dev ## What a second of standing idle costs: Python, Redis and PostgreSQL
	@exec $(VENV) -m bench.idle $(ARGS)

bench-media: packages-dev ## CPU of taking a photo of 12 megapixels, with its three sizes
	@exec $(VENV) -m bench.media $(ARGS)

bench-echo: packages-dev ## CPU of an echo call, whose packets are passed on, beside one that decodes
	@exec $(VENV) -m bench.echo $(ARGS)

bench-blocks: packages-dev ## How soon a block, a ban, a suspension, a deletion are all done, on two busy nodes, with the slowest step by step
	@exec $(VENV) -m bench.blocks $(ARGS)

bench-signaling: packages-dev page ## Calls set up a second on one core, what the flight recorder adds, offered to live with two browsers
	@exec $(VENV) -m bench.signaling $(ARGS)

bench-returns: packages-dev ## Who comes back after a ban and meets whom they met, and who is suspected in vain
	@exec $(VENV) -m bench.returns $(ARGS)

# ---- what the commands stand on; each does nothing when it is up to date ----

venv:
	@$(VENV) -c 'import sys' 2>/dev/null || { \
		p="$(PYTHON)"; "$${p:-python3}" -c '$(FITS)' $(NEWEST) 2>/dev/null || { \
			echo "Python 3.11 or 3.12 with venv is needed (on Debian: apt install python3-venv)." \
				"Name one: make PYTHON=/path/to/python3.12" \
				"(3.13 serves where redis-server is on the PATH, or REDIS_URL is set.)" >&2; exit 1; }; \
		echo "→ Making .venv with $$("$$p" --version)"; "$$p" -m venv --clear .venv; }
	$(call unless_same,requirements-uv.lock,.venv/uv.lock,Installing the installer (uv),$(VENV) -m pip install --quiet \
		--disable-pip-version-check --only-binary :all: --require-hashes -r requirements-uv.lock)

packages: venv
	$(call unless_same,requirements.lock,.venv/requirements.lock,Installing packages (the first time a minute or two)…,\
		$(INSTALL) -r requirements.lock)

packages-dev: venv
	$(call unless_same,requirements-dev.lock,.venv/requirements-dev.lock,Installing packages and test tools…,\
		$(INSTALL) -r requirements-dev.lock)

page: venv
	$(call unless_same,package-lock.json,node_modules/.lock,Fetching what the page is made of (socket.io-client and esbuild)…,\
		$(VENV) .venv/bin/npm ci --omit=dev --loglevel=error --ignore-scripts >/dev/null)

# All that `page` fetches too, so it says so in that one's name.
page-dev: venv
	$(call unless_same,package-lock.json,node_modules/.lock-dev,Fetching the Node packages of the tests…,\
		$(VENV) .venv/bin/npm ci --loglevel=error --ignore-scripts >/dev/null && cp package-lock.json node_modules/.lock)
