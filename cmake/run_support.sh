# Functions of ./run and of the scripts behind it, which source this file from the project's root.
program_packages=(g++ cmake ninja-build libcli11-dev libtomlplusplus-dev nlohmann-json3-dev libfmt-dev libxxhash-dev
  zlib1g-dev libzstd-dev libbz2-dev liblzma-dev ccache)
packages=("${program_packages[@]}" libgtest-dev libgmock-dev libbenchmark-dev libboost-context-dev python3)
# Thrust for tests/simt, where no CUDA toolkit has it in a folder of its own.
compgen -G '/usr/local/cuda*/include/cccl/thrust' >/dev/null || packages+=(libthrust-dev)
jobs=$(nproc)

say() { printf '%s\n' "$*" >&2; }

# shown COMMAND...: prints the command, then runs it.
shown() {
  say ""
  say "\$ $*"
  "$@"
}

# need PACKAGE...: installs missing Debian packages; without root or sudo it prints the command to install them and stops.
need() {
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
      say "These packages are missing. Install them, then run this again:"
      say "  apt-get install -y ${missing[*]}"
      exit 1
    fi
    as_root=(sudo)
  fi
  say "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
}

# venv FOLDER [REQUIREMENTS]: makes a Python environment in the folder, with the packages of the file.
venv() {
  python3 -c 'import ensurepip' 2>/dev/null || need python3-venv
  [ -x "$1/bin/python" ] || python3 -m venv "$1"
  [ $# -eq 1 ] || "$1/bin/python" -m pip install -q --disable-pip-version-check -r "$2"
}

# Prints the architectures of this machine's GPUs as CMake names them: "90-real". Prints nothing without nvcc, or without a
# GPU that nvcc supports.
gpu_architectures() {
  command -v nvcc >/dev/null || [ -x "${CUDACXX:-}" ] || return 0
  command -v nvidia-smi >/dev/null || return 0
  { nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null || true; } |
    awk -F . '10 * $1 + $2 >= 75 { print $1 $2 "-real" }' | sort -u | paste -sd ';'
}

# Prints the preset for this machine: gpu if it has nvcc and a GPU, else release.
here() { [ -n "$(gpu_architectures)" ] && echo gpu || echo release; }

# configure PRESET [OPTION...]: runs CMake, with ccache, because the presets have most of their objects in common.
configure() {
  local options=("${@:2}") gpu=
  command -v ccache >/dev/null && options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  case "$1" in demo | gpu) gpu=$(gpu_architectures) ;; esac
  [ -z "$gpu" ] || options+=(-DTHALWEG_CUDA=ON "-DCMAKE_CUDA_ARCHITECTURES=$gpu")
  cmake --preset "$1" "${options[@]}" >"build-$1.log" 2>&1 || { cat "build-$1.log" >&2; exit 1; }
  rm -f "build-$1.log"
}

# compile PRESET [TARGET...]: compiles a preset that is configured already.
compile() {
  local targets=()
  for target in "${@:2}"; do targets+=(--target "$target"); done
  cmake --build --preset "$1" -j "$jobs" "${targets[@]}" >&2
}

# build PRESET [TARGET...]: installs missing packages, configures and compiles.
build() {
  need "${packages[@]}"
  configure "$1"
  compile "$@"
}
