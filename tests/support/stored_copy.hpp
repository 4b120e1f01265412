#pragma once
// A store of rows that lie in memory: what is read from it is known, and counted.
#include <algorithm>
#include <atomic>
#include <memory>
#include <numeric>
#include <thread>
#include <utility>

#include "host/data/feature_rows.hpp"
#include "host/data/memory_rows.hpp"
#include "thalweg/error.hpp"

namespace thalweg::test {

class CopyStore : public RowStore {
 public:
  explicit CopyStore(Dataset rows) : rows_(std::move(rows)) {
    form_ = {.rows = rows_.rows, .features = rows_.features, .sparse = rows_.sparse};
    if (!rows_.dense_u8.empty()) form_.dtype = DType::u8;
    form_.entries = std::ssize(rows_.columns);
    for (std::size_t n = 1; n < rows_.offsets.size(); ++n)
      form_.longest_row = std::max(form_.longest_row, rows_.offsets[n] - rows_.offsets[n - 1]);
  }

  const StoredForm& form() const override { return form_; }

  void read(std::int64_t first, std::int64_t count, FeatureRows& to) const override {
    if (first <= fails_at && fails_at < first + count) throw IoError("the disk fails");
    std::vector<std::int64_t> ids(static_cast<std::size_t>(count));
    std::iota(ids.begin(), ids.end(), first);
    Dataset some;
    some.rows = count;
    select_features(rows_, ids, some);
    FeatureRows rows;
    if (!rows_.sparse) some.offsets = {0};
    swap_features(some, rows);
    append_rows(std::move(rows), to);
    ++reads, rows_read += count;
    most_rows = std::max(most_rows.load(), count);
    if (std::this_thread::get_id() != maker_) ++reads_ahead;
  }

  std::int64_t fails_at = -1;
  mutable std::atomic<std::int64_t> reads = 0, rows_read = 0, most_rows = 0;
  mutable std::atomic<std::int64_t> reads_ahead = 0;  ///< on other threads than the one that made the store

 private:
  Dataset rows_;
  StoredForm form_;
  std::thread::id maker_ = std::this_thread::get_id();
};

/// The data set with its features in `store`.
inline Dataset over(const Dataset& data, std::shared_ptr<const RowStore> store) {
  Dataset stored = data;
  stored.dense_f32 = {}, stored.dense_u8 = {};
  stored.offsets = {}, stored.columns = {}, stored.values = {};
  stored.store = std::move(store);
  return stored;
}

inline Dataset stored(const Dataset& data) { return over(data, std::make_shared<CopyStore>(data)); }

}  // namespace thalweg::test
