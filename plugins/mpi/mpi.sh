#!/usr/bin/env bash
# mpi: builds the module by which processes of an MPI job are ranks, and tests it
set -euo pipefail
cd "$(dirname "$0")/../.."
source cmake/run_support.sh

command -v mpicxx >/dev/null || need openmpi-bin libopenmpi-dev
folder=build/plugins
mkdir -p "$folder"
mpicxx -std=c++20 -O2 -fPIC -shared -fvisibility=hidden -Wl,--no-undefined -I. \
  plugins/mpi/mpi_plugin.cpp -o "$folder/thalweg_mpi.so"
program=build/release/thalweg
[ ! -x "$program" ] || python3 plugins/mpi/check.py "$program"
say "built $folder/thalweg_mpi.so; the programs in build/ find it, others by THALWEG_PLUGINS=$PWD/$folder"
