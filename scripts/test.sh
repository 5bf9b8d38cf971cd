#!/usr/bin/env bash
# Run the daily tests: those that bear company on two cores, then, one by one, those that measure or watch the machine.
# usage: scripts/test.sh [PYTEST ARGUMENTS]
set -uo pipefail
cd "$(dirname "$0")/.."
NOTHING_COLLECTED=5

worst=$NOTHING_COLLECTED
run() {
  .venv/bin/pytest "$@"
  local status=$?
  if [ "$worst" = "$NOTHING_COLLECTED" ] || { [ "$worst" = 0 ] && [ "$status" != "$NOTHING_COLLECTED" ]; }; then
    worst=$status
  fi
}

run -n 2 --dist worksteal -m "not slow and not alone" "$@"
run -m "not slow and alone" "$@"
exit "$worst"
