#!/usr/bin/env bash
# Prints what the containers say, without the chatter of a normal start. All of it: docker compose logs
# Usage: logs.sh OPTION_OF_DOCKER_COMPOSE_LOGS..., for example: logs.sh --follow --tail 50
set -euo pipefail
cd "$(dirname "$0")/.."

# Debian's own awk waits for a block of its input unless it is told not to; a line is to be seen when it is there.
at_once=()
case "$(awk -W version </dev/null 2>&1 || true)" in
  *mawk*) at_once=(-W interactive) ;;
esac
# bash 3.2 takes an empty array for an unset variable.
docker compose --ansi never logs "$@" | awk ${at_once[@]+"${at_once[@]}"} -f scripts/logs.awk
