#pragma once
// Data sets on the disk: folders of shards, which are read row by row or block by block while a model trains
// (docs/shards.md).
// Example: shards_example in examples/tour.cpp.
#include <cstdint>
#include <string>
#include <vector>

#include "thalweg/api.hpp"
#include "thalweg/config.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/names.hpp"

namespace thalweg {

/// How the files hold the numbers of dense rows. A model reads them as float32. Those of 16 bits are rounded
/// to the nearest: f16 has 11 bits of precision and numbers below 65520, bf16 has 8 bits and the range of
/// float32.
enum class CellFloats { f32, f16, bf16 };
template <>
inline constexpr auto kNames<CellFloats> = std::to_array<Named<CellFloats>>({{CellFloats::f32, "f32"},
                                                                             {CellFloats::f16, "f16"},
                                                                             {CellFloats::bf16, "bf16"}});

/// Whether the features of the files are compressed: each block of rows by itself (docs/shards.md).
enum class ShardCompression { none, zstd };
template <>
inline constexpr auto kNames<ShardCompression> = std::to_array<Named<ShardCompression>>(
    {{ShardCompression::none, "none"}, {ShardCompression::zstd, "zstd"}});

/// How a folder of shards is written.
struct ConvertOptions {
  std::int64_t shard_bytes = std::int64_t{64} << 20;  ///< of features in one shard, about
  TargetUse use = TargetUse::automatic;               ///< what the targets are
  ReadOptions reading =
      {};  ///< its progress hears of rows that are written, too; if it throws, nothing is left
  CellFloats floats = CellFloats::f32;  ///< of dense rows; bytes and sparse rows take f32 alone
  ShardCompression compress = ShardCompression::none;  ///< a model reads the same numbers
};

/// What was written.
struct ConvertReport {
  std::int64_t rows = 0, features = 0, shards = 0;
  std::int64_t bytes = 0;  ///< of all files
  std::vector<std::string> notes =
      {};  ///< a line for each thing left out or rounded, or that took more memory
};

/// Opens a folder that `convert` or `write_shards` wrote. Targets, weights, classes and transform are read;
/// features stay on the disk. The data set can be trained on, evaluated and predicted as any other. Throws
/// NoInputError if there is no such folder, DataError naming the file for a manifest that is damaged or a
/// shard that is missing or has another size.
THALWEG_API Dataset open_shards(const std::string& folder);

/// Writes the data set as a new folder of shards: equal data and shard_bytes give equal bytes, unless memory
/// makes the shards smaller (ConvertReport::notes). The folder is there whole or not at all. Throws IoError,
/// and UsageError if the folder exists.
THALWEG_API ConvertReport write_shards(const Dataset& data, const std::string& folder,
                                       const ConvertOptions& options = {});

/// Reads data.train as training does, and writes it as a new folder of shards. Standardisation, imputation,
/// categories and classes are those of all rows; weights stay as they are in the data. Settings of a run do
/// nothing: class_weight, standardize_target, validation_fraction, folds. Rows of text formats, of Parquet,
/// of npz archives and of one npy or IDX file of numbers in C order pass by in blocks: memory holds two
/// shards, and about 20 bytes for each row. All other data are read into memory first: several arrays, tables
/// with categories, pipes, and columns that need an offset (docs/numerics.md). What a process that was killed
/// left of the same folder is compared, and taken over where it is equal (ConvertReport::notes). Throws what
/// reading throws; UsageError if the folder exists, or for options.floats that the rows cannot take;
/// DataError for a number beyond these; IoError.
THALWEG_API ConvertReport convert(const DataConfig& data, const std::string& folder,
                                  const ConvertOptions& options = {});

}  // namespace thalweg
