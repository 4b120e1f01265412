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

# The same by pkg-config, which a machine may not have.
find_program(PKG_CONFIG pkg-config)
if(PKG_CONFIG)
  set(ENV{PKG_CONFIG_PATH} ${prefix}/lib/pkgconfig)
  execute_process(COMMAND ${PKG_CONFIG} --define-variable=prefix=${prefix} --cflags --libs thalweg OUTPUT_VARIABLE flags
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags)
  run(c++ ${SOURCE}/examples/linear_regression.cpp ${flags} -o ${BUILD}/install-test/by_pkg_config)
  run(${BUILD}/install-test/by_pkg_config ${SOURCE}/data)
endif()
