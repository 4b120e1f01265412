#pragma once
// A data set in memory: dense rows (float32, or uint8 kept as it is) or CSR, with targets, weights and class
// labels.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/config.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg {

enum class TargetKind { number, classes };

/// How raw features become model inputs; found on the training data, stored with the model, applied at
/// prediction.
struct FeatureTransform {
  std::vector<std::string> columns;  ///< names of the raw columns; may be empty
  std::vector<std::string> names;    ///< names of the model's inputs after one-hot; may be empty
  std::vector<std::vector<std::string>>
      categories;                   ///< per raw column: its text categories, empty for a number
  std::vector<float> impute;        ///< per raw column; empty: missing values are an error
  std::vector<float> scale, shift;  ///< per model input: x' = fma(x, scale, shift); empty: none
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
  std::vector<float> target;         ///< [rows] number or class index; empty: no target in the source
  std::vector<float> weight;         ///< [rows] or empty: sample weight times class weight
  std::vector<std::string> classes;  ///< labels as they were in the data, in class order
  FeatureTransform transform;
  std::string source;                     ///< file, for messages
  std::int64_t first_source_row = 0;      ///< row range of the source
  std::vector<std::int64_t> source_line;  ///< text formats: line of each row, for messages; may be empty

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
  std::vector<std::string> classes;
  FeatureTransform transform;
};

/// Reads training data and finds its schema: format, classes, categories, imputation and standardisation.
/// `classification` decides whether targets are classes: yes | no | auto (text targets, or libsvm/idx
/// integers: classes).
enum class TargetUse { automatic, classes, numbers };
Dataset read_training_data(const DataConfig& config, TargetUse use);

/// Reads `path` (test data, data to predict) by the schema of a trained model. `target_path` as
/// DataConfig::test_target. Labels outside schema.classes are an error unless `need_target` is false, when
/// the target may also be absent.
Dataset read_data_as(const DataConfig& config, const std::string& path, const std::string& target_path,
                     const std::string& row_range, const DataSchema& schema, bool need_target);

DataSchema schema_of(const Dataset& data);

/// Splits off validation rows: row r goes there when its Philox word of (seed, split, r) is below fraction,
/// so that a row never moves between runs. Gives the row ids of both parts, ascending.
struct Split {
  std::vector<std::int64_t> train, validation;
};
Split split_rows(std::int64_t rows, double fraction, std::uint64_t seed);

/// XXH3 fingerprint of row count, schema and sampled (or all) rows.
std::string fingerprint(const Dataset& data, bool full);

}  // namespace thalweg
