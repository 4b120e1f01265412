#!/usr/bin/env bash
# kernels [--update | --model]: check the object code of every kernel, and predict the time of real steps on GPUs
set -euo pipefail
cd "$(dirname "$0")/../.."
source cmake/run_support.sh

command -v nvcc >/dev/null || { say "./run kernels reads the object code of nvcc, and there is no nvcc on the PATH"; exit 1; }
python3 -c 'import ensurepip' 2>/dev/null || need python3-venv
build cuda thalweg
if [ "${1:-}" = --model ]; then
  python3 tests/static/predict.py build/cuda "${@:2}"
else
  python3 tests/static/kernel_account.py build/cuda --self-test "$@"
fi
