#!/usr/bin/env bash
# Prints the address at which this machine reaches a port of the lab: address.sh NAME_OF_THE_PORT
set -euo pipefail
cd "$(dirname "$0")"

host=$(./pin.sh BIND)
case "$host" in
  '' | 127.0.0.1 | 0.0.0.0 | '[::]' | '[::1]') host=localhost ;;
esac
printf 'http://%s:%s\n' "$host" "$(./pin.sh "$1")"
