#pragma once
// What an op moves and computes. The benchmark divides by it, the static account of the kernels asserts it.
#include <cstdint>

namespace thalweg {

struct Cost {
  std::int64_t flops = 0;
  std::int64_t bytes_read = 0;
  std::int64_t bytes_written = 0;
};

}  // namespace thalweg
