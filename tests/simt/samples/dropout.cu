#include "kernels/base/launch.cuh"
#include "kernels/base/philox.hpp"
#include "samples.hpp"

namespace thalweg::samples {
namespace {

__global__ void dropout_kernel(std::int64_t n, PhiloxKey key, const float* in, float* out) {
  const std::int64_t quad = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (4 * quad >= n) return;
  const PhiloxBlock random = philox(philox_counter(0, 0, 0, static_cast<std::uint64_t>(quad)), key);
  for (int i = 0; i < 4 && 4 * quad + i < n; ++i)
    out[4 * quad + i] = uniform01(random.word[i]) < 0.5f ? 0.0f : 2.0f * in[4 * quad + i];
}

}  // namespace

void dropout(void* stream, std::int64_t n, std::uint64_t seed, const float* in, float* out) {
  launch(stream, {blocks_for(n, 4 * 128), 128}, "dropout", dropout_kernel, n,
         philox_key(seed, RandomPurpose::dropout), in, out);
}

}  // namespace thalweg::samples
