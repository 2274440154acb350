# SSE Scaling Lab. `make` alone prints what there is: scripts/help.sh reads `target: … ## GROUP: what it does (how long)`.
# Runs with make 3.81 and bash 3.2.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# .env is the only list of pins and knobs; a variable of the shell or of this command line wins over it.
pin = $(or $($(1)),$(shell scripts/pin.sh $(1)))
NODE_IMAGE := $(call pin,NODE_IMAGE)
DEBIAN_IMAGE := $(call pin,DEBIAN_IMAGE)
BASE_IMAGES := $(NODE_IMAGE) $(call pin,NGINX_IMAGE) $(call pin,REDIS_IMAGE)
HTTP_PORT := $(call pin,HTTP_PORT)
# What the images say of themselves: compose.yaml reads it.
export VERSION := $(shell sed -n 's/^  "version": "\(.*\)",$$/\1/p' package.json)

COMPOSE := docker compose
PRODUCTION := docker compose --file compose.production.yaml
BUILD := scripts/build.sh
IN_TEST_IMAGE := docker run --rm --init --volume /var/run/docker.sock:/var/run/docker.sock
TEST_ENV := --env CI --env NAME --env TEST_PROJECT --env PARTS --env FILES --env SEED --env STEP --env MINUTES --env FAULTS --env FAULTS_BUS --env FAULTS_ROAD --env FAULTS_NATIVE

# What is looked at first comes first, with -j, too.
.NOTPARALLEL:
.PHONY: help up down logs status production production-images production-down test-attacks hosts-nginx hosts hosts-down hosts-images bench-hosts test-hosts token revoke observe scale deploy roll clean build base engine knobs ports lab prometheus k6 k6-tests \
  load-test load-fanout load-quiet load-reconnect load-capacity test test-faults test-examples scenarios record-scenarios bench others soak test-readme conformance doctor proxies proxies-image test-foreign foreign screenshots test-image plan

help: ## see: Print this list
	@scripts/help.sh

up: knobs ports build ## see: Bring up both sides and wait until they are healthy (30 s; the first time some minutes)
	@scripts/up.sh

# Everything that can be wrong is said before anything starts. The port's check needs an engine and an image.
knobs:
	@scripts/knobs.sh $(filter up observe scale deploy production hosts,$(MAKECMDGOALS))

ports: base
	@scripts/ports.sh up HTTP_PORT BROKEN_PORT

down: ## see: Stop and remove the containers (10 s)
	@$(COMPOSE) --profile observe down

logs: ## see: Follow what the containers say
	@scripts/logs.sh --follow --tail 50

status: ## see: Show containers, workers and ports, and what to do where one is missing
	@scripts/status.sh

observe: knobs lab prometheus ## see: Bring up Prometheus beside the lab (20 s; docs/metrics.md)
	@scripts/ports.sh observe PROMETHEUS_PORT
	@$(COMPOSE) --profile observe up --detach --wait --wait-timeout 60 --no-deps prometheus
	@echo
	@echo "  figures and alerts    $$(scripts/address.sh PROMETHEUS_PORT)"

scale: knobs ## see: Run two containers of the fixed side behind the same proxy, or SERVERS=3 of them (20 s)
	@SERVERS=$(or $(SERVERS),2) $(COMPOSE) up --detach --wait --no-recreate server

deploy: knobs build ## see: Build, and replace the fixed side's servers one by one, without losing a stream (30 s)
	@$(MAKE) --no-print-directory roll

roll:
	@scripts/roll.sh

production: knobs production-images ## take: Bring up the shape to copy: TLS, tokens, limits, at https://localhost:8443 (40 s; docs/access.md)
	@COMPOSE_PROJECT_NAME=sse-production scripts/ports.sh production HTTPS_PORT
	@scripts/production.sh

production-images: base
	@$(BUILD) sse-lab/server 'a minute or two the first time' $(COMPOSE) build server
	@$(BUILD) 'sse-lab/nginx:production and sse-lab/secrets' 'seconds' $(PRODUCTION) build nginx secrets

hosts-nginx: base
	@$(BUILD) sse-lab/nginx:hosts 'seconds' \
	  docker build --target hosts --build-arg NGINX_IMAGE=$(call pin,NGINX_IMAGE) --tag sse-lab/nginx:hosts nginx

hosts-images: hosts-nginx build
	@$(BUILD) sse-lab/host 'a minute the first time' docker build --file deploy/swarm/engine.Dockerfile \
	  --build-arg DEBIAN_IMAGE=$(DEBIAN_IMAGE) --tag sse-lab/host deploy/swarm

hosts: knobs hosts-images ## see: Bring up three hosts on this machine: a swarm, a Redis Cluster, servers, an nginx each (2 minutes; docs/hosts.md)
	@scripts/hosts.sh up

# Short times: a reader that waits for its retry is none that tells of a fault.
test-hosts: hosts-images test-image ## prove: Strike hosts, servers and masters under load, on what `make hosts` brings up (6 minutes; docs/hosts.md)
	@HEARTBEAT_MS=500 RETRY_MS_MIN=200 RETRY_MS_MAX=1000 DRAIN_MS=2000 UPDATE_DELAY=2s scripts/hosts.sh up
	@$(IN_TEST_IMAGE) --network sse-hosts sse-lab/test node --test --test-concurrency=1 'server/test/hosts/*.test.ts'

hosts-down: ## see: Remove them, with all that they hold (5 s)
	@scripts/hosts.sh down

test-attacks: production test-image ## prove: Attack the production shape: no token, forged ones, floods, slow bodies (2 minutes)
	@$(IN_TEST_IMAGE) --network host --env HTTPS_PORT=$(call pin,HTTPS_PORT) --env REDIS_IMAGE --env NGINX_IMAGE sse-lab/test \
	  node --test --test-concurrency=1 'server/test/attacks/*.test.ts'

production-down: ## take: Stop and remove it; make clean removes its keys and its log, too (10 s)
	@$(PRODUCTION) down

token: ## take: Print a token of its local issuer: SUB=alice SUBSCRIBE='lobby,room/*' PUBLISH='room/*' MINUTES=15
	@$(PRODUCTION) run --rm --no-deps -T token --sub '$(SUB)' --subscribe '$(SUBSCRIBE)' --publish '$(PUBLISH)' --minutes '$(or $(MINUTES),15)'

revoke: ## take: End the streams of SUB=alice within three seconds, and refuse her tokens of before
	@$(PRODUCTION) exec -T server node dist/access/revoke.js '$(SUB)'

clean: ## see: Remove the containers, networks, volumes and images of this project, and nothing else
	@$(COMPOSE) --profile '*' down --volumes --remove-orphans
	@$(PRODUCTION) --profile '*' down --volumes --remove-orphans 2>/dev/null || true
	@scripts/hosts.sh down
	@docker image rm --force sse-lab/server sse-lab/nginx sse-lab/nginx:production sse-lab/nginx:hosts sse-lab/host sse-lab/secrets sse-lab/k6 sse-lab/k6:tests sse-lab/prometheus sse-lab/foreign sse-lab/others sse-lab/doctor sse-lab/proxies sse-lab/test >/dev/null 2>&1 || true

build: base
	@$(BUILD) 'sse-lab/server and sse-lab/nginx' 'a minute or two the first time' $(COMPOSE) build server nginx

base: engine
	@scripts/images.sh $(BASE_IMAGES)

engine:
	@scripts/engine.sh

# Any flag of k6 goes with FLAGS, like FLAGS='--verbose'. The reports belong to whoever runs make. Outside of a terminal k6
# would print its progress anew each second: there the scripts' own lines are enough.
# A server that is named is reached from this machine, and needs no lab.
GIVEN := $(or $(URL),$(STREAM_URL),$(PUBLISH_URL))
LAB := $(if $(GIVEN),,lab)
K6 = $(if $(GIVEN),scripts/k6.sh $(1) $(FLAGS),$(K6_IN_LAB))
K6_IN_LAB = quiet=; [ -t 1 ] || quiet=--quiet; mkdir -p load/reports && $(COMPOSE) --profile load run --rm --no-deps --user "$$(id -u):$$(id -g)" \
  --env K6_LOG_FORMAT=raw --env K6_WEB_DASHBOARD=true --env K6_WEB_DASHBOARD_PORT=-1 --env K6_WEB_DASHBOARD_PERIOD=1s \
  --env K6_WEB_DASHBOARD_EXPORT=reports/$(1)-k6.html k6 run $$quiet $(FLAGS) $(1).ts
BOTH := fixed,broken

load-test: $(LAB) k6 ## measure: Open streams on both sides, and count what is delivered, lost and cut (80 s; docs/load.md)
	@export SIDES=$(or $(SIDES),$(if $(GIVEN),,$(BOTH))); $(call K6,load-test)

load-fanout: $(LAB) k6 ## measure: Every event on every stream? STREAMS=5000 RATE=10 DURATION=60s SIDES=fixed,broken (30 s)
	@$(call K6,fanout)

load-quiet: $(LAB) k6 ## measure: Do silent streams outlive the proxy? QUIET=70s SIDES=fixed,broken (80 s)
	@$(call K6,quiet)

load-reconnect: $(LAB) k6 ## measure: Reload, kill and cut under load: what is lost, and how does the herd return? (80 s)
	@export STREAMS=$(or $(STREAMS),500) DURATION=$(or $(DURATION),40s) HTTP_PORT=$(HTTP_PORT); \
	$(if $(GIVEN),$(call K6,reconnect),$(if $(STRIKE),load/k6/struck.sh bash -c '$(call K6,reconnect)',$(STRUCK)))

STRUCK = load/k6/strike.sh & strike=$$!; $(call K6,reconnect); status=$$?; wait $$strike && exit $$status

load-capacity: $(LAB) k6 ## measure: Streams in STEPS=500,1000,2000 until a limit is met: the cost of each (3 minutes)
	@$(call K6,capacity)

# A lab that runs stays as it is, with the knobs it was brought up with.
lab: base
	@[ -n "$$($(COMPOSE) ps --status running --quiet nginx 2>/dev/null)" ] || $(MAKE) --no-print-directory up

prometheus: base
	@scripts/images.sh $(call pin,PROMETHEUS_IMAGE)
	@$(BUILD) sse-lab/prometheus 'seconds' $(COMPOSE) --profile observe build prometheus

k6: base
	@scripts/images.sh $(DEBIAN_IMAGE)
	@$(BUILD) sse-lab/k6 'some minutes the first time' $(COMPOSE) --profile load build k6

k6-tests: k6
	@$(BUILD) sse-lab/k6:tests 'some minutes the first time' \
	  docker build --target tests --build-arg DEBIAN_IMAGE=$(DEBIAN_IMAGE) --tag sse-lab/k6:tests load

test: test-image production-images hosts-nginx k6-tests proxies-image foreign prometheus ## work: Run every test, in a container; PARTS=unit,page for some parts of it (45 minutes)
	@$(IN_TEST_IMAGE) $(TEST_ENV) sse-lab/test

test-faults: test-image production-images ## prove: Strike every fault under load, on the lab and on the production shape; SEED=… FAULTS='reload|nginx' (7 minutes)
	@PARTS=faults $(IN_TEST_IMAGE) $(TEST_ENV) sse-lab/test

test-examples: test-image ## prove: Try the package in Express, NestJS, Fastify and plain Node: kit, fan-out, replay, deploy, kill (4 minutes)
	@PARTS=examples $(IN_TEST_IMAGE) $(TEST_ENV) sse-lab/test

# A lab that runs gets the report, for its page.
scenarios: test-image proxies-image ## prove: Measure every problem broken and fixed, at full length; NAME=quiet-stream for one of them (30 minutes)
	@mkdir -p load/reports; PARTS=catalogue $(IN_TEST_IMAGE) $(TEST_ENV) \
	  --volume "$$(pwd)/load/reports:/lab/load/reports" sse-lab/test; status=$$?; \
	  $(COMPOSE) exec -T redis redis-cli -x set sse-lab:scenarios <load/reports/scenarios.json >/dev/null 2>&1; \
	  exit $$status

record-scenarios: test-image ## work: Take the last report of `make scenarios` over into docs/scenarios/README.md and the page
	@docker run --rm --user "$$(id -u):$$(id -g)" --volume "$$(pwd):/repository" sse-lab/test \
	  node scenarios/report/record.ts /repository

# Another user's process shows its memory to who may trace it.
bench: test-image $(if $(filter 1,$(OTHERS)),others) ## measure: What a delivery and a stream cost; ROWS=nginx ROUNDS=3, OTHERS=1 with nchan, Mercure … (30 minutes, docs/performance.md)
	@mkdir -p load/reports; $(IN_TEST_IMAGE) --network host --pid host --cap-add SYS_PTRACE --ulimit nofile=20000:20000 --volume "$$(pwd)/load/reports:/lab/load/reports" --env ROUNDS --env ROWS --env RATIO_MAX --env OTHERS \
	  sse-lab/test node load/bench/main.ts

bench-hosts: hosts test-image ## measure: What a delivery costs on 1, 2 and 3 hosts, and how many there are; ROUNDS=3 (10 minutes, docs/hosts.md)
	@$(IN_TEST_IMAGE) --network sse-hosts --pid host --cap-add SYS_PTRACE --env ROUNDS sse-lab/test node load/bench/hosts.ts

others: base
	@$(BUILD) sse-lab/others 'a minute the first time: Go, npm' \
	  docker build --build-arg NODE_IMAGE=$(NODE_IMAGE) --tag sse-lab/others load/bench/others

soak: test-image ## prove: Strike random faults until something is lost, at most for MINUTES=10 (10 minutes)
	@PARTS=soak $(IN_TEST_IMAGE) $(TEST_ENV) sse-lab/test

test-readme: test-image ## work: Run the commands of the README, the tour and take-it-home against the lab on this machine (3 minutes)
	@$(IN_TEST_IMAGE) --network host sse-lab/test node testkit/readme.ts

# From the page of the lab that runs, whatever its knobs. The pictures belong to whoever runs make.
screenshots: lab test-image ## work: Make the pictures of the docs from the page of the lab (3 minutes, docs/img/)
	@mkdir -p docs/img && docker run --rm --init --network host --user "$$(id -u):$$(id -g)" --env HOME=/tmp \
	  --volume "$$(pwd)/docs/img:/lab/docs/img" sse-lab/test \
	  node client/screenshots.ts http://localhost:$(HTTP_PORT) docs/img

conformance: test-image ## prove: Judge a server of event streams, case by case: URL=http://… (20 s; docs/conformance.md)
	@scripts/conformance.sh http://localhost:$(HTTP_PORT)

test-foreign: foreign ## prove: Judge better-sse, NestJS, sse-starlette, nchan, Mercure and others: each fails for its own faults alone (30 s)
	@docker run --rm --init sse-lab/foreign

foreign: test-image
	@$(BUILD) sse-lab/foreign 'some minutes the first time: npm, PyPI, Go' \
	  docker build --build-arg NODE_IMAGE=$(NODE_IMAGE) --tag sse-lab/foreign conformance/foreign

doctor: base ## measure: What is wrong with a stream, where, and the line that fixes it: URL=http://…/events DIRECT=… (90 s; docs/doctor.md)
	@$(BUILD) sse-lab/doctor 'seconds' \
	  docker build --file doctor/Dockerfile --build-arg NODE_IMAGE=$(NODE_IMAGE) --tag sse-lab/doctor . >&2
	@scripts/doctor.sh

plan: ## measure: What N streams take, from measured costs: STREAMS=1M TOPICS=1M RATE=10k JSON=1 (1 s; docs/scale.md)
	@scripts/plan.sh $(NODE_IMAGE)

proxies: proxies-image ## measure: Real proxies, each at its default and fixed, judged by the doctor (3 minutes, docs/proxies.md); NAME=nginx
	@docker run --rm --init --network none --env NAME sse-lab/proxies

proxies-image: base
	@$(BUILD) sse-lab/proxies 'a minute or two the first time' \
	  docker build --target proxies --file testkit/Dockerfile --build-arg NODE_IMAGE=$(NODE_IMAGE) --tag sse-lab/proxies .

test-image: build
	@$(BUILD) sse-lab/test 'some minutes the first time: a browser, Go, the tools' \
	  docker build --file testkit/Dockerfile --build-arg NODE_IMAGE=$(NODE_IMAGE) --tag sse-lab/test .
