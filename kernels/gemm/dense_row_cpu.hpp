#pragma once
// One row of the batch as floats.
#include <cstdint>

#include "kernels/base/rows_cpu.hpp"
#include "kernels/gemm/pack_cpu.hpp"

namespace thalweg::THALWEG_ISA {

/// Row n as the model sees it: where it lies if that is possible, else converted into `buffer` [cols].
inline const float* row_floats(const DenseRows& x, std::int64_t n, float* buffer) {
  if (x.dtype == DType::f32 && x.scale == nullptr) return reinterpret_cast<const float*>(row_address(x, n));
  for (std::int64_t j = 0; j < x.cols; j += kLanes) {
    const std::int64_t count = smaller(kLanes, x.cols - j);
    store_first(buffer + j, load_features(x, n, j, count), count);
  }
  return buffer;
}

}  // namespace thalweg::THALWEG_ISA
