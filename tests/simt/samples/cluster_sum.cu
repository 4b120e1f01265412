#include <cooperative_groups.h>

#include "cluster_launch.hpp"
#include "kernels/base/shared.cuh"
#include "kernels/base/warp.cuh"
#include "samples.hpp"

namespace thalweg::samples {
namespace {

constexpr unsigned kBlocks = 4;

__global__ void cluster_sum_kernel(const float* in, float* sums) {
  const auto cluster = cooperative_groups::this_cluster();
  SHARED(block_sum, float);
  const float sum = warp_sum(in[blockIdx.x * kWarp + threadIdx.x]);
  if (threadIdx.x == 0) block_sum = sum;
  cluster.sync();
  if (cluster.block_rank() == 0 && threadIdx.x == 0) {
    float total = 0.0f;
    for (unsigned b = 0; b < cluster.num_blocks(); ++b) total += *cluster.map_shared_rank(&block_sum, b);
    sums[blockIdx.x / kBlocks] = total;
  }
  cluster.sync();  // nobody leaves while another block reads its memory
}

}  // namespace

void cluster_sum(void* stream, int clusters, const float* in, float* sums) {
  check_cuda(launch_in_clusters(stream, static_cast<unsigned>(clusters) * kBlocks, kWarp, kBlocks,
                                cluster_sum_kernel, in, sums),
             "cluster_sum");
}

}  // namespace thalweg::samples
