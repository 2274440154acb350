#!/usr/bin/env bash
# Prints a variable as the lab takes it: from the shell, else from .env, whose lines may have spaces, quotes and comments
# as compose allows them.
# Usage: pin.sh NAME
set -euo pipefail
cd "$(dirname "$0")/.."

name=$1
eval "value=\${$name:-}"
if [ -z "$value" ]; then
  value=$(tr -d '\r' <.env | sed -n -E "s/^[[:space:]]*(export[[:space:]]+)?${name}[[:space:]]*=[[:space:]]*//p" | tail -1)
  case "$value" in
    \"*) value=${value#\"} value=${value%%\"*} ;;
    \'*) value=${value#\'} value=${value%%\'*} ;;
    *) value=$(printf '%s' "$value" | sed -E 's/(^|[[:space:]]+)#.*//; s/[[:space:]]+$//') ;;
  esac
fi
printf '%s\n' "$value"
