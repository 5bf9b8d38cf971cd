#!/usr/bin/env bash
# See to it that a Chromium is here, for the tests that open the report; does nothing when one is.
# usage: scripts/chromium.sh          install chromium where it is missing (Debian, Ubuntu), as root
set -euo pipefail

fail() {
  echo "$1" >&2
  exit 2
}

[ $# = 0 ] || fail "usage: scripts/chromium.sh, without '$1'"
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
[ "$(id -u)" = 0 ] || fail "no chromium here, and only root can install it: sudo scripts/chromium.sh"
command -v apt-get >/dev/null || fail "no chromium here, and this is neither Debian nor Ubuntu: install Chromium yourself"
echo "installing chromium" >&2
export DEBIAN_FRONTEND=noninteractive
get=(apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core)
"${get[@]}" >/dev/null 2>&1 || { apt-get update -qq && "${get[@]}" >/dev/null; } || fail "cannot install chromium with apt-get"
