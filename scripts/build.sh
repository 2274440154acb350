#!/usr/bin/env bash
# Runs a build and says what it does: one line before it, one for each step that takes a while, and all only if it fails.
# Usage: build.sh WHAT HOW_LONG COMMAND...
set -euo pipefail

what=$1 how_long=$2
shift 2
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# BuildKit's plain lines: "#7 [build 2/4] RUN npm ci" names a step, "#7 1.2 …" is its output, "#7 DONE 3.4s" its end. A
# step that is cached has neither of the last two.
progress() {
  local line number rest names
  while IFS= read -r line; do
    [[ "$line" =~ ^#([0-9]+)\ (.*)$ ]] || continue
    number=${BASH_REMATCH[1]} rest=${BASH_REMATCH[2]}
    if [[ "$rest" =~ ^\[.*\]\ (RUN|COPY|FROM)\  ]]; then
      names[number]=$rest
    elif [[ "$rest" =~ ^[0-9]+\.[0-9]+\  || "$rest" =~ ^DONE\ ([2-9]|[0-9]{2,})\. ]] && [ -n "${names[number]:-}" ]; then
      printf '  %.110s\n' "${names[number]}"
      names[number]=''
    fi
  done
}

printf 'building %s (%s)\n' "$what" "$how_long"
export BUILDKIT_PROGRESS=plain
"$@" 2>&1 | tee "$log" | progress || {
  tail -40 "$log"
  printf 'building %s failed: see the lines above\n' "$what"
  exit 1
}
