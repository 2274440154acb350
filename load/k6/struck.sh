#!/usr/bin/env bash
# Runs reconnect.ts as it is told, and STRIKE once streams are open and events flow. Its status is that of the run; a strike
# that fails says so, and the verdict says what was cut.
set -uo pipefail

"$@" 2>&1 | {
  struck=
  while IFS= read -r line; do
    printf '%s\n' "$line"
    case $line in
      *'strike now'*)
        [ -z "$struck" ] || continue
        struck=yes
        echo "strike: $STRIKE"
        { bash -c "$STRIKE" </dev/null 2>&1 || echo "it ended with $?"; } | sed 's/^/strike: /' &
        ;;
    esac
  done
  wait
}
exit "${PIPESTATUS[0]}"
