#!/usr/bin/env bash
# Asks the engine itself whether the lab's ports and open files can be had, by a container that ends at once. Ports that
# this lab holds already are its own.
# Usage: ports.sh TARGET NAME..., for example: ports.sh up HTTP_PORT BROKEN_PORT
set -euo pipefail
cd "$(dirname "$0")"

target=$1
shift
project=${COMPOSE_PROJECT_NAME:-sse-lab}
bind=$(./pin.sh BIND)
files=$(./pin.sh NOFILE)
wrong=0

refuse() { printf 'ports: %s\n' "$*" >&2; wrong=1; }

# Who holds a port, as far as it can be known: a container, or a process where ss or lsof is there and may see it.
holder() {
  local names process=''
  names=$(docker ps --filter "publish=$1" --format '{{.Names}}' | tr '\n' ' ')
  if [ -n "$names" ]; then printf ' by the container %s' "${names% }"; return; fi
  if command -v ss >/dev/null 2>&1; then
    process=$(ss -ltnpH "sport = :$1" 2>/dev/null | sed -n 's/.*(("\([^"]*\)",pid=\([0-9]*\).*/\1, process \2/p')
  elif command -v lsof >/dev/null 2>&1; then
    process=$(lsof -nP "-iTCP:$1" -sTCP:LISTEN 2>/dev/null | awk 'NR == 2 { print $1 ", process " $2 }')
  fi
  # Over IPv4 and IPv6 it is listed twice.
  process=${process%%$'\n'*}
  [ -z "$process" ] || printf ' by %s' "$process"
}

own() { [ -n "$(docker ps --quiet --filter "publish=$1" --filter "label=com.docker.compose.project=$project")" ]; }

try() { # try NAME
  local port said other=9080
  port=$(./pin.sh "$1")
  if own "$port"; then return; fi
  if [ "$port" -le 64535 ]; then other=$((port + 1000)); fi
  if said=$(docker run --rm --pull never --publish "${bind:-127.0.0.1}:$port:1" --ulimit "nofile=$files:$files" \
    --entrypoint true "$(./pin.sh REDIS_IMAGE)" 2>&1); then return; fi
  case "$said" in
    *'already allocated'* | *'already in use'*)
      refuse "$1: port $port is taken$(holder "$port"). Take another: $1=$other make $target" ;;
    *'assign requested address'*)
      refuse "BIND: this machine has no address $bind. BIND=127.0.0.1 make $target keeps the lab to this machine"
      exit 1 ;;
    *rlimit*)
      refuse "NOFILE: this machine allows a container fewer open files than $files: NOFILE=4096 make $target"
      exit 1 ;;
    *'permission denied'* | *'forbidden by its access permissions'*)
      refuse "$1: the engine may not open port $port: $1=$other make $target" ;;
    # Whatever else it is, it is not about a port; where it matters, the start itself will say so.
    *) ;;
  esac
}

for name in "$@"; do try "$name"; done
exit "$wrong"
