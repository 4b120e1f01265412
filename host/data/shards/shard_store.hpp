#pragma once
// The features of a set of shards, read from the disk when they are needed.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/data/row_store.hpp"
#include "host/data/shards/shard_file.hpp"
#include "host/data/shards/shard_layout.hpp"
#include "host/data/shards/shard_manifest.hpp"

namespace thalweg {

/// Reading takes no lock. What a read touches for the first time is compared with its checksum, a MiB at a
/// time.
class ShardStore final : public RowStore {
 public:
  /// Opens the shards of `folder`, and checks their sizes and headers. Throws DataError naming the file.
  ShardStore(const std::string& folder, ShardManifest manifest);
  ~ShardStore() override;

  const StoredForm& form() const override { return form_; }
  const ShardManifest& manifest() const { return manifest_; }
  /// After an error `to` holds anything.
  void read(std::int64_t first, std::int64_t count, FeatureRows& to) const override;

  /// The targets and weights of all rows; empty where there are none.
  std::vector<float> read_targets() const;
  std::vector<float> read_weights() const;

 private:
  std::vector<float> read_column(std::int64_t ShardLayout::*begin) const;
  /// Rows of one shard, counted from its first.
  void read_shard(std::size_t index, std::int64_t row, std::int64_t count, FeatureRows& to) const;
  /// Whether reading scales the cells.
  bool is_scaled() const;
  [[noreturn]] void refuse(std::int64_t row, std::int64_t feature, float value) const;

  std::string folder_;
  ShardManifest manifest_;
  StoredForm form_;
  std::vector<std::unique_ptr<ShardFile>> files_;
  std::vector<ShardLayout> layouts_;  ///< without headers
};

/// The store of a set that open_shards opened.
const ShardStore& shard_store_of(const Dataset& data);

}  // namespace thalweg
