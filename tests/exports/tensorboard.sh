#!/usr/bin/env bash
# tensorboard: event files of runs, also of killed and resumed ones, read by the package tensorboard
set -euo pipefail
cd "$(dirname "$0")/../.."
source cmake/run_support.sh

venv build/exports tests/exports/requirements.txt
build release thalweg_program
shown build/exports/bin/python tests/exports/tensorboard_check.py build/release/thalweg
