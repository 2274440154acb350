#!/usr/bin/env bash
# Runs a script of load/k6/ against a server that is not the lab: on this machine's network, so that localhost is this machine.
# Usage: k6.sh <script> [<flag of k6>…], with URL or STREAM_URL and the knobs of docs/load.md in the environment
set -euo pipefail
script=$1
shift

options=()
HEADER=$("$(dirname "$0")/headers.sh") && export HEADER
for name in URL STREAM_URL PUBLISH_URL PUBLISH_BODY PUBLISH_TYPE PUBLISH_OK HEADER DATA_PATH SIDES \
  STREAMS RATE DURATION PUBLISHERS PADDING QUIET STEPS LATENCY_MS_MAX COMPLETE; do
  options+=(--env "$name")
done
if [ -n "${CA:-}" ]; then
  [ -f "$CA" ] || { echo "load: CA=$CA: there is no such file" >&2 && exit 2; }
  options+=(--volume "$(cd "$(dirname "$CA")" && pwd)/$(basename "$CA"):/ca.pem:ro" --env SSL_CERT_FILE=/ca.pem)
fi
cd "$(dirname "$0")/.."
mkdir -p load/reports
run=(docker run --rm --network host --user "$(id -u):$(id -g)" --volume "$PWD/load/reports:/load/reports"
  --env K6_LOG_FORMAT=raw --env K6_WEB_DASHBOARD=true --env K6_WEB_DASHBOARD_PORT=-1 --env K6_WEB_DASHBOARD_PERIOD=1s
  --env "K6_WEB_DASHBOARD_EXPORT=reports/$script-k6.html" "${options[@]}" sse-lab/k6 run "$@" "$script.ts")
if [ "$script" = reconnect ] && [ -n "${STRIKE:-}" ]; then
  exec load/k6/struck.sh "${run[@]}"
fi
exec "${run[@]}"
