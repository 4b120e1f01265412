#pragma once
// A data set in memory: dense rows (float32, or uint8 kept as it is) or CSR, with targets, weights and class
// labels.
#include <cstdint>
#include <string>
#include <vector>

#include "thalweg/config.hpp"
#include "thalweg/read_progress.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg {

enum class TargetKind { number, classes };

/// How raw features become model inputs; found on the training data, stored with the model, applied at
/// prediction.
struct FeatureTransform {
  std::vector<std::string> columns;  ///< names of the raw columns; may be empty
  std::vector<std::string> names;    ///< names of the model's inputs after one-hot; may be empty
  std::vector<std::vector<std::string>>
      categories;  ///< per raw column: its text categories, empty for a number
  /// Per raw column, the number (or for text the index of the category) that stands in for a missing value;
  /// empty: missing values are an error.
  std::vector<float> impute;
  std::vector<float> scale, shift;  ///< per model input: x' = fma(x, scale, shift); empty: none
};

/// Targets are kept as (y - mean) / deviation where data.standardize_target asks for it; predictions and the
/// metrics r2, rmse and mae are in the unit of the data again.
struct TargetTransform {
  double mean = 0.0, deviation = 1.0;
  bool operator==(const TargetTransform&) const = default;
};

class Dataset {
 public:
  std::int64_t rows = 0;
  std::int64_t features = 0;  ///< model inputs
  bool sparse = false;

  // dense: exactly one of the two has data
  std::vector<float> dense_f32;        ///< [rows, features], already transformed
  std::vector<std::uint8_t> dense_u8;  ///< [rows, features], transform applied where it is read
  // sparse
  std::vector<std::int64_t> offsets;  ///< [rows + 1]
  std::vector<std::int32_t> columns;
  std::vector<float> values;

  TargetKind target_kind = TargetKind::number;
  TargetTransform target_transform;
  std::vector<float> target;         ///< [rows] number or class index; empty: no target in the source
  std::vector<float> weight;         ///< [rows] or empty: sample weight times class weight
  std::vector<std::string> classes;  ///< labels as they were in the data, in class order
  FeatureTransform transform;
  std::string source;                     ///< file, for messages
  std::int64_t first_source_row = 0;      ///< row range of the source
  std::vector<std::int64_t> source_line;  ///< text formats: line of each row, for messages; may be empty
  std::string target_column;              ///< CSV: name of the target column; empty: by position
  int index_base = 1;                     ///< libsvm: the file's first index

  DenseRows dense(const std::int64_t* ids, std::int64_t count) const;
  SparseRows csr(const std::int64_t* ids, std::int64_t count) const;
  /// "data/a9a line 17" or "images.gz row 16": where row `row` came from.
  std::string where(std::int64_t row) const;
};

/// What a model knows about its data, to read further data the same way.
struct DataSchema {
  bool sparse = false;
  std::int64_t features = 0;
  TargetKind target_kind = TargetKind::number;
  TargetTransform target_transform;
  std::vector<std::string> classes;
  FeatureTransform transform;
  std::string target_column;
  int index_base = 1;
};

/// The schema as JSON for a model's metadata; reading it back gives an equal one, bit for bit.
/// schema_from_json throws DataError for anything that is not a schema.
std::string schema_to_json(const DataSchema& schema);
DataSchema schema_from_json(const std::string& json);

/// Reads training data and finds its schema: format, classes, categories, imputation and standardisation.
/// `use` decides what targets are. automatic: text is classes; so are at most 1000 distinct integers of a
/// libsvm file, of an IDX file, or of a npy array with an integer or bool type; every other target (numeric
/// CSV columns and text files of numbers, floating-point npy arrays) is a number. Missing values are imputed
/// and features standardised (one-hot columns, names "column=category", excepted) from all the rows read.
enum class TargetUse { automatic, classes, numbers };
Dataset read_training_data(const DataConfig& config, TargetUse use, const ReadOptions& reading = {});

/// Splits off validation rows: row r goes there when its Philox word of (seed, split, r) is below fraction,
/// so that a row never moves between runs. Gives the row ids of both parts, ascending.
struct Split {
  std::vector<std::int64_t> train, validation;
};
Split split_rows(std::int64_t rows, double fraction, std::uint64_t seed);

/// Reads training data as read_training_data does and splits off data.validation_fraction of the rows. What
/// is found in the data (imputation, standardisation, balanced class weights) comes from the other rows
/// alone; classes and categories come from all. Throws DataError when no row is left to train on.
struct TrainingData {
  Dataset data;
  Split split;
};
TrainingData read_and_split(const DataConfig& config, TargetUse use, std::uint64_t seed,
                            const ReadOptions& reading = {});

/// Reads `path` (test data, data to predict) by the schema of a trained model. `target_path` as
/// DataConfig::test_target. Labels outside schema.classes are an error unless `need_target` is false, when
/// the target may also be absent; the result then has none. Class weights are for training and not applied.
Dataset read_data_as(const DataConfig& config, const std::string& path, const std::string& target_path,
                     const std::string& row_range, const DataSchema& schema, bool need_target,
                     const ReadOptions& reading = {});

/// data.test, or data.train with the row range data.test_rows when there is no test file. Throws UsageError
/// when the config names neither.
Dataset read_test_data(const DataConfig& config, const DataSchema& schema, bool need_target,
                       const ReadOptions& reading = {});

DataSchema schema_of(const Dataset& data);

/// XXH3 fingerprint of row count, schema and sampled (or all) rows.
std::string fingerprint(const Dataset& data, bool full);

}  // namespace thalweg
