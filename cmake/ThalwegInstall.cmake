# find_package(Thalweg) and pkg-config from an install.
include(CMakePackageConfigHelpers)
install(TARGETS thalweg EXPORT ThalwegTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET thalweg_program)
  install(TARGETS thalweg_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY include/thalweg DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT ThalwegTargets NAMESPACE Thalweg:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Thalweg)
configure_package_config_file(cmake/ThalwegConfig.cmake.in ThalwegConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Thalweg)
write_basic_package_version_file(ThalwegConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/ThalwegCompression.cmake ${PROJECT_BINARY_DIR}/ThalwegConfig.cmake ${PROJECT_BINARY_DIR}/ThalwegConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Thalweg)

# What a program links besides a static library; a shared one knows by itself.
set(THALWEG_PC_LIBS "")
if(NOT BUILD_SHARED_LIBS)
  set(THALWEG_PC_LIBS "${THALWEG_COMPRESSION_LIBS} -pthread")
  if(THALWEG_CUDA_BACKEND STREQUAL "NVCC")
    set(THALWEG_PC_LIBS "-L${CUDAToolkit_LIBRARY_DIR} -lcudart_static -lcublasLt ${THALWEG_COMPRESSION_LIBS} -pthread -ldl -lrt")
  endif()
endif()
configure_file(cmake/thalweg.pc.in thalweg.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/thalweg.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
