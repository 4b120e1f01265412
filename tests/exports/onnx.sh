#!/usr/bin/env bash
# onnx: exported models in onnxruntime against thalweg predict, for every kind of model and data
set -euo pipefail
cd "$(dirname "$0")/../.."
source cmake/run_support.sh

venv build/exports tests/exports/requirements.txt
build release thalweg_program
shown build/exports/bin/python tests/exports/onnx_check.py build/release/thalweg
