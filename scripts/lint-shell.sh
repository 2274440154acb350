#!/usr/bin/env bash
# Looks through every shell script with shellcheck. Without it nothing is looked at, and that is said; with `required`, as
# in the test image, it is a failure.
# Usage: lint-shell.sh [required]
set -euo pipefail
cd "$(dirname "$0")/.."

command -v shellcheck >/dev/null || {
  echo 'shell scripts: SKIPPED, shellcheck is not installed (make test has it)'
  [ "${1:-}" != required ]
  exit
}
shellcheck scripts/*.sh load/k6/*.sh nginx/start.sh nginx/hosts/start.sh deploy/swarm/*.sh deploy/secrets/*.sh .ci/run
echo 'shell scripts: nothing found'
