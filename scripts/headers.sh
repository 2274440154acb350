#!/usr/bin/env bash
# Prints the headers that were given, one a line: HEADER, which may hold several lines, then HEADER2, HEADER3 and so on, since
# make knows a variable once.
set -euo pipefail
for name in $(compgen -e | grep -E '^HEADER[0-9]*$' | sort || true); do
  [ -z "${!name}" ] || printf '%s\n' "${!name}"
done
