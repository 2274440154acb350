#!/usr/bin/env bash
# `make conformance`: runs the kit in its container, on this machine's network. What is given goes over by its name, as it is.
# Usage: conformance.sh <url of the lab>
set -euo pipefail

options=()
# Only the lab itself is known to let the origin of its page in; for another server, ORIGIN says which.
[ -n "${URL:-}" ] || export URL=$1 ORIGIN="${ORIGIN:-$1}"
HEADER=$("$(dirname "$0")/headers.sh") && export HEADER
for name in URL STREAM METHOD BODY HEADER COOKIE PUBLISH PUBLISH_BODY PUBLISH_TYPE DATA DATA_PATH SERIAL ORIGIN RULES STRICT ONLY; do
  options+=(--env "$name")
done
if [ -n "${CA:-}" ]; then
  [ -f "$CA" ] || { echo "conformance: CA=$CA: there is no such file" >&2 && exit 2; }
  options+=(--volume "$(cd "$(dirname "$CA")" && pwd)/$(basename "$CA"):/ca.pem:ro" --env CA=/ca.pem)
fi

docker run --rm --init --network host "${options[@]}" sse-lab/test node conformance/main.ts --environment
