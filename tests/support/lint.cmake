# Rules that the compiler does not check: every op has its mirror in tests and benchmarks, references share no formula with
# the code they check, kernels are launched in one place, names stand in one list (names_lint.py), public headers have an
# example, the prose is plain (prose_lint.py).
# Run from the repository's root: cmake -P tests/support/lint.cmake
set(problems "")

# base and gemm are not ops: their tests have names of their own, and the benchmarks are those of the ops that call them.
file(GLOB ops RELATIVE ${CMAKE_SOURCE_DIR}/kernels ${CMAKE_SOURCE_DIR}/kernels/*)
list(REMOVE_ITEM ops base gemm backend.hpp CMakeLists.txt)
foreach(op IN LISTS ops)
  foreach(mirror IN ITEMS tests/kernels/${op}_test.cpp benchmarks/kernels/${op}_bench.cpp kernels/${op}/${op}.hpp
                          kernels/${op}/${op}_reference.cpp kernels/${op}/${op}_cpu.cpp kernels/${op}/${op}_contract.cpp)
    if(NOT EXISTS ${CMAKE_SOURCE_DIR}/${mirror})
      list(APPEND problems "kernels/${op} lacks ${mirror}")
    endif()
  endforeach()
endforeach()

# Every public header has its example, which end_to_end.install compiles and runs; but not the one that includes all, nor
# api.hpp, which is a macro for the others.
file(READ ${CMAKE_SOURCE_DIR}/examples/tour.cpp tour)
file(GLOB headers ${CMAKE_SOURCE_DIR}/include/thalweg/*.hpp)
foreach(header IN LISTS headers)
  get_filename_component(name ${header} NAME_WE)
  file(READ ${header} text)
  if(name MATCHES "^(thalweg|api)$")
    continue()
  endif()
  if(NOT tour MATCHES "bool ${name}_example\\(" OR NOT text MATCHES "Example: ${name}_example in")
    list(APPEND problems "include/thalweg/${name}.hpp names no example in examples/tour.cpp")
  endif()
endforeach()

# forbid(GLOB REGEX WHY): no file of the pattern may have a line that matches.
function(forbid pattern regex why)
  file(GLOB_RECURSE files RELATIVE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/${pattern})
  foreach(file IN LISTS files)
    if(file STREQUAL "kernels/base/launch.cuh")
      continue()
    endif()
    file(STRINGS ${CMAKE_SOURCE_DIR}/${file} lines REGEX "${regex}")
    if(lines)
      list(APPEND problems "${file}: ${why}")
    endif()
  endforeach()
  set(problems "${problems}" PARENT_SCOPE)
endfunction()

forbid(kernels/*_reference.cpp "#include .*(_math|exact_math)\\.hpp" "a reference shares no formula with the code it checks")
forbid(kernels/*.cu "<<<" "kernels are launched through kernels/base/launch.cuh")
forbid(kernels/base/* "#include \"(host/|kernels/([^b]|b[^a]|ba[^s]|bas[^e]))" "the floor knows no op, no backend and no host")
forbid(kernels/gemm/* "#include \"kernels/(linear|sparse_linear)/" "products know no layer")
forbid(kernels/*/* "#include \"(host/|kernels/backend\\.hpp)" "an op knows neither the roof nor the host")
forbid(include/*.hpp "cuda_runtime" "no CUDA header in the public API")
forbid(host/*.cpp "std::cout|std::cerr|printf\\(" "the library prints nothing")
forbid(host/*pp "#include <nlohmann" "a value of nlohmann's ends the process where memory runs out: host/json")
forbid(host/*pp "directory_iterator|fs::remove_all" "ends the process where memory runs out: host/checkpoint/files.hpp")

list(FILTER problems EXCLUDE REGEX "^host/cli/.*prints nothing|^host/json/json.cpp")

find_program(python NAMES python3 REQUIRED)
execute_process(COMMAND ${python} ${CMAKE_CURRENT_LIST_DIR}/prose_lint.py OUTPUT_VARIABLE prose RESULT_VARIABLE failed)
execute_process(COMMAND ${python} ${CMAKE_CURRENT_LIST_DIR}/names_lint.py OUTPUT_VARIABLE names RESULT_VARIABLE repeated)

if(problems OR failed OR repeated)
  list(JOIN problems "\n" text)
  message(FATAL_ERROR "lint:\n${text}\n${prose}${names}")
endif()
message(STATUS "lint: ${CMAKE_CURRENT_LIST_FILE} found nothing")
