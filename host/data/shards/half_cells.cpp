#include "host/data/shards/half_cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/data/half_floats.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

std::uint16_t half_of(CellFloats floats, float value) {
  return floats == CellFloats::f16 ? float16_of(value) : bfloat16_of(value);
}

float float_of(CellFloats floats, std::uint16_t bits) {
  return floats == CellFloats::f16 ? float_of_float16(bits) : float_of_bfloat16(bits);
}

}  // namespace

std::span<const std::uint16_t> HalfCells::round(std::span<const float> cells, std::int64_t features,
                                                std::int64_t first_row) {
  bits_.resize(cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const float cell = cells[i];
    bits_[i] = half_of(floats_, cell);
    const float rounded = float_of(floats_, bits_[i]);
    if (rounded == cell || std::isnan(cell)) continue;
    const auto at = static_cast<std::int64_t>(i);
    if (!std::isfinite(rounded))
      throw DataError(fmt::format("row {}, feature {}: {} is beyond {}; want {}", first_row + at / features,
                                  at % features, cell, name_of(floats_),
                                  floats_ == CellFloats::f16 ? "bf16 or f32" : "f32"));
    ++changed_;
    most_ = std::max(most_, std::abs((double{rounded} - double{cell}) / double{cell}));
  }
  cells_ += std::ssize(cells);
  return bits_;
}

std::string HalfCells::loss() const {
  if (changed_ == 0) return "";
  return fmt::format("{} rounded {} of {} numbers, by at most {:.2g} of the number", name_of(floats_),
                     changed_, cells_, most_);
}

void widen_halves(CellFloats floats, std::span<const std::uint16_t> bits, float* to) {
  for (const std::uint16_t each : bits) *to++ = float_of(floats, each);
}

}  // namespace thalweg
