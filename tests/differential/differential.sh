#!/usr/bin/env bash
# differential [FILES]: our readers against those of numpy, scikit-learn and safetensors
set -euo pipefail
cd "$(dirname "$0")/../.."
source cmake/run_support.sh

venv build/peers tests/differential/requirements.txt
build release differential_tool
shown build/peers/bin/python tests/differential/differential.py build/release/tests/differential_tool --files "${1:-10000}"
