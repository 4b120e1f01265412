#pragma once
// A store of rows that lie in memory, which counts what is read and may fail or be slow.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "host/data/row_store.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/error.hpp"

namespace thalweg::test {

class MemoryStore final : public RowStore {
 public:
  explicit MemoryStore(Dataset data) : data_(std::move(data)) {
    form_ = {.rows = data_.rows,
             .features = data_.features,
             .sparse = data_.sparse,
             .dtype = data_.dense_u8.empty() ? DType::f32 : DType::u8,
             .entries = std::ssize(data_.columns)};
    for (std::size_t r = 0; r + 1 < data_.offsets.size(); ++r)
      form_.longest_row = std::max(form_.longest_row, data_.offsets[r + 1] - data_.offsets[r]);
  }

  const StoredForm& form() const override { return form_; }

  void read(std::int64_t first, std::int64_t count, FeatureRows& to) const override {
    ++reads;
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
    const std::int64_t bad = bad_row;
    if (first <= bad && bad < first + count) throw IoError("row " + std::to_string(bad) + " is unreadable");
    to.rows += count;
    append(data_.dense_f32, first * form_.features, count * form_.features, to.f32);
    append(data_.dense_u8, first * form_.features, count * form_.features, to.u8);
    for (std::int64_t row = first; row < first + count && form_.sparse; ++row) {
      const std::int64_t begin = data_.offsets[static_cast<std::size_t>(row)];
      const std::int64_t length = data_.offsets[static_cast<std::size_t>(row) + 1] - begin;
      append(data_.columns, begin, length, to.columns);
      append(data_.values, begin, length, to.values);
      to.offsets.push_back(to.offsets.back() + length);
    }
    rows_read += count;
  }

  std::atomic<std::int64_t> bad_row = -1, delay_ms = 0;
  mutable std::atomic<std::int64_t> reads = 0, rows_read = 0;

 private:
  template <class T>
  static void append(const std::vector<T>& from, std::int64_t at, std::int64_t count, std::vector<T>& to) {
    if (!from.empty()) to.insert(to.end(), from.begin() + at, from.begin() + at + count);
  }

  Dataset data_;
  StoredForm form_;
};

/// The data set with its features in the store.
inline Dataset with_store(Dataset data, std::shared_ptr<const RowStore> store) {
  data.store = std::move(store);
  data.dense_f32.clear(), data.dense_u8.clear();
  data.offsets.clear(), data.columns.clear(), data.values.clear();
  return data;
}

}  // namespace thalweg::test
