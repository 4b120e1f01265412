# Builds a project that has Thalweg in it by FetchContent, as a shared library; installs both; and builds the examples
# against what was installed, with clang where there is one.
#   cmake -DBUILD=... -DSOURCE=... -DGENERATOR=... -DLAUNCHER=... -P embed.cmake
set(folder ${BUILD}/embed-test)
set(prefix ${folder}/prefix)
file(REMOVE_RECURSE ${prefix} ${folder}/examples)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# -O0 and one instruction set: what is tested is the package.
run(${CMAKE_COMMAND} -S ${SOURCE}/tests/end_to_end/embed -B ${folder}/build -G ${GENERATOR} -DTHALWEG_SOURCE=${SOURCE}
  -DSTANDARD=23 -DBUILD_SHARED_LIBS=ON -DTHALWEG_NATIVE=ON -DTHALWEG_CUDA=OFF -DCMAKE_BUILD_TYPE=Debug
  -DCMAKE_CXX_FLAGS_DEBUG=-O0 -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} -DCMAKE_INSTALL_PREFIX=${prefix})
run(${CMAKE_COMMAND} --build ${folder}/build --parallel 2)
run(${folder}/build/embed)
run(${CMAKE_COMMAND} --install ${folder}/build)

set(clang "")
find_program(CLANG clang++)
if(CLANG)
  set(clang -DCMAKE_CXX_COMPILER=${CLANG})
endif()
run(${CMAKE_COMMAND} -S ${SOURCE}/examples -B ${folder}/examples -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${prefix} ${clang}
  "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wconversion -Werror" -DTHALWEG_DATA=${SOURCE}/data)
run(${CMAKE_COMMAND} --build ${folder}/examples)
run(${folder}/examples/tour ${SOURCE}/data)

# Model is public, Network is not.
find_program(NM nm REQUIRED)
execute_process(COMMAND ${NM} -DC --defined-only ${prefix}/lib/libthalweg.so OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
if(NOT symbols MATCHES "thalweg::Model::" OR symbols MATCHES "thalweg::Network::")
  message(FATAL_ERROR "the shared library shows other than the public interface:\n${symbols}")
endif()
