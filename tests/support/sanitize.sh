#!/usr/bin/env bash
# sanitize [PRESET...]: the whole suite under sanitizers, on the cpu
set -euo pipefail
cd "$(dirname "$0")/../.."
source cmake/run_support.sh

[ $# -gt 0 ] || set -- asan ubsan tsan
for preset in "$@"; do
  build "$preset"
  shown ctest --preset "$preset" -j "$jobs"
done
