#pragma once
// Rows on their way into shards: they pass by in blocks, and are never together in memory.
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/data/column_means.hpp"
#include "host/data/moments.hpp"
#include "host/data/offset_watch.hpp"
#include "host/data/raw_data.hpp"
#include "host/data/shards/shard_writer.hpp"

namespace thalweg {

/// A block has numbers that float32 may round off: whether a column needs an offset all its rows decide.
struct NeedsAllRows {
  std::string column;  ///< the first one, for people
};

/// What rows have, as far as it may show in any row.
struct RowsHave {
  bool weights = false;     ///< Vowpal Wabbit: importances that are not 1
  bool index_zero = false;  ///< libsvm: an index 0, so that the file counts from 0
};

/// A block has what the rows before it did not have: they have to pass by again.
struct NeedsAgain {
  RowsHave have;
};

class RowConversion {
 public:
  /// `config` as for fit_dataset; `have`: what is known of the rows.
  RowConversion(const DataConfig& config, const std::string& folder, const ConvertOptions& options,
                RowsHave have)
      : config_(config), folder_(folder), options_(options), have_(have) {}

  /// For read_raw_training_data. Blocks throw NeedsAllRows, NeedsAgain, and DataError for a cell that is not
  /// finite.
  RowTakers takers();
  bool has_rows() const { return writer_ != nullptr; }
  /// The set as fit_dataset would have made it of all rows. `rest` is what the reader returned.
  ConvertReport finish(RawData&& rest);

 private:
  void take_companions(RawData&& companions);
  void take_block(RawData&& block);
  void watch_offsets(const RawData& block, std::span<const float> weights);
  void begin(const RawData& first);
  void fit_targets_of(const LabelColumn& labels);
  void fit_rows(RawData&& rest);
  void fit_imputation(const RawData& rest);
  std::vector<float> stored_medians(std::span<const float> weights);
  void fit_filled_moments();
  ShardFacts facts() const;
  std::vector<float> weights_of(RawData& block) const;
  template <class Cell>
  void add(const std::vector<Cell>& cells, std::int64_t width, std::span<const float> targets,
           std::span<const float> weights);
  void add_sparse(RawData&& block, std::span<const float> targets, std::span<const float> weights);

  const DataConfig& config_;
  const std::string& folder_;
  const ConvertOptions& options_;
  RowsHave have_;
  Dataset data_;  ///< of all rows, without their features
  bool companions_ = false, standardize_ = false;
  std::int64_t filled_ = 0;  ///< missing cells
  ShardForm form_;
  int index_base_ = 1;
  std::unique_ptr<MomentsOfRows> moments_;
  std::unique_ptr<ColumnMeans> means_;  ///< for imputation
  std::unique_ptr<OffsetWatch> offsets_;
  std::unique_ptr<ShardWriter> writer_;
};

}  // namespace thalweg
