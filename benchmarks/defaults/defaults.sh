#!/usr/bin/env bash
# defaults [ARGUMENTS...]: training without settings against scikit-learn; writes the table of docs/defaults.md
set -euo pipefail
cd "$(dirname "$0")/../.."
source cmake/run_support.sh

build release thalweg_program
# Its packages live in build/defaults, unless THALWEG_PYTHON names an interpreter that has them.
python=${THALWEG_PYTHON:-build/defaults/bin/python}
[ -n "${THALWEG_PYTHON:-}" ] || venv build/defaults benchmarks/defaults/requirements.txt
"$python" benchmarks/defaults/defaults.py build/release/thalweg --out docs/defaults.md "$@"
