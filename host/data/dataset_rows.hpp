#pragma once
// What a row of a data set holds, however it is stored.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "thalweg/dataset.hpp"

namespace thalweg {

/// 1 where the data have no weights.
inline double weight_of(const Dataset& data, std::size_t row) {
  return data.weight.empty() ? 1.0 : double{data.weight[row]};
}

/// Calls take(input, value) for the inputs of a row that are not 0, as the model sees them.
template <class Take>
void for_each_input(const Dataset& data, std::int64_t row, const Take& take) {
  if (data.sparse) {
    const auto at = static_cast<std::size_t>(row);
    for (auto e = static_cast<std::size_t>(data.offsets[at]);
         e < static_cast<std::size_t>(data.offsets[at + 1]); ++e)
      take(static_cast<std::size_t>(data.columns[e]), double{data.values[e]});
    return;
  }
  const DenseRows x = data.dense(nullptr, data.rows);
  for (std::int64_t j = 0; j < x.cols; ++j) {
    const std::int64_t at = row * x.stride + j;
    double value = x.dtype == DType::u8 ? static_cast<double>(static_cast<const std::uint8_t*>(x.data)[at])
                                        : double{static_cast<const float*>(x.data)[at]};
    if (x.scale != nullptr) value = value * x.scale[j] + x.shift[j];  // mutant: byte-shift
    if (value != 0) take(static_cast<std::size_t>(j), value);
  }
}

}  // namespace thalweg
