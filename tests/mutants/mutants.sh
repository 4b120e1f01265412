#!/usr/bin/env bash
# mutants [--sample=N] [--seed=S,...] [PATH...]: changes of the code that no test catches (docs/mutants.md)
set -euo pipefail
cd "$(dirname "$0")/../.."
source cmake/run_support.sh

need "${packages[@]}" bubblewrap
build release
build simt thalweg_device_tests
venv build/mutants/venv tests/mutants/requirements.txt
build/mutants/venv/bin/python tests/mutants/self_test.py
build/mutants/venv/bin/python tests/mutants/mutants.py "$@"
