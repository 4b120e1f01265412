#!/usr/bin/env bash
# peers [WORKLOAD...]: compare with PyTorch, scikit-learn and others; all workloads: writes docs/benchmarks.md
set -euo pipefail
cd "$(dirname "$0")/../.."
source cmake/run_support.sh

build release thalweg_program
# The peers live in build/peers, unless THALWEG_PYTHON names an interpreter that has them.
python=${THALWEG_PYTHON:-build/peers/bin/python}
if [ -z "${THALWEG_PYTHON:-}" ]; then
  venv build/peers
  say "installing the peers into build/peers (about 5 GB)"
  # They are installed one by one: a peer without a package for this machine becomes a row that says so.
  grep -v '^#' benchmarks/peers/requirements.txt | while read -r -a package; do
    "$python" -m pip install --quiet --disable-pip-version-check "${package[@]}" || say "without ${package[*]}"
  done
fi
out=(--out docs/benchmarks.md)
[ $# -eq 0 ] || out=()  # a part of the page
"$python" benchmarks/peers/run_peers.py build/release/thalweg "${out[@]}" "$@"
