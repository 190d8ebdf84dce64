#!/bin/sh
# Makes the peers' own environment, benchmarks/forecasters/.venv; the twin never imports from it.
#
#     sh benchmarks/forecasters/set_up.sh [PYTHON]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
"${1:-python3}" -m venv "$here/.venv"
"$here/.venv/bin/python" -m pip install --quiet ${TWIN_TORCH_INDEX:+--extra-index-url "$TWIN_TORCH_INDEX"} \
    --requirement "$here/requirements.txt"
"$here/.venv/bin/python" -m pip list
