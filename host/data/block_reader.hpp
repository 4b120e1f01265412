#pragma once
// Rows of a store that pass by once: the next block is read while the caller works on one.
#include <cstdint>
#include <future>
#include <optional>
#include <utility>
#include <vector>

#include "host/data/feature_rows.hpp"
#include "thalweg/validate.hpp"

namespace thalweg {

class BlockReader {
 public:
  /// Reads `rows` of `data`, which has a store, in that order; null: all of them. With `check` each block is
  /// checked as check_read_rows does. Refers to data and rows.
  BlockReader(const Dataset& data, const std::vector<std::int64_t>* rows, std::int64_t block_rows,
              std::optional<MissingValues> check);

  /// The next block_rows rows, or what is left of them. They are the caller's until the next call. Throws
  /// what the store throws, and DataError for a value that the check refuses.
  FeatureRows& next();

 private:
  void read_ahead();
  void read(std::int64_t first, std::int64_t count);

  const Dataset& data_;
  const std::vector<std::int64_t>* rows_;
  std::int64_t block_rows_, count_, next_ = 0;
  std::optional<MissingValues> check_;
  std::vector<std::int64_t> ids_;  ///< of the block that is read ahead
  FeatureRows current_, ahead_;
  std::future<void> reading_;  ///< last: its end is waited for before the rest goes
};

/// Blocks of this size are read at the speed of the disk, and are small beside any budget.
inline constexpr std::int64_t kReadBytes = std::int64_t{2} << 20;

/// Calls take(holder, at, n) for each position n of `rows` (null: all rows): row `at` of `holder` has the
/// features, in memory. Data in memory are their own holder, and are not checked.
template <class Take>
void for_each_row(const Dataset& data, const std::vector<std::int64_t>* rows,
                  std::optional<MissingValues> check, const Take& take) {
  const std::int64_t count = rows != nullptr ? std::ssize(*rows) : data.rows;
  if (data.store == nullptr) {
    for (std::int64_t n = 0; n < count; ++n)
      take(data, rows != nullptr ? (*rows)[static_cast<std::size_t>(n)] : n, n);
    return;
  }
  BlockReader reader(data, rows, rows_within(data.store->form(), kReadBytes), check);
  Dataset holder;
  holder.features = data.features, holder.sparse = data.sparse, holder.transform = data.transform;
  for (std::int64_t first = 0; first < count;) {
    FeatureRows& block = reader.next();
    swap_features(holder, block);
    for (std::int64_t at = 0; at < holder.rows; ++at) take(std::as_const(holder), at, first + at);
    first += holder.rows;
    swap_features(holder, block);
  }
}

}  // namespace thalweg
