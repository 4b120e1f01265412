#!/usr/bin/env bash
# gpu: all tests, compute-sanitizer and the benchmarks on a GPU
set -euo pipefail
cd "$(dirname "$0")/../.."
source cmake/run_support.sh

# Prints what this machine lacks, one thing per line.
lacks() {
  command -v nvcc >/dev/null || [ -x "${CUDACXX:-}" ] || say "  nvcc of a CUDA toolkit (put it on the PATH or set CUDACXX)"
  if ! command -v nvidia-smi >/dev/null; then
    say "  an NVIDIA driver (nvidia-smi is missing)"
  elif ! nvidia-smi -L 2>/dev/null | grep -q '^GPU'; then
    say "  a GPU (nvidia-smi -L lists none)"
  fi
  command -v compute-sanitizer >/dev/null || say "  compute-sanitizer of the CUDA toolkit"
}

# report COMMAND...: runs it and writes its output and exit code into the report. It counts a failure and returns.
failures=0
report() {
  say "\$ $*"
  printf '\n## `%s`\n\n```\n' "$*" >>"$file"
  local code=0
  "$@" >>"$file" 2>&1 || code=$?
  printf '```\n\nexit code %s\n' "$code" >>"$file"
  [ "$code" -eq 0 ] && return
  say "  failed with exit code $code"
  failures=$((failures + 1))
}

missing=$(lacks 2>&1)
if [ -n "$missing" ]; then
  say "./run gpu needs what this machine lacks:"
  say "$missing"
  exit 69
fi
build cuda
file=build/gpu-report.md
printf '# Thalweg on a GPU\n\n%s, commit %s\n' "$(date -u +%FT%TZ)" "$(git rev-parse --short HEAD)" >"$file"
report nvidia-smi
report nvcc --version
report build/cuda/thalweg info
report ctest --preset cuda -j 1
for tool in memcheck racecheck initcheck synccheck; do
  for test in build/cuda/tests/kernels_*_test; do
    report compute-sanitizer --tool "$tool" --error-exitcode 1 "$test" --gtest_brief=1 --gtest_filter='*cuda*:Fast*'
  done
done
for bench in build/cuda/benchmarks/bench_*; do
  [ -x "$bench" ] && report "$bench"
done
say "the report is $file; $failures of its commands failed"
[ "$failures" -eq 0 ]
