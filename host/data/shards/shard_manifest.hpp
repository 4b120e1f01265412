#pragma once
// manifest.json of a set of shards (docs/shards.md).
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/shards/conversion_notes.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/names.hpp"
#include "thalweg/shards.hpp"

namespace thalweg {

constexpr std::string_view kShardManifest = "manifest.json";
/// Enough for 4 TB of rows; checked before one is read.
constexpr std::int64_t kMostManifestBytes = std::int64_t{64} << 20;

/// What the cells of dense float32 rows are.
enum class ShardCells {
  inputs,    ///< what the model reads; uint8 rows and sparse rows as a Dataset has them
  unscaled,  ///< numbers ahead of scale and shift, which reading applies
  unfilled   ///< the same, NaN where a number is missing: reading puts FeatureTransform::impute there
};
template <>
inline constexpr auto kNames<ShardCells> = std::to_array<Named<ShardCells>>(
    {{ShardCells::inputs, "inputs"}, {ShardCells::unscaled, "unscaled"}, {ShardCells::unfilled, "unfilled"}});

template <>
inline constexpr auto kNames<DType> = std::to_array<Named<DType>>({{DType::f32, "f32"}, {DType::u8, "u8"}});

/// What all rows of a set of shards have in common, known ahead of the first.
struct ShardForm {
  std::int64_t features = 0;
  bool sparse = false;
  DType dtype = DType::f32;              ///< of the rows when they are read; f32 for sparse rows
  bool targets = true, weights = false;  ///< whether each row has them
  CellFloats floats = CellFloats::f32;   ///< of dense float32 rows, as the file holds them
  ShardCompression compress = ShardCompression::none;
};

/// Of a cell in the file: the name of `dtype`, or of `floats`.
std::string_view dtype_of(const ShardForm& form);

/// What the writer is told when all rows are there.
struct ShardFacts {
  DataSchema schema;
  ShardCells cells = ShardCells::inputs;
  std::string target_reason;       ///< Dataset::target_reason
  std::string source;              ///< where the rows come from, for people
  std::string source_fingerprint;  ///< of the data set in memory; empty: it never was there
  ConversionNotes notes;
};

/// One file of the set.
struct ShardEntry {
  std::string name;
  std::int64_t first_row = 0, rows = 0;
  std::int64_t entries = 0;           ///< sparse: of its rows
  std::int64_t packed = 0;            ///< compressed: bytes of its frames
  std::uint64_t bytes = 0;            ///< of the file
  std::vector<std::uint64_t> pieces;  ///< XXH3-64 of each MiB of the file
};

struct ShardManifest {
  ShardForm form;
  ShardFacts facts;
  std::int64_t rows = 0;
  std::int64_t entries = 0;              ///< sparse: of all rows
  std::int64_t longest_row = 0;          ///< sparse: entries of the longest row
  double weight_sum = 0;                 ///< of the weights, in double, in the order of the rows
  std::vector<std::int64_t> class_rows;  ///< rows of each class; empty: targets are numbers, or absent
  std::vector<ShardEntry> shards;
};

/// The text; it ends with a checksum of itself, so that no bit of it can change unnoticed.
std::string shard_manifest_text(const ShardManifest& manifest);

/// Accepts only what shard_manifest_text writes, byte for byte, of numbers that agree with each other. Throws
/// DataError naming `source` and the key. Allocates nothing by a number that the text claims.
ShardManifest parse_shard_manifest(std::string_view text, const std::string& source);

/// The manifest of a folder. Throws NoInputError where there is none, DataError as above.
ShardManifest read_shard_manifest(const std::string& folder);

}  // namespace thalweg
