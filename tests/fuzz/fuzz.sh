#!/usr/bin/env bash
# fuzz [RUNS [READER...] | coverage | minimise]: hostile input for every reader (docs/reliability.md)
set -euo pipefail
cd "$(dirname "$0")/../.."
source cmake/run_support.sh

# coverage prints the functions of the readers that the corpora reach; minimise adds new inputs to the committed corpus.
case "${1:-}" in
  coverage | minimise) what=("--$1") ;;
  *) what=(--runs "${1:-1000000}") ;;
esac
need "${packages[@]}" clang-14 libclang-rt-14-dev
build fuzz fuzzers
python3 tests/fuzz/fuzz.py build/fuzz "${what[@]}" ${2:+--reader "${@:2}"}
