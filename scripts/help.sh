#!/usr/bin/env bash
# Prints the targets of the Makefile that say what they do, as `target: … ## GROUP: what it does (how long)`, group by group.
# Times are of two cores, with the images built; the first build takes some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

group() { # group WORD TITLE
  local name text
  printf '%s\n' "$2"
  sed -n -E "s/^([a-z0-9-]+):.*## $1: (.*)/\\1 \\2/p" Makefile | while read -r name text; do
    printf '  make %-17s %s\n' "$name" "$text"
  done
}

group see 'See it'
echo
group take 'Take it home'
echo
group prove 'Prove it'
echo
group measure 'Measure it'
echo
group work 'Work on it'
printf '  %-22s %s\n' 'npm run dev' 'A worker and the page, both anew at each change, on your own Node 24 (CONTRIBUTING.md)' \
  'npm run check' 'Lint, types and unit tests, on your own Node 24 (2 minutes)'
