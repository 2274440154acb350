#!/usr/bin/env bash
# Looks at every knob before anything starts, and says all that is wrong with them at once. The server's own bounds are
# those of server/src/environment.ts; a test holds them together.
# Usage: knobs.sh [TARGET], the target of the Makefile that asks
set -euo pipefail
cd "$(dirname "$0")"

target=${1:-up}
wrong=0
is_address=0

# refuse NAME VALUE MUST EXAMPLE
refuse() {
  local from='in .env' set
  eval "set=\${$1:-}"
  [ -z "$set" ] || from='from your shell, which wins over .env'
  printf 'knobs: %s must be %s (got "%s" %s): %s=%s make %s\n' "$1" "$3" "$2" "$from" "$1" "$4" "$target" >&2
  wrong=1
}

integer() { # integer NAME MIN MAX EXAMPLE [WHAT]
  local value
  value=$(./pin.sh "$1")
  [ -n "$value" ] || return 0
  # No leading zero: some of them are read by programs that would take that for octal.
  if [[ "$value" =~ ^(0|[1-9][0-9]{0,15})$ ]] && [ "$value" -ge "$2" ] && [ "$value" -le "$3" ]; then return 0; fi
  refuse "$1" "$value" "${5:-an integer} $2-$3" "$4"
}

one_of() { # one_of NAME EXAMPLE WORD...
  local name=$1 example=$2 value
  shift 2
  value=$(./pin.sh "$name")
  [ -n "$value" ] || return 0
  case " $* " in
    *" $value "*) case "$value" in *' '*) ;; *) return 0 ;; esac ;;
  esac
  refuse "$name" "$value" "one of $*" "$example"
}

address() {
  local value byte='(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])'
  value=$(./pin.sh BIND)
  [ -n "$value" ] || return 0
  if [[ "$value" =~ ^($byte\.){3}$byte$ || "$value" =~ ^\[[0-9a-fA-F:.]+\]$ ]]; then is_address=1 && return 0; fi
  refuse BIND "$value" 'an IPv4 address, or an IPv6 one in brackets' 127.0.0.1
}

seconds() { # seconds NAME EXAMPLE
  local value
  value=$(./pin.sh "$1")
  [ -n "$value" ] || return 0
  if [[ "$value" =~ ^[1-9][0-9]{0,3}s$ ]]; then return 0; fi
  refuse "$1" "$value" 'whole seconds 1s-9999s' "$2"
}

# Without access control the lab is for this machine alone, unless somebody says that he means it.
open_to_others() {
  local bind
  bind=$(./pin.sh BIND)
  case "$bind" in '' | 127.* | '[::1]') return 0 ;; esac
  [ "$target" != production ] || return 0
  [ "$is_address" = 1 ] && [ "$(./pin.sh OPEN)" != 1 ] || return 0
  printf 'knobs: BIND=%s opens the lab to others, who may then publish, read every topic, and kill workers: OPEN=1 make %s if that is meant, or make production\n' \
    "$bind" "$target" >&2
  wrong=1
}

differ() { # differ NAME OTHER EXAMPLE
  local value
  value=$(./pin.sh "$1")
  if [ -z "$value" ] || [ "$value" != "$(./pin.sh "$2")" ]; then return 0; fi
  refuse "$1" "$value" "another port than $2" "$3"
}

address
integer HTTP_PORT 1 65535 9080 'a port'
integer BROKEN_PORT 1 65535 9081 'a port'
integer PROMETHEUS_PORT 1 65535 9190 'a port'
integer HTTPS_PORT 1 65535 9443 'a port'
integer HOSTS_PORT 1 65533 9101 'a port'
differ BROKEN_PORT HTTP_PORT 9081
if [ "$target" = observe ]; then
  differ PROMETHEUS_PORT HTTP_PORT 9190
  differ PROMETHEUS_PORT BROKEN_PORT 9190
fi
seconds BROKEN_TIMEOUT 10s
integer SERVERS 1 100 1
integer WORKERS 1 256 4
integer HEARTBEAT_MS 0 2147483647 15000
integer STREAM_MS 0 2147483647 1800000
integer DRAIN_MS 0 600000 5000
integer CONNECTIONS_MAX 1 1000000 10000
integer NOFILE 64 1073741824 20000
one_of BUS streams memory pubsub streams
one_of LAB 1 0 1
one_of NATIVE 0 0 1
one_of OPEN 0 0 1
open_to_others
one_of LOG_LEVEL info fatal error warn info debug trace silent
exit "$wrong"
