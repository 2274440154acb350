#!/usr/bin/env bash
# `make plan STREAMS=… TOPICS=… RATE=…`: runs deploy/plan with the variables as its options, on this machine's Node where that is
# new enough, else in a container.
# Usage: plan.sh <node image>, with STREAMS TOPICS RATE BYTES CORES MEMORY JSON STEPS CONSTANTS in the environment
set -euo pipefail
cd "$(dirname "$0")/.."

options=()
for name in STREAMS TOPICS RATE BYTES CORES MEMORY; do
  value=${!name:-}
  [ -z "$value" ] || options+=("--$(echo "$name" | tr '[:upper:]' '[:lower:]')=$value")
done
for name in JSON STEPS CONSTANTS; do
  [ -z "${!name:-}" ] || options+=("--$(echo "$name" | tr '[:upper:]' '[:lower:]')")
done

if node scripts/check-node.cjs >/dev/null 2>&1; then
  exec node deploy/plan/main.ts "${options[@]+"${options[@]}"}"
fi
{ scripts/engine.sh && scripts/images.sh "$1"; } >&2
exec docker run --rm --init --network none --volume "$PWD/deploy:/deploy:ro" "$1" node /deploy/plan/main.ts "${options[@]+"${options[@]}"}"
