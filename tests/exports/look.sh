#!/usr/bin/env bash
# look [--update]: a run's page in Chromium, light and dark, narrow and wide, against pictures of it
set -euo pipefail
cd "$(dirname "$0")/../.."
source cmake/run_support.sh

need chromium fonts-dejavu-core
build release thalweg_program
shown python3 tests/exports/look_check.py build/release/thalweg "$@"
