# Flags of every target of the project, kept off those of a project that includes it.
include(GNUInstallDirs)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_BUILD_TYPE Release)
endif()

add_library(thalweg_flags INTERFACE)
target_compile_features(thalweg_flags INTERFACE cxx_std_20)
# The order and rounding of every operation are part of the promise (docs/numerics.md): no contraction, no fast-math.
# (-Wstringop-overflow, -Wrestrict: false alarms of GCC 12 in the headers of fmt.) errno and traps of the math functions are not used, which lets loops vectorise without changing a value.
target_compile_options(thalweg_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:
  -ffp-contract=off -fno-math-errno -fno-trapping-math -Wall -Wextra -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow -Wno-restrict>>)
if(THALWEG_WERROR)
  target_compile_options(thalweg_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
endif()
if(THALWEG_CONTRACTS)  # kernels/base/required.hpp
  target_compile_definitions(thalweg_flags INTERFACE THALWEG_CONTRACTS)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O3")

# Of host/ and include/, in every object that may hold a line of theirs; ThalwegCuda.cmake has the kernels' own.
if(THALWEG_COVERAGE AND NOT THALWEG_CUDA STREQUAL "SIMT")
  target_compile_options(thalweg_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:--coverage -fprofile-update=atomic>)
  target_link_options(thalweg_flags INTERFACE --coverage)
endif()

if(THALWEG_SANITIZE)
  list(JOIN THALWEG_SANITIZE "," thalweg_sanitize)
  target_compile_options(thalweg_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:
    -fsanitize=${thalweg_sanitize} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1>)
  target_link_options(thalweg_flags INTERFACE -fsanitize=${thalweg_sanitize})
endif()
