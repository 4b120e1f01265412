// In a file of its own, because the sort takes long to compile.
#include "kernels/base/sort_cuda.cuh"

#include "kernels/base/thrust.cuh"

namespace thalweg::cuda {

void sort_pairs(const Device& device, Pairs pairs, std::int64_t count) {
  with_thrust(device, "sort_pairs", [=](const auto& policy) {
    thrust::stable_sort_by_key(policy, pairs.keys, pairs.keys + count, pairs.values);
  });
}

}  // namespace thalweg::cuda
