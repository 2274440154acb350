#!/usr/bin/env bash
# Replaces the fixed side's servers. New containers come beside the old ones; when they are healthy the old ones leave, one
# after another, each draining its streams. A plain `docker compose up` would stop all of them in the same second.
set -euo pipefail
cd "$(dirname "$0")/.."

old=$(docker compose ps --quiet server)
[ -n "$old" ] || { echo 'Nothing runs yet: make up'; exit 1; }
count=$(printf '%s\n' "$old" | grep -c .)

echo "starting $count new server containers beside the old ones, and waiting until they are healthy (about 20 s)"
if docker compose --progress quiet up --detach --wait --wait-timeout 120 --no-deps --no-recreate --scale server=$((2 * count)) server; then
  leaving=$old
else
  echo 'The new servers are not healthy. What they say:'
  scripts/logs.sh --tail 20 server
  leaving=$(docker compose ps --all --quiet server | grep -vF "$old" || true)
fi
for container in $leaving; do
  docker stop "$container" >/dev/null
  docker rm "$container" >/dev/null
done
[ "$leaving" = "$old" ] || { echo 'The old servers go on.'; exit 1; }
echo "Replaced $count server containers."
