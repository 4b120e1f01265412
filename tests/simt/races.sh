#!/usr/bin/env bash
# races: every CUDA kernel under checks for addresses, undefined behaviour and races
set -euo pipefail
cd "$(dirname "$0")/../.."
source cmake/run_support.sh

need "${packages[@]}" clang-14 libclang-rt-14-dev
for preset in simt-asan simt-tsan; do
  build "$preset" thalweg_device_tests thalweg_simt_tests
  # Tests that run no kernel are left to ./run sanitize.
  GTEST_FILTER='-*Timings*:*/reference:*/cpu_*' THALWEG_SIMT_THREADS=1 ctest --preset "$preset" -j "$jobs" -L 'device|simt'
done
# The race check must fail without each of the kernels' barriers.
python3 tests/simt/mutate.py --build build/simt-tsan kernels/*/*_cuda.cu kernels/*/*.cuh
