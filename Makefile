# SSE Scaling Lab. `make` alone prints what there is. Runs with make 3.81 and bash 3.2.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# .env is the only list of pins and knobs; a variable of the shell or of this command line wins over it.
pin = $(or $($(1)),$(shell sed -n 's/^$(1)=//p' .env))
NODE_IMAGE := $(call pin,NODE_IMAGE)
BASE_IMAGES := $(NODE_IMAGE) $(call pin,NGINX_IMAGE) $(call pin,REDIS_IMAGE)
HTTP_PORT := $(call pin,HTTP_PORT)
PROBLEMS_PORT := $(call pin,PROBLEMS_PORT)

COMPOSE := docker compose
IN_TEST_IMAGE := docker run --rm --init --volume /var/run/docker.sock:/var/run/docker.sock
TEST_ENV := --env CI --env PARTS --env FILES --env SEED --env STEP --env MINUTES --env FAULTS --env FAULTS_BUS

.PHONY: help up down logs status scale deploy roll clean build base test test-faults soak test-readme conformance test-image

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: build ## Bring up both sides and wait until they are healthy
	@$(COMPOSE) up --detach --wait --wait-timeout 120 --quiet-pull || { \
	  echo; echo "Not healthy. What the containers say:"; $(COMPOSE) ps --all; $(COMPOSE) logs --tail 20; exit 1; }
	@echo
	@echo "  fixed    http://localhost:$(HTTP_PORT)"
	@echo "  unfixed  http://localhost:$(PROBLEMS_PORT)"

down: ## Stop and remove the containers
	@$(COMPOSE) down

logs: ## Follow the logs of all containers
	@$(COMPOSE) logs --follow --tail 50

status: ## Show the containers, and the workers as any worker sees them
	@$(COMPOSE) ps
	@curl -fsS http://localhost:$(HTTP_PORT)/api/workers && echo

scale: ## Run two containers of the fixed side behind the same proxy, or SERVERS=3 of them
	@SERVERS=$(or $(SERVERS),2) $(COMPOSE) up --detach --wait --no-recreate server

deploy: build ## Build, and replace the fixed side's servers one by one, without losing a stream
	@$(MAKE) --no-print-directory roll

# New containers beside the old ones; when they are healthy the old ones leave, one after another, each draining its
# streams. A plain `docker compose up` would stop all of them in the same second.
roll:
	@old=$$($(COMPOSE) ps --quiet server) && [ -n "$$old" ] || { echo "Nothing runs yet: make up"; exit 1; }; \
	count=$$(echo "$$old" | wc -l); \
	if $(COMPOSE) up --detach --wait --wait-timeout 120 --no-deps --no-recreate --scale server=$$((2 * count)) server; then \
	  leaving=$$old; \
	else \
	  echo "The new servers are not healthy. What they say:"; $(COMPOSE) logs --tail 20 server; \
	  leaving=$$($(COMPOSE) ps --all --quiet server | grep --invert-match --fixed-strings "$$old"); \
	fi; \
	for container in $$leaving; do docker stop $$container && docker rm $$container || exit 1; done >/dev/null; \
	[ "$$leaving" = "$$old" ] || { echo "The old servers go on."; exit 1; }; \
	echo "Replaced $$count server containers."

clean: ## Remove the containers, networks and images of this project, and nothing else
	@$(COMPOSE) --profile '*' down --volumes --remove-orphans
	@docker image rm --force sse-lab/server sse-lab/nginx sse-lab/k6 sse-lab/test >/dev/null 2>&1 || true

build: base
	@$(COMPOSE) build --quiet server nginx

base:
	@scripts/engine.sh
	@scripts/images.sh $(BASE_IMAGES)

test: test-image ## Run everything: lint, types, unit, page, system and fault tests, in a container
	@$(IN_TEST_IMAGE) $(TEST_ENV) sse-lab/test

test-faults: test-image ## Strike every fault under load; SEED=… repeats a schedule, FAULTS='reload|nginx' chooses
	@PARTS=faults $(IN_TEST_IMAGE) $(TEST_ENV) sse-lab/test

soak: test-image ## Strike random faults for MINUTES=10, until something is lost
	@PARTS=soak $(IN_TEST_IMAGE) $(TEST_ENV) sse-lab/test

test-readme: test-image ## Run the commands of the README against the lab on this machine
	@$(IN_TEST_IMAGE) --network host sse-lab/test node server/test/readme.ts

# Only the lab itself is known to let the origin of its page in; for another server, ORIGIN says which.
conformance: test-image ## Judge a server of event streams, case by case: URL=http://… (docs/conformance.md has more)
	@docker run --rm --init --network host sse-lab/test node load/conformance/main.ts \
	  --url '$(or $(URL),http://localhost:$(HTTP_PORT))' \
	  $(if $(ORIGIN)$(if $(URL),,lab),--origin '$(or $(ORIGIN),http://localhost:$(HTTP_PORT))') \
	  $(foreach option,STREAM PUBLISH RULES ONLY,$(if $($(option)),--$(shell echo $(option) | tr A-Z a-z) '$($(option))'))

test-image: build
	@docker build --quiet --file server/Dockerfile --target test --build-arg NODE_IMAGE=$(NODE_IMAGE) --tag sse-lab/test . >/dev/null
