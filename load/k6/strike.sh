#!/usr/bin/env bash
# Strikes the fixed side while load/k6/reconnect.ts reads it: workers reloaded, one killed, then every stream cut at once.
# Waits for STREAMS streams, and leaves DURATION to whoever runs the script.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { echo "strike: $*"; }
url=$(scripts/address.sh HTTP_PORT)
connections() {
  curl --noproxy '*' -fsS "$url/metrics" | awk '/^sse_connections{/ { sum += $2 } END { print sum + 0 }'
}

curl --noproxy '*' -fsS --max-time 5 -o /dev/null "$url/healthz" || { say "$url does not answer: nothing is struck. Ask make status"; exit 1; }

deadline=$((SECONDS + 60))
until [ "$(connections)" -ge "$STREAMS" ]; do
  [ $SECONDS -lt $deadline ] || { say "fewer than $STREAMS streams are open after 60 s: nothing is struck"; exit 1; }
  sleep 1
done

for server in $(docker compose ps --quiet server); do
  say "pm2 reload in ${server:0:12}"
  docker exec "$server" npx pm2 reload server >/dev/null
done
sleep 5
say 'SIGKILL to the youngest worker'
docker exec "$server" pkill -KILL --newest --full dist/main.js
sleep 5
say 'nginx is restarted: every stream is cut at once'
docker compose restart --timeout 0 nginx >/dev/null 2>&1
