# find_package(Thalweg) from an install.
include(CMakePackageConfigHelpers)
install(TARGETS thalweg EXPORT ThalwegTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET thalweg_program)
  install(TARGETS thalweg_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY include/thalweg DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT ThalwegTargets NAMESPACE Thalweg:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Thalweg)
configure_package_config_file(cmake/ThalwegConfig.cmake.in ThalwegConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Thalweg)
write_basic_package_version_file(ThalwegConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ThalwegConfig.cmake ${PROJECT_BINARY_DIR}/ThalwegConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Thalweg)
