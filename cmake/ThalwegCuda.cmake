# The CUDA backend, as THALWEG_CUDA says: compiled by nvcc (ON, or AUTO where nvcc is found), executed on the CPU
# by tests/simt (SIMT), or absent.
#   THALWEG_CUDA_BACKEND                whether there is one
#   thalweg_add_cuda_sources(FILES)     adds the backend's .cu and .cpp files to the library
set(THALWEG_CUDA_BACKEND OFF)
# One instruction for __builtin_fmaf, as the device has; everything else of the host's baseline.
set(THALWEG_SIMT_FLAGS -Wno-unknown-pragmas)  # #pragma unroll is for nvcc
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  list(APPEND THALWEG_SIMT_FLAGS -mfma)
endif()
# Counts of executed lines, of the kernels alone (tests/simt/coverage.py).
set(thalweg_coverage_flags "")
if(THALWEG_COVERAGE)
  set(thalweg_coverage_flags --coverage -fprofile-update=atomic)
endif()

if(THALWEG_CUDA STREQUAL "SIMT")
  set(THALWEG_CUDA_BACKEND SIMT)
  # The headers of Thrust: the toolkit's, where they have a folder of their own, else Debian's.
  find_program(THALWEG_NVCC nvcc PATHS /usr/local/cuda/bin)
  get_filename_component(nvcc "${THALWEG_NVCC}" REALPATH)
  get_filename_component(nvcc_folder "${nvcc}" DIRECTORY)
  find_path(THALWEG_THRUST thrust/version.h HINTS "${nvcc_folder}/../include/cccl")
  if(NOT THALWEG_THRUST)
    message(FATAL_ERROR "THALWEG_CUDA=SIMT needs the headers of Thrust: install libthrust-dev")
  endif()
elseif(THALWEG_CUDA STREQUAL "ON" OR THALWEG_CUDA STREQUAL "AUTO")
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    set(THALWEG_CUDA_BACKEND NVCC)
    # Object code for each architecture, and PTX of the newest for those to come.
    if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
      set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 86-real 89-real 90-real 100-real 120)
    endif()
    enable_language(CUDA)
    find_package(CUDAToolkit REQUIRED)
    # The standard as a flag: CMake 3.25 does not know that of nvcc 13. No contraction, as for the host (docs/numerics.md): every fma is written out.
    target_compile_options(thalweg_flags INTERFACE
      $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20 -fmad=false --expt-relaxed-constexpr -Xcompiler=-ffp-contract=off>)
  elseif(THALWEG_CUDA STREQUAL "ON")
    message(FATAL_ERROR "THALWEG_CUDA=ON, but no nvcc was found; put it on the PATH or set CUDACXX")
  endif()
endif()

function(thalweg_add_cuda_sources)
  if(NOT THALWEG_CUDA_BACKEND OR NOT ARGN)
    return()
  endif()
  target_sources(thalweg PRIVATE ${ARGN})
  if(THALWEG_CUDA_BACKEND STREQUAL "SIMT")
    set(kernels ${ARGN})
    list(FILTER kernels INCLUDE REGEX "\\.cu$")
    set_source_files_properties(${kernels} TARGET_DIRECTORY thalweg PROPERTIES
      LANGUAGE CXX COMPILE_OPTIONS "-O2;-g;${THALWEG_SIMT_FLAGS};${thalweg_coverage_flags}")
  endif()
endfunction()

# thalweg_use_cuda(TARGET): where its sources find cuda_runtime.h, and what they link to.
function(thalweg_use_cuda target)
  if(THALWEG_CUDA_BACKEND STREQUAL "SIMT")
    target_include_directories(${target} BEFORE PRIVATE ${PROJECT_SOURCE_DIR}/tests/simt/include)
    target_include_directories(${target} SYSTEM PRIVATE ${THALWEG_THRUST})
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:thalweg_simt>)
    if(THALWEG_COVERAGE)
      target_link_options(${target} PUBLIC --coverage)
    endif()
  elseif(THALWEG_CUDA_BACKEND STREQUAL "NVCC")
    # cuBLASLt is some 500 MB as a static library: it is linked so only where the runtime is asked for as Static by name.
    if(CMAKE_CUDA_RUNTIME_LIBRARY STREQUAL "Shared")
      target_link_libraries(${target} PRIVATE CUDA::cudart CUDA::cublasLt)
    elseif(CMAKE_CUDA_RUNTIME_LIBRARY STREQUAL "Static" AND TARGET CUDA::cublasLt_static)
      target_link_libraries(${target} PRIVATE CUDA::cudart_static CUDA::cublasLt_static)
    else()
      target_link_libraries(${target} PRIVATE CUDA::cudart_static CUDA::cublasLt)
    endif()
  endif()
endfunction()
