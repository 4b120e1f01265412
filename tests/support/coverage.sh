#!/usr/bin/env bash
# coverage: lines and branches that the tests execute
set -euo pipefail
cd "$(dirname "$0")/../.."
source cmake/run_support.sh

need "${packages[@]}" gcovr
build coverage
find build/coverage -name '*.gcda' -delete
ctest --preset coverage -j "$jobs"
# Branches that only a throw takes come from the compiler, not from the source.
gcovr --root . --object-directory build/coverage --filter host/ --filter include/ --exclude host/runtime/fmt_library.cpp \
  --exclude-throw-branches --exclude-unreachable-branches --print-summary --html-details build/coverage/coverage.html \
  --txt build/coverage/coverage.txt --fail-under-line 95 --fail-under-branch 85 -j "$jobs" build/coverage
say "line by line: build/coverage/coverage.html"
build simt-coverage thalweg_device_tests
find build/simt-coverage -name '*.gcda' -delete
ctest --preset simt-coverage -j "$jobs" -L device
python3 tests/simt/coverage.py build/simt-coverage --at-least 95
