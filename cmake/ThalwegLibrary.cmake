# What makes the objects a library, static or shared as BUILD_SHARED_LIBS says.

# thalweg_library_properties(TARGET): of every target whose objects become part of the library. Position independent, so
# that a static Thalweg can be part of another's shared library; only what THALWEG_API marks can be seen from outside.
function(thalweg_library_properties target)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
    CUDA_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "SHARED_LIBRARY")  # before 1.0 every minor version may change the binary interface
    set_target_properties(${target} PROPERTIES VERSION ${PROJECT_VERSION}
      SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  endif()
endfunction()

# thalweg_add_internal_library(): thalweg_internal, what program and tests link, since they use more than the public
# interface. It is thalweg itself, or a static library of the same objects beside the shared one.
function(thalweg_add_internal_library)
  get_target_property(type thalweg TYPE)
  if(NOT type STREQUAL "SHARED_LIBRARY")
    add_library(thalweg_internal ALIAS thalweg)
    return()
  endif()
  add_library(thalweg_internal STATIC EXCLUDE_FROM_ALL $<TARGET_OBJECTS:thalweg>)
  set_target_properties(thalweg_internal PROPERTIES LINKER_LANGUAGE CXX)
  target_include_directories(thalweg_internal PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include)
  target_compile_features(thalweg_internal PUBLIC cxx_std_20)
  target_link_libraries(thalweg_internal PUBLIC Threads::Threads PRIVATE thalweg_compression)
  thalweg_use_cuda(thalweg_internal)
endfunction()
