#pragma once
// One batch on its way from a store to memory, in parts that threads read at the same time.
#include <cstdint>
#include <vector>

#include "host/data/row_store.hpp"

namespace thalweg {

class BatchReading {
 public:
  explicit BatchReading(const StoredForm& form) : form_(form) {}

  /// Begins a batch, in the memory of the one before.
  void start(const std::vector<std::int64_t>& rows);
  /// 0 of a batch without rows.
  std::int64_t parts() const;
  /// Each part once, by any thread. Neighbouring rows are one read.
  void read(std::int64_t part, const RowStore& from);
  /// Once all parts are read.
  void finish();
  /// The features in the order of the rows; from finish until the next start.
  const FeatureRows& features() const { return features_; }

 private:
  /// A row of the batch, in the order of the data set.
  struct Wanted {
    std::int64_t row, position;
    std::int64_t at;  ///< place in its part's rows
  };
  std::int64_t part_end(std::int64_t part) const;
  void copy_dense(const FeatureRows& run, const Wanted& wanted);

  const StoredForm& form_;
  std::int64_t part_rows_ = 1;
  std::vector<Wanted> wanted_;
  std::vector<std::int64_t> order_;  ///< place in wanted_ of each row of the batch
  std::vector<FeatureRows> read_;    ///< by part: a run of dense rows, or all sparse rows
  FeatureRows features_;
};

}  // namespace thalweg
