#include "host/data/offset_watch.hpp"

#include <algorithm>
#include <cmath>

namespace thalweg {
namespace {

/// Columns of such numbers are time stamps and ids, which most likely need an offset: not all rows have to be
/// read to know.
constexpr float kLarge = 0x1p24F;
/// fit_offset takes none below 4 times the range. Extents are those of float32 here, so a little less.
constexpr float kMostMagnitude = 3.9F;
/// fit_offset refuses a column only of fewer distinct floats.
constexpr std::size_t kManyFloats = 65536;

}  // namespace

void OffsetWatch::add(double number, Distinct& distinct) {
  if (std::isnan(number) || distinct.floats.size() > kManyFloats) return;
  distinct.doubles.insert(number);
  distinct.floats.insert(static_cast<float>(number));
}

std::int64_t OffsetWatch::add(const RawData& block, std::span<const float> weights) {
  const std::size_t width = least_.size();
  const auto counts = [&](std::int64_t row) { return weights.empty() || weights[at(row)] != 0; };
  for (std::int64_t r = 0; r < block.rows; ++r) {
    if (!counts(r)) continue;
    const float* const row = block.cells.data() + r * block.width;
    for (std::size_t c = 0; c < width; ++c) {
      least_[c] = std::min(least_[c], row[c]);  // of a missing cell the number so far
      most_[c] = std::max(most_[c], row[c]);
    }
  }
  for (const auto& [column, numbers] : block.precise) {
    if (std::max(-least_[at(column)], most_[at(column)]) >= kLarge) return column;
    Distinct& distinct = rounded_[column];
    for (std::int64_t r = 0; r < block.rows; ++r)
      if (counts(r)) add(numbers[at(r)], distinct);
  }
  return -1;
}

/// Numbers of other blocks are floats, so that each adds one to both counts at the most: with less than three
/// doubles for a float here, all have less than four.
bool OffsetWatch::is_in_doubt(std::int64_t column, const Distinct& distinct) const {
  const float least = least_[at(column)], most = most_[at(column)];
  if (!(std::max(-least, most) < kMostMagnitude * (most - least))) return true;
  return distinct.floats.size() <= kManyFloats && distinct.doubles.size() >= 3 * distinct.floats.size();
}

std::int64_t OffsetWatch::first_in_doubt() const {
  for (const auto& [column, distinct] : rounded_)
    if (is_in_doubt(column, distinct)) return column;
  return -1;
}

}  // namespace thalweg
