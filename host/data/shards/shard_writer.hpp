#pragma once
// Writes a set of shards: rows in blocks of any size, and at the end what all rows have in common.
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "host/data/row_store.hpp"
#include "host/data/shards/shard_manifest.hpp"
#include "host/runtime/available_memory.hpp"
#include "thalweg/shards.hpp"

namespace thalweg {

/// Throws UsageError for a folder that exists, before anything is read for it.
void require_new_folder(const std::string& folder);

/// Values of the rows [first, first + count); none where there are none.
std::span<const float> part_of(std::span<const float> values, std::int64_t first, std::int64_t count);

/// The set is there whole when finish returns, or not at all. Equal rows give equal bytes, however they are
/// cut into blocks. Two shards are kept in memory: one is written by a thread while the next one is filled.
class ShardWriter {
 public:
  /// `shard_bytes`: of features in one shard, about; a shard takes at most an eighth of `memory`, because two
  /// are kept there. Sparse rows may have 0 features: finish then tells. Throws UsageError if `folder`
  /// exists, or for a shard of less than 1 byte; IoError.
  ShardWriter(const std::string& folder, const ShardForm& form, std::int64_t shard_bytes,
              std::int64_t memory = available_memory());
  ~ShardWriter();
  ShardWriter(const ShardWriter&) = delete;
  ShardWriter& operator=(const ShardWriter&) = delete;

  /// Rows, with a target and a weight for each where the form has them, else none. Weights are those of
  /// a file or a Dataset. The caller has checked the values. Throws ShapeError for another form or length.
  void append(const FeatureRows& rows, std::span<const float> targets, std::span<const float> weights);
  /// The same for dense rows that lie elsewhere: [count, features].
  void append_dense(std::span<const float> rows, std::span<const float> targets,
                    std::span<const float> weights);
  void append_dense(std::span<const std::uint8_t> rows, std::span<const float> targets,
                    std::span<const float> weights);

  std::int64_t rows() const;
  /// No rows follow: what is left is written, and the memory given back. The calls below do it, too.
  void close();
  /// Other targets for all rows, where only the last of them tells what they are.
  void set_targets(std::span<const float> targets);
  /// The rows so far, as these facts make them; they have to go before finish.
  std::unique_ptr<const RowStore> written(const ShardFacts& facts);
  /// The report says where memory made more shards. Throws UsageError where there are no rows, ShapeError
  /// where the schema is not that of the rows.
  ConvertReport finish(const ShardFacts& facts);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace thalweg
