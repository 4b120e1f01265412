#include "host/data/split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>

#include "kernels/base/philox.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// A row's word depends on the row alone, so neither other rows nor more of them can move it.
std::uint32_t word_of(std::int64_t row, PhiloxKey key) {
  const auto bits = static_cast<std::uint64_t>(row);
  const PhiloxBlock counter = {
      {static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32), 0, 0}};
  return philox(counter, key).word[0];
}

using Rows = std::vector<std::int64_t>;

/// The rows of each class, those with the lowest words first.
std::vector<Rows> drawn_by_class(const std::vector<float>& class_of, std::uint64_t seed) {
  std::map<float, Rows> by_class;
  for (std::size_t row = 0; row < class_of.size(); ++row)
    by_class[class_of[row]].push_back(static_cast<std::int64_t>(row));
  const PhiloxKey key = philox_key(seed, RandomPurpose::split);
  std::vector<Rows> drawn;
  for (auto& [label, rows] : by_class) {
    std::stable_sort(rows.begin(), rows.end(),
                     [&](std::int64_t a, std::int64_t b) { return word_of(a, key) < word_of(b, key); });
    drawn.push_back(std::move(rows));
  }
  return drawn;
}

/// Rows that each class gives: its share rounded down, and one more in the order of what that cut off, until
/// the sum is the share of all rows.
Rows held_out_counts(const std::vector<Rows>& classes, double fraction, std::size_t rows) {
  Rows counts;
  std::vector<double> rests;
  for (const Rows& of_class : classes) {
    const double share = fraction * static_cast<double>(of_class.size());
    counts.push_back(static_cast<std::int64_t>(share));
    rests.push_back(share - std::floor(share));
  }
  std::vector<std::size_t> order(classes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rests[a] > rests[b]; });
  const auto wanted = static_cast<std::int64_t>(std::round(fraction * static_cast<double>(rows)));
  std::int64_t missing = wanted - std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  for (const std::size_t c : order) {
    const bool keeps_a_row = counts[c] + 1 < std::ssize(classes[c]);
    if (missing <= 0 || !keeps_a_row) continue;
    ++counts[c];
    --missing;
  }
  return counts;
}

Split split_from(const std::vector<bool>& held_out) {
  Split split;
  for (std::size_t row = 0; row < held_out.size(); ++row)
    (held_out[row] ? split.validation : split.train).push_back(static_cast<std::int64_t>(row));
  return split;
}

}  // namespace

Split split_by_class(const std::vector<float>& class_of, double fraction, std::uint64_t seed) {
  const std::vector<Rows> classes = drawn_by_class(class_of, seed);
  const Rows counts = held_out_counts(classes, fraction, class_of.size());
  std::vector<bool> held_out(class_of.size());
  for (std::size_t c = 0; c < classes.size(); ++c)
    for (std::int64_t i = 0; i < counts[c]; ++i)
      held_out[static_cast<std::size_t>(classes[c][static_cast<std::size_t>(i)])] = true;
  return split_from(held_out);
}

Folds::Folds(const std::vector<float>& class_of, std::int64_t folds, std::uint64_t seed)
    : fold_of_(class_of.size()) {
  if (std::ssize(class_of) < folds)
    throw ConfigError(
        fmt::format("data.folds = {} of {} rows; want a row at least for each fold", folds, class_of.size()));
  // Dealt out in turn, and on from class to class: no fold gets the odd row of every class.
  std::int64_t next = 0;
  for (const Rows& rows : drawn_by_class(class_of, seed))
    for (const std::int64_t row : rows) fold_of_[static_cast<std::size_t>(row)] = next++ % folds;
}

Split Folds::split(std::int64_t fold) const {
  std::vector<bool> held_out;
  for (const std::int64_t of_row : fold_of_) held_out.push_back(of_row == fold);
  return split_from(held_out);
}

Split split_rows(std::int64_t rows, double fraction, std::uint64_t seed) {
  if (!(fraction >= 0.0 && fraction < 1.0)) {  // mutant: fraction-below-one
    throw ConfigError("data.validation_fraction is " + std::to_string(fraction) +
                      "; expected 0 <= fraction < 1");
  }
  // 2^32 * fraction is exact in double; as a 64-bit number, so that a fraction next to 1 has its threshold.
  // mutant: fraction-scaled
  const auto threshold = static_cast<std::uint64_t>(std::round(std::ldexp(fraction, 32)));
  const PhiloxKey key = philox_key(seed, RandomPurpose::split);  // mutant: split-key
  Split split;
  for (std::int64_t row = 0; row < rows; ++row) {
    // mutant: sides-of-split
    (word_of(row, key) < threshold ? split.validation : split.train).push_back(row);
  }
  return split;
}

}  // namespace thalweg
