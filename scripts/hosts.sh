#!/usr/bin/env bash
# Three hosts on one machine: engines in containers, joined as a swarm, with deploy/stack.yaml on them. `up` may be run again: it
# starts what is down, loads what is new, and deploys. `down` removes all of it.
# Usage: hosts.sh up|down
set -euo pipefail
cd "$(dirname "$0")/.."

name=sse-hosts
# Addresses that stay when a host is started again: a swarm knows its managers by them.
subnet=${HOSTS_SUBNET:-172.31.251}
hosts='1 2 3'

fail() { printf 'hosts: %s\n' "$*" >&2; exit 1; }
on() { # on HOST DOCKER_WORD...
  local host=$1
  shift
  docker exec "$name-$host" docker "$@"
}

# within SECONDS WHAT COMMAND...: repeats the command until it succeeds.
within() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || fail "not in time: $what. What it says: $("$@" 2>&1 | tail -9)"
    sleep 0.5
  done
}

start_engine() { # start_engine HOST
  local port=$(($(scripts/pin.sh HOSTS_PORT) + $1 - 1)) said
  if docker inspect "$name-$1" >/dev/null 2>&1; then
    docker start "$name-$1" >/dev/null
    return
  fi
  said=$(docker run --detach --privileged --init --name "$name-$1" --hostname "host-$1" --label "$name=host" \
    --network "$name" --ip "$subnet.1$1" --network-alias "host-$1" --network-alias hosts \
    --publish "$(scripts/pin.sh BIND):$port:80" --volume "$name-$1:/var/lib/docker" --tmpfs /run \
    sse-lab/host 2>&1) || fail "host $1 does not start: $said"
}

# Copies the images that a host lacks.
load() { # load HOST
  local image lacks=''
  for image in $images; do
    [ "$(on "$1" image inspect --format '{{.Id}}' "$image" 2>/dev/null)" = \
      "$(docker image inspect --format '{{.Id}}' "$image")" ] || lacks="$lacks $image"
  done
  [ -z "$lacks" ] || {
    # shellcheck disable=SC2086 # some names
    docker save $lacks | docker exec --interactive "$name-$1" docker load >/dev/null
  }
}

in_swarm() { [ "$(on "$1" info --format '{{.Swarm.LocalNodeState}}')" = active ]; }

# Host 1 alone manages it. Three managers on a busy machine lose their leader, and then nothing is started for a minute.
join() { # join HOST
  local token
  if in_swarm "$1"; then return; fi
  if [ "$1" = 1 ]; then on 1 swarm init --advertise-addr eth0 >/dev/null; return; fi
  token=$(on 1 swarm join-token --quiet worker)
  on "$1" swarm join --advertise-addr eth0 --token "$token" "$subnet.11:2377" >/dev/null
}

all_run() {
  local services
  services=$(on 1 service ls --format '{{.Name}} {{.Replicas}}')
  printf '%s\n' "$services"
  if printf '%s\n' "$services" | awk '{ split($2, n, "/"); if (n[1] != n[2] || n[2] == 0) wrong = 1 } END { exit wrong || NR < 6 }'
  then return; fi
  on 1 stack ps sse --no-trunc --format '{{.Name}} {{.Error}}' | awk 'NF > 1' | sort -u | tail -4
  return 1
}

up() {
  local host load loads='' redis
  redis=$(scripts/pin.sh REDIS_IMAGE)
  images="$redis sse-lab/server sse-lab/nginx:hosts"
  docker network inspect "$name" >/dev/null 2>&1 ||
    docker network create --subnet "$subnet.0/24" --label "$name=network" "$name" >/dev/null ||
    fail "the addresses $subnet.0/24 are taken: HOSTS_SUBNET=172.31.252 make hosts"

  echo 'starting three engines'
  for host in $hosts; do start_engine "$host"; done
  for host in $hosts; do within 60 "the engine of host $host" on "$host" info; done
  echo 'copying the images to each (a minute the first time)'
  for host in $hosts; do
    load "$host" &
    loads="$loads $!"
  done
  for load in $loads; do wait "$load" || fail 'an image did not reach a host: is the disk full?'; done
  for host in $hosts; do within 60 "host $host to join the swarm" join "$host"; done
  echo 'deploying deploy/stack.yaml, and waiting until all of it runs (half a minute)'
  docker exec "$name-1" mkdir -p /stack
  docker cp --quiet deploy/stack.yaml "$name-1:/stack/" && docker cp --quiet deploy/swarm "$name-1:/stack/"
  # shellcheck disable=SC2046 # some words
  docker exec $(knobs) "$name-1" docker stack deploy --detach=true --resolve-image never --compose-file /stack/stack.yaml sse >/dev/null
  within 180 'all services to run' all_run
  for host in $hosts; do
    printf '\n  host %s    %s' "$host" "http://localhost:$(($(scripts/pin.sh HOSTS_PORT) + host - 1))"
  done
  printf '\n'
}

# What the stack takes from the shell. Whoever reaches these ports is on this machine, see BIND.
knobs() {
  local knob
  printf -- '--env OPEN=1 --env REDIS_IMAGE=%s --env FORM_CLUSTER=%s' "$redis" "$(cksum <deploy/swarm/form-cluster.sh | cut -d ' ' -f 1)"
  for knob in WORKERS HEARTBEAT_MS RETRY_MS_MIN RETRY_MS_MAX DRAIN_MS UPDATE_DELAY HOT_SCOPES; do
    [ -z "${!knob:-}" ] || printf ' --env %s=%s' "$knob" "${!knob}"
  done
}

down() {
  local left
  left=$(docker ps --all --quiet --filter "label=$name")
  # shellcheck disable=SC2086 # some ids
  [ -z "$left" ] || docker rm --force --volumes $left >/dev/null
  for host in $hosts; do docker volume rm --force "$name-$host" >/dev/null 2>&1 || true; done
  docker network rm "$name" >/dev/null 2>&1 || true
}

case "${1:-}" in
  up | down) "$1" ;;
  *) fail 'usage: hosts.sh up|down' ;;
esac
