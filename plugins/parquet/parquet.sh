#!/usr/bin/env bash
# parquet: fetches pyarrow from PyPI and builds the plugin that reads Parquet files
set -euo pipefail
cd "$(dirname "$0")/../.."
source cmake/run_support.sh

need g++
folder=build/plugins
mkdir -p "$folder"
venv "$folder/venv" plugins/parquet/requirements.txt
arrow=$("$folder/venv/bin/python" -c 'import os, pyarrow; print(os.path.dirname(pyarrow.__file__))')
arrow_library=$(basename "$(compgen -G "$arrow/libarrow.so.*" | head -1)")
parquet_library=$(basename "$(compgen -G "$arrow/libparquet.so.*" | head -1)")
g++ -std=c++20 -O2 -fPIC -shared -fvisibility=hidden -Wl,--no-undefined \
  plugins/parquet/parquet_plugin.cpp -isystem "$arrow/include" \
  -L"$arrow" "-l:$arrow_library" "-l:$parquet_library" "-Wl,-rpath,$arrow" -o "$folder/libthalweg_parquet.so"
program=build/release/thalweg
[ ! -x "$program" ] || "$folder/venv/bin/python" plugins/parquet/check.py "$program"
say "built $folder/libthalweg_parquet.so; the programs in build/ find it, others by THALWEG_PLUGINS=$PWD/$folder"
