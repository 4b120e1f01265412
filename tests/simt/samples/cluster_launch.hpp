#pragma once
// Launches of blocks in clusters. No kernel of the library uses them; the executor can run them.
#include <cuda_runtime.h>

#include "kernels/base/launch.cuh"

namespace thalweg::samples {

/// `cluster` neighbouring blocks along x share a cluster (sm_90 and later).
template <class... Parameters, class... Arguments>
cudaError_t launch_in_clusters(void* stream, unsigned blocks, unsigned threads, unsigned cluster,
                               void (*kernel)(Parameters...), Arguments... arguments) {
  cudaLaunchAttribute attribute = {};
  attribute.id = cudaLaunchAttributeClusterDimension;
  attribute.val.clusterDim.x = cluster;
  attribute.val.clusterDim.y = 1;
  attribute.val.clusterDim.z = 1;
  cudaLaunchConfig_t config = {};
  config.gridDim = blocks;
  config.blockDim = threads;
  config.stream = static_cast<cudaStream_t>(stream);
  config.attrs = &attribute;
  config.numAttrs = 1;
  return cudaLaunchKernelEx(&config, kernel, arguments...);
}

}  // namespace thalweg::samples
