#!/usr/bin/env bash
# Brings up both sides, waits until they are healthy, and says where they are.
set -euo pipefail
cd "$(dirname "$0")/.."

echo 'starting both sides, and waiting until every worker is ready (about 20 s)'
docker compose --progress quiet up --detach --wait --wait-timeout 120 --quiet-pull || {
  echo
  echo 'Not healthy. What the containers say:'
  docker compose ps --all
  scripts/logs.sh --tail 20
  # What a worker says of its configuration may be far above.
  docker compose logs --no-log-prefix 2>/dev/null | grep -E '^(config|PM2_HOME|SOCKET): ' | sort -u || true
  exit 1
}
# Healthy is what a container says of itself. A port may be dead all the same, and one that was just opened takes a moment.
for _ in 1 2 3 4 5; do
  if said=$(scripts/status.sh ports); then said=''; break; fi
  sleep 1
done
[ -z "$said" ] || { printf '%s\n' "$said"; exit 1; }
echo
echo "  fixed    $(scripts/address.sh HTTP_PORT)"
echo "  broken   $(scripts/address.sh BROKEN_PORT)"
