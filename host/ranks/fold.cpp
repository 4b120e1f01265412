#include "host/ranks/fold.hpp"

#include <algorithm>

#include "kernels/base/parallel.hpp"

namespace thalweg {
namespace {

/// Floats that one task adds up: the blocks of all values stay in a cache from one addition to the next.
constexpr std::int64_t kBlock = 4096;

}  // namespace

void fold(const Device& device, std::span<const TreeProgram::Add> adds, std::span<float* const> values,
          std::int64_t size) {
  if (adds.empty()) return;
  device.pool.run((size + kBlock - 1) / kBlock, [&](std::int64_t block, int) {
    const std::int64_t begin = block * kBlock, end = std::min(begin + kBlock, size);
    for (const auto& [to, from] : adds) {
      float* const sum = values[static_cast<std::size_t>(to)];
      const float* const term = values[static_cast<std::size_t>(from)];
      for (std::int64_t i = begin; i < end; ++i) sum[i] = sum[i] + term[i];
    }
  });
}

}  // namespace thalweg
