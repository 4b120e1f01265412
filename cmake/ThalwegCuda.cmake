# thalweg_add_cuda_sources(FILES): the CUDA backend's sources, compiled as THALWEG_CUDA says.
set(THALWEG_CUDA_BACKEND OFF)

function(thalweg_add_cuda_sources)
  if(THALWEG_CUDA_BACKEND AND ARGN)
    target_sources(thalweg PRIVATE ${ARGN})
  endif()
endfunction()
