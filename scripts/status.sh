#!/usr/bin/env bash
# Shows the containers, the workers as any of them sees all, and whether this machine reaches the ports; and for whatever is
# missing what to do. Ends with 1 if something is. `status.sh ports` looks at the ports alone.
set -euo pipefail
cd "$(dirname "$0")"

project=${COMPOSE_PROJECT_NAME:-sse-lab}
status=0
say() { echo; echo "$*"; status=1; }

# Ids of the running containers of a service, or of all.
running() { docker ps --quiet --filter "label=com.docker.compose.project=$project" ${1:+--filter "label=com.docker.compose.service=$1"}; }

# What it means that a service does not run.
meaning() {
  case "$1" in
    redis) echo 'the fixed side takes no event' ;;
    server) echo 'the fixed side is down' ;;
    server-broken) echo 'the broken side is down' ;;
    nginx) echo 'nobody reaches the lab' ;;
  esac
}

# In docker's words: "Up 3 minutes (healthy)", "Up 2 seconds (health: starting)", "Exited (0) 2 seconds ago".
services() {
  local all service states
  all=$(docker ps --all --filter "label=com.docker.compose.project=$project" \
    --format '{{.Label "com.docker.compose.service"}}|{{.Status}}')
  for service in "$@"; do
    states=$(printf '%s\n' "$all" | sed -n "s/^$service|//p")
    case "$states" in
      *Restarting* | *'(unhealthy)'*) say "$service is not healthy. What it says: make logs" ;;
      *'(healthy)'*) ;;
      *'(health: starting)'*) say "$service is still starting. Ask again in some seconds" ;;
      *) say "$service does not run, so $(meaning "$service"). Bring it back: make up" ;;
    esac
  done
}

# Any worker knows all of both sides through Redis; one that does not answer is asked nothing more.
workers() {
  local id
  for id in $(running server) $(running server-broken); do
    if docker exec --interactive "$id" node --input-type=module - <workers.mjs 2>/dev/null; then return; fi
  done
  say 'No worker answers. What they say: make logs'
}

# A container that is healthy says nothing of the host's port: docker-proxy, which copies for it, may be dead.
port() { # port ID SIDE PORT_IN_THE_CONTAINER
  local at code
  # Only the first address of several.
  at=$(docker port "$1" "$3" 2>/dev/null || true)
  at=${at%%$'\n'*}
  if [ -z "$at" ]; then say "$2: no port of this machine leads there. Start again: make up"; return; fi
  at=http://$(printf '%s' "$at" | sed -E 's/^(0\.0\.0\.0|127\.0\.0\.1|\[?::1?\]?):([0-9]+)$/localhost:\2/')
  code=$(curl --noproxy '*' --silent --output /dev/null --max-time 5 --write-out '%{http_code}' "$at/healthz" || true)
  case "$code" in
    200) printf '%-8s %s answers\n' "$2" "$at" ;;
    000 | '') say "$2: $at does not answer on this machine, and its nginx is $(health "$1"). Bring the port back: docker compose restart nginx
  Docker's own proxy for ports of localhost dies at about 3,300 streams. More of them need the compose network (docs/load.md)." ;;
    *) say "$2: $at answers $code: no worker is ready behind it. What they say: make logs" ;;
  esac
}

health() { docker inspect --format '{{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}' "$1"; }

ports() {
  local nginx
  case "${DOCKER_HOST:-}" in
    tcp://127.* | tcp://localhost* | unix://* | '') ;;
    *) echo "The engine is elsewhere ($DOCKER_HOST): its ports are not asked from here."; return ;;
  esac
  nginx=$(running nginx)
  nginx=${nginx%%$'\n'*}
  if [ -z "$nginx" ]; then return; fi
  command -v curl >/dev/null 2>&1 || { echo 'There is no curl here to ask the ports with.'; return; }
  port "$nginx" fixed 80
  port "$nginx" broken 8081
}

# What docker says where it cannot be asked stands on the line above.
all=$(running) || { echo 'status: so nothing is known of the lab' >&2; exit 1; }
if [ -z "$all" ]; then
  echo 'Nothing runs: make up'
  exit 1
fi
if [ "${1:-}" = ports ]; then
  ports
  services nginx
  exit "$status"
fi
docker ps --all --filter "label=com.docker.compose.project=$project" \
  --format 'table {{.Label "com.docker.compose.service"}}\t{{.Status}}\t{{.Names}}\t{{.Ports}}'
echo
workers
echo
ports
services redis server server-broken nginx
exit "$status"
