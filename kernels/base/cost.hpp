#pragma once
// The bytes and operations of an op. The benchmark divides by them, the static account of the kernels asserts
// them.
#include <cstdint>

namespace thalweg {

struct Cost {
  std::int64_t flops = 0;
  std::int64_t bytes_read = 0;
  std::int64_t bytes_written = 0;
};

}  // namespace thalweg
