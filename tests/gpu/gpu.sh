#!/usr/bin/env bash
# gpu [--minutes=N] [--device=simt] [--carry]: what a GPU tells in N minutes, most valuable first, in one report
set -euo pipefail
cd "$(dirname "$0")/../.."
source cmake/run_support.sh

minutes=10 device=cuda carry=no carry_folder=build/gpu-carry
for argument in "$@"; do
  case "$argument" in
    --minutes=*) minutes=${argument#*=} ;;
    --device=simt | --device=cuda) device=${argument#*=} ;;
    --carry) carry=yes ;;
    *)
      say "./run gpu: unknown argument \"$argument\"; known are --minutes=N, --device=cuda, --device=simt and --carry"
      exit 2
      ;;
  esac
done
[[ "$minutes" =~ ^[0-9]+([.][0-9]+)?$ ]] || { say "./run gpu: --minutes=$minutes: expected a number of minutes"; exit 2; }

# Builds what a machine needs that has a GPU and perhaps no compiler: program and tests with code for sm_90 alone, at
# most 60 MB.
make_carry() {
  need "${packages[@]}"
  configure cuda -B build/sm_90 -DCMAKE_CUDA_ARCHITECTURES=90-real
  cmake --build build/sm_90 -j "$jobs" --target thalweg_program kernels_update_test kernels_linear_test >&2
  rm -rf "$carry_folder"
  mkdir -p "$carry_folder/tests"
  cp build/sm_90/thalweg "$carry_folder"
  cp build/sm_90/tests/kernels_{update,linear}_test "$carry_folder/tests"
  strip "$carry_folder/thalweg" "$carry_folder"/tests/*
  local megabytes
  megabytes=$(du -sm "$carry_folder" | cut -f1)
  [ "$megabytes" -le 60 ] || { say "./run gpu: the carry is $megabytes MB; expected at most 60"; exit 1; }
  say "$carry_folder holds $megabytes MB"
}

# Prints the folder of a build for this machine's GPU, or says what the machine lacks.
folder_for_gpu() {
  if ! command -v nvidia-smi >/dev/null || ! nvidia-smi -L 2>/dev/null | grep -q '^GPU'; then
    say "./run gpu needs an NVIDIA driver and a GPU, and nvidia-smi -L lists none; --device=simt tries it without one"
    exit 69
  fi
  if [ -x "$carry_folder/thalweg" ]; then  # a build would take the minutes that the GPU is there for
    say "./run gpu takes $carry_folder of $(date -r "$carry_folder/thalweg" '+%Y-%m-%d %H:%M'), whatever the sources are now"
    echo "$carry_folder"
  elif [ -n "$(gpu_architectures)" ]; then
    build gpu thalweg_program thalweg_device_tests >&2
    echo build/gpu
  else
    say "./run gpu needs nvcc, or $carry_folder, which ./run gpu --carry builds where nvcc is"
    exit 69
  fi
}

# cuBLASLt is too large to carry: a machine has it with its toolkit, or in a package of Python.
find_libraries() {
  ldd "$1/thalweg" | grep -q 'libcublasLt.*not found' || return 0
  local library
  library=$(find -L /usr/local/cuda*/ /opt "$(python3 -c 'import site; print(site.getsitepackages()[0])')" \
    -name 'libcublasLt.so.*' -print -quit 2>/dev/null || true)
  [ -n "$library" ] || { say "./run gpu: there is no libcublasLt, which $1/thalweg needs"; exit 69; }
  export LD_LIBRARY_PATH="$(dirname "$library")${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
}

if [ "$carry" = yes ]; then
  make_carry
elif [ "$device" = simt ]; then
  build simt thalweg_program kernels_update_test
  python3 tests/gpu/survey.py build/simt --executed --minutes="$minutes" --report="${OUT:-build}/gpu-report.md"
else
  folder=$(folder_for_gpu)
  find_libraries "$folder"
  python3 tests/gpu/survey.py "$folder" --minutes="$minutes" --report="${OUT:-build}/gpu-report.md"
fi
