#pragma once
// One array of numbers on its way into shards: its rows pass by in blocks, and are never together in memory.
#include <memory>
#include <string>

#include "host/data/moments.hpp"
#include "host/data/raw_data.hpp"
#include "host/data/shards/shard_writer.hpp"

namespace thalweg {

/// A block has numbers that float32 may round off: whether a column needs an offset all its rows decide.
struct NeedsAllRows {
  std::string column;  ///< the first one, for people
};

class ArrayConversion {
 public:
  /// `config` as for fit_dataset, without imputation, which needs all rows.
  ArrayConversion(const DataConfig& config, const std::string& folder, const ConvertOptions& options)
      : config_(config), folder_(folder), options_(options) {}

  /// For read_raw_training_data. Blocks throw NeedsAllRows, and DataError for a cell that is not finite.
  ArrayTakers takers();
  bool has_rows() const { return writer_ != nullptr; }
  /// The set as fit_dataset would have made it of all rows.
  ConvertReport finish();

 private:
  void take_companions(RawData&& companions);
  void take_block(RawData&& block);
  void begin(const RawData& first);
  template <class Cell>
  void add(const std::vector<Cell>& cells, const RawData& block);

  const DataConfig& config_;
  const std::string& folder_;
  const ConvertOptions& options_;
  Dataset data_;  ///< of all rows, without their features
  bool bytes_ = false, standardize_ = false;
  std::unique_ptr<MomentsOfRows> moments_;
  std::unique_ptr<ShardWriter> writer_;
};

}  // namespace thalweg
