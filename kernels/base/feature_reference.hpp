#pragma once
// An element of dense rows as the model sees it, in double: for the reference backend.
#include <cstdint>

#include "thalweg/tensor.hpp"

namespace thalweg {

/// Feature j of row n of the batch.
inline double feature(const DenseRows& x, std::int64_t n, std::int64_t j) {
  const std::int64_t at = (x.ids != nullptr ? x.ids[n] : n) * x.stride + j;
  const float value = x.dtype == DType::u8 ? static_cast<const unsigned char*>(x.data)[at]
                                           : static_cast<const float*>(x.data)[at];
  return x.scale == nullptr ? value : double{value} * x.scale[j] + x.shift[j];
}

}  // namespace thalweg
