#!/usr/bin/env bash
# reliability: kills, signals, full disks, faults of whole runs; at full numbers (about an hour)
set -euo pipefail
cd "$(dirname "$0")/../.."
source cmake/run_support.sh

build release
thalweg=$PWD/build/release/thalweg
shown python3 tests/reliability/kill.py "$thalweg" --kills 200
shown python3 tests/reliability/kill.py "$thalweg" --kills 200 --shards
shown python3 tests/reliability/convert_kill.py "$thalweg" --kills 200
shown python3 tests/reliability/signals.py "$thalweg" --times 50
shown python3 tests/reliability/full_disk.py "$thalweg" --sizes 64
shown python3 tests/reliability/inputs.py "$thalweg"
shown python3 tests/reliability/combinations.py "$thalweg" --runs 500
shown python3 tests/reliability/shard_draws.py "$thalweg" --draws 500
shown python3 tests/reliability/ends.py "$thalweg"
shown python3 tests/reliability/larger_than_memory.py "$thalweg" --gigabytes 6
shown env THALWEG_FULL=1 build/release/tests/end_to_end_io_faults_test
shown env THALWEG_FULL=1 build/release/tests/end_to_end_allocation_faults_test
shown build/release/tests/host_crash_replay_test
shown build/release/tests/end_to_end_spike_test
shown build/release/tests/end_to_end_wrong_command_lines_test
tests/mutants/mutants.sh --chosen
build simt end_to_end_device_allocation_faults_simt_test thalweg_program
shown build/simt/tests/end_to_end_device_allocation_faults_simt_test
shown python3 tests/reliability/combinations.py build/simt/thalweg --runs 500 --devices cuda
shown python3 tests/reliability/shard_draws.py build/simt/thalweg --draws 100 --devices cuda --most-rows 400
