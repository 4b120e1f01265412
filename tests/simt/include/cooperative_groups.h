#pragma once
// The groups that the project uses: the block, the grid of a cooperative launch, the cluster.
#include "cuda_runtime.h"

namespace cooperative_groups {

class thread_block {
 public:
  void sync(simt::Site site = simt::here()) const { __syncthreads(site); }
  unsigned size() const { return blockDim.x * blockDim.y * blockDim.z; }
  unsigned thread_rank() const { return threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z); }
};
inline thread_block this_thread_block() { return {}; }

class grid_group {
 public:
  void sync(simt::Site site = simt::here()) const { simt::grid_barrier(site); }
  unsigned long long size() const {
    return static_cast<unsigned long long>(gridDim.x) * gridDim.y * gridDim.z * this_thread_block().size();
  }
  unsigned long long thread_rank() const {
    const unsigned long long block = blockIdx.x + gridDim.x * (blockIdx.y + 1ull * gridDim.y * blockIdx.z);
    return block * this_thread_block().size() + this_thread_block().thread_rank();
  }
};
inline grid_group this_grid() { return {}; }

class cluster_group {
 public:
  void sync(simt::Site site = simt::here()) const { simt::cluster_barrier(site); }
  unsigned block_rank() const { return simt::cluster_rank(); }
  unsigned num_blocks() const { return simt::cluster_size(); }
  /// Where block `rank` of the cluster keeps what this block keeps at `address`.
  template <class T>
  T* map_shared_rank(T* address, unsigned rank) const {
    return static_cast<T*>(simt::cluster_shared_memory(address, rank));
  }
};
inline cluster_group this_cluster() { return {}; }

}  // namespace cooperative_groups
