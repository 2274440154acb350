#!/usr/bin/env bash
# Brings up the production shape, waits until it is healthy, and says how to call it.
set -euo pipefail
cd "$(dirname "$0")/.."

compose() { docker compose --file compose.production.yaml "$@"; }

echo 'starting the production shape, and waiting until every worker is ready (about 20 s)'
compose up --detach --wait --wait-timeout 120 --quiet-pull redis server nginx || {
  echo
  echo 'Not healthy. What the containers say:'
  compose ps --all
  compose logs --tail 20
  exit 1
}
ca=deploy/local-ca.pem
compose cp nginx:/run/tls/ca.pem "$ca" >/dev/null 2>&1
port=$(scripts/pin.sh HTTPS_PORT)
cat <<END

  https://localhost:$port    for clients with a token; the CA that signed its certificate is $ca

  make token SUB=alice SUBSCRIBE='lobby,room/*' PUBLISH='room/*'
  curl --cacert $ca -N -H "Authorization: Bearer \$TOKEN" 'https://localhost:$port/events?topic=room/1'
END
