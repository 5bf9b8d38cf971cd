#!/usr/bin/env bash
# Make .venv with this project, some of its extras and, if asked, the development tools. Does nothing when they are there.
# usage: scripts/venv.sh EXTRAS [GROUP]      e.g. scripts/venv.sh math,train dev
set -euo pipefail
cd "$(dirname "$0")/.."
extras=$1 group=${2:-}
stamp=.venv/.installed-$(printf '%s-%s' "$extras" "$group" | tr ',' '-')
if [ -e "$stamp" ] && [ "$stamp" -nt pyproject.toml ] && [ "$stamp" -nt constraints.txt ]; then exit 0; fi

find_python() {
  for name in "${PYTHON:-python3}" python3.11 python3.12 python3.13 python3; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  echo "assaygym needs Python 3.11 or newer; install it, or name it with PYTHON=/path/to/python" >&2
  exit 2
}

if [ ! -x .venv/bin/python ]; then
  python=$(find_python)
  echo "creating .venv with $python" >&2
  if ! problem=$("$python" -m venv .venv 2>&1); then
    # Debian ships venv apart from Python
    rm -rf .venv
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
      apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
      "$python" -m venv .venv
    else
      echo "$problem" >&2
      echo "cannot make a virtual environment; on Debian or Ubuntu: apt-get install python3-venv" >&2
      exit 2
    fi
  fi
fi
# a .venv that uv made has no pip, nor has one whose making was interrupted
.venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null

echo "installing assaygym[$extras]${group:+ and the $group tools} into .venv" >&2
install=(.venv/bin/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt)
"${install[@]}" --upgrade pip
"${install[@]}" --editable ".[$extras]" ${group:+--group "$group"}
touch "$stamp"
