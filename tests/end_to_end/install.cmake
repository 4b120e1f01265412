# Installs the build into a folder of its own, builds the examples against it with find_package alone, and runs them.
#   cmake -DBUILD=... -DSOURCE=... -DGENERATOR=... -P install.cmake
set(prefix ${BUILD}/install-test/prefix)
set(examples ${BUILD}/install-test/examples)
file(REMOVE_RECURSE ${BUILD}/install-test)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})
run(${CMAKE_COMMAND} -S ${SOURCE}/examples -B ${examples} -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${prefix}
  -DCMAKE_BUILD_TYPE=Release -DTHALWEG_DATA=${SOURCE}/data)
run(${CMAKE_COMMAND} --build ${examples})
run(${CMAKE_CTEST_COMMAND} --test-dir ${examples} --output-on-failure)
run(${prefix}/bin/thalweg --version)
