#!/usr/bin/env bash
# `make doctor URL=…`: runs the doctor in its container, on this machine's network, with the variables as its options.
# STRIKE runs here, not in the container: the doctor asks for it through a file.
# Usage: doctor.sh, with URL DIRECT HEADER METHOD BODY PUBLISH QUIET QUICK CA STRIKE COUNT ORIGIN MANY JSON in the environment
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"; [ -z "${watcher:-}" ] || kill "$watcher" 2>/dev/null || true' EXIT
chmod 777 "$folder"
options=()
mounts=(--volume "$folder:/strike")

for name in URL DIRECT METHOD BODY PUBLISH QUIET COUNT ORIGIN MANY; do
  value=${!name:-}
  [ -z "$value" ] || options+=("--$(echo "$name" | tr '[:upper:]' '[:lower:]')" "$value")
done
# make knows a variable once: more headers are HEADER2, HEADER3 and so on.
for name in $(compgen -e | grep -E '^HEADER[0-9]*$' || true); do
  [ -z "${!name}" ] || options+=(--header "${!name}")
done
[ -z "${QUICK:-}" ] || options+=(--quick)
[ -z "${JSON:-}" ] || options+=(--json)
if [ -n "${CA:-}" ]; then
  [ -f "$CA" ] || { echo "doctor: CA=$CA: there is no such file" >&2 && exit 2; }
  mounts+=(--volume "$(cd "$(dirname "$CA")" && pwd)/$(basename "$CA"):/ca.pem:ro")
  options+=(--ca /ca.pem)
fi
if [ -n "${STRIKE:-}" ]; then
  # shellcheck disable=SC2016 # The container's shell expands it.
  options+=(--strike 'touch /strike/begin; while [ ! -e /strike/done ]; do sleep 0.1; done; exit "$(cat /strike/done)"')
  (
    while [ ! -e "$folder/begin" ]; do sleep 0.1; done
    bash -c "$STRIKE" >&2 && status=0 || status=$?
    echo "$status" >"$folder/status" && mv "$folder/status" "$folder/done"
  ) &
  watcher=$!
fi

docker run --rm --init --network host "${mounts[@]}" sse-lab/doctor "${options[@]+"${options[@]}"}"
