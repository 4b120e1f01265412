#pragma once
// A data set: dense rows (float32 or uint8) or CSR, in memory or on the disk, with targets, weights and class
// labels.
// Example: dataset_example in examples/tour.cpp.
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/api.hpp"
#include "thalweg/config.hpp"
#include "thalweg/read_progress.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg {

/// What the targets are: numbers to predict, or indices of classes.
enum class TargetKind { number, classes };

/// The transform from raw features to model inputs. It is computed on the training data, stored with the
/// model, and applied at prediction.
struct FeatureTransform {
  std::vector<std::string> columns;  ///< names of the raw columns; may be empty
  /// Per raw column: what is taken off its numbers in double, before they become float32 (docs/numerics.md).
  /// Empty: nothing. impute, scale and shift are for numbers less their offset.
  std::vector<double> offset;
  std::vector<std::string> names;  ///< names of the model's inputs after one-hot; may be empty
  /// Per raw column: its text categories; empty for a number.
  std::vector<std::vector<std::string>> categories;
  /// Per raw column: the number, or the index of the category, that replaces a missing value. Empty: missing
  /// values are an error.
  std::vector<float> impute;
  std::vector<float> scale, shift;  ///< per model input: x' = fma(x, scale, shift); empty: none
  /// Pairs of raw columns whose texts together are one more column each (data.crosses). Without hash_bits
  /// these are raw columns themselves, behind those of the file.
  std::vector<std::array<std::int32_t, 2>> crosses;
  /// Above 0: the model's inputs are 2^hash_bits sparse features, by a signed hash (docs/data.md).
  std::int64_t hash_bits = 0;
  /// With hash_bits, per column of the file: whether it holds texts. Empty: the source has no columns.
  std::vector<bool> hashed_texts;
};

/// With data.standardize_target, targets are stored as (y - mean) / deviation. Predictions and the metrics
/// r2, rmse and mae are in the unit of the data again.
struct TargetTransform {
  double mean = 0.0, deviation = 1.0;
  /// The part of mean that was taken off in double while reading, as FeatureTransform::offset.
  double offset = 0.0;
  bool operator==(const TargetTransform&) const = default;
};

/// The description of the training data that a model keeps, to read other data the same way.
struct DataSchema {
  bool sparse = false;
  std::int64_t features = 0;  ///< model inputs
  TargetKind target_kind = TargetKind::number;
  TargetTransform target_transform;
  std::vector<std::string> classes;  ///< labels as in the data, in class order
  FeatureTransform transform;        ///< that the features went through; empty: they are raw
  std::string target_column;         ///< CSV: name of the target column; empty: by position
  int index_base = 1;                ///< libsvm: the file's first index
};

/// One of several files that a data set comes from.
struct SourceFile {
  std::string name;
  std::int64_t first = 0;      ///< row of the data set that is its first
  std::int64_t first_row = 0;  ///< and the place of that row in the file, from 0
};

/// Where rows come from, for messages.
struct THALWEG_API RowOrigin {
  std::string source;                     ///< name of the file
  std::int64_t first_source_row = 0;      ///< row of the source that row 0 comes from
  std::vector<std::int64_t> source_line;  ///< text formats: line of each row; may be empty
  std::vector<SourceFile> source_files;   ///< in the order of their rows; empty: source is one file
  /// CSV: text of each row in the column data.id, and the name of that column; empty: there is none.
  std::vector<std::string> row_names;
  std::string row_name_column;

  /// The origin of row `row`: "data/a9a line 17" or "images.gz row 16".
  std::string where(std::int64_t row) const;
};

/// What a reader did to its rows.
struct ReadNotes {
  std::int64_t filled = 0;         ///< missing cells that data.impute filled
  std::int64_t unseen = 0;         ///< categories and indices left out that training did not have
  std::vector<std::string> notes;  ///< a line for each thing that was left out
  std::string target_reason;       ///< why the targets are numbers or classes; empty: the caller said
};

class RowStore;

/// Rows of a schema. A program may fill the vectors itself: rows, features, one of the three kinds of
/// storage, and target.
class THALWEG_API Dataset : public DataSchema, public RowOrigin, public ReadNotes {
 public:
  std::int64_t rows = 0;

  // dense: exactly one of these two has data
  std::vector<float> dense_f32;        ///< [rows, features]: raw, or what `transform` made of raw rows
  std::vector<std::uint8_t> dense_u8;  ///< [rows, features]: raw; a step transforms them as it reads them
  // sparse
  std::vector<std::int64_t> offsets;  ///< [rows + 1]
  std::vector<std::int32_t> columns;  ///< [offsets[rows]] from 0, ascending within a row
  std::vector<float> values;          ///< [offsets[rows]]

  /// Where the features are if they stay on the disk (open_shards): the vectors above are then empty.
  std::shared_ptr<const RowStore> store;

  std::vector<float> target;  ///< [rows] number or class index; empty: the source has none
  std::vector<float> weight;  ///< [rows] or empty: sample weight times class weight, of mean 1

  /// Views of the rows ids[0 .. count); null: of the rows 0 .. count. They hold while the data set does.
  DenseRows dense(const std::int64_t* ids, std::int64_t count) const;
  SparseRows csr(const std::int64_t* ids, std::int64_t count) const;
};

/// Writes the schema as JSON, for a model's metadata. Reading it back gives an equal schema, bit for bit.
THALWEG_API std::string schema_to_json(const DataSchema& schema);
/// Throws DataError if the text is not a schema.
THALWEG_API DataSchema schema_from_json(const std::string& json);

/// Reads training data and finds its schema: format, classes, categories, imputation and standardisation.
/// `use` says whether targets are classes or numbers. automatic: the rule of docs/numerics.md decides, which
/// is the same for every format. Missing values are imputed, and features standardised, from all rows read.
/// One-hot columns, named "column=category", are not standardised.
enum class TargetUse { automatic, classes, numbers };
THALWEG_API Dataset read_training_data(const DataConfig& config, TargetUse use,
                                       const ReadOptions& reading = {});

/// Splits off validation rows regardless of their classes. Row r is one if its Philox word of (seed, split,
/// r) is below fraction, so a row never moves between runs. Returns the row ids of both parts, ascending.
struct Split {
  std::vector<std::int64_t> train, validation;
};
THALWEG_API Split split_rows(std::int64_t rows, double fraction, std::uint64_t seed);

/// Reads training data as read_training_data does and splits off data.validation_fraction of the rows, of
/// each class its share if data.stratify says so. Class weights apply to the training rows alone. Imputation,
/// standardisation, categories, balanced class weights and the mean weight are those of the training rows;
/// classes are those of all rows. Throws DataError if no row is left to train on.
struct TrainingData {
  Dataset data;
  Split split;
};
THALWEG_API TrainingData read_and_split(const DataConfig& config, TargetUse use, std::uint64_t seed,
                                        const ReadOptions& reading = {});

/// Reads `path` (test data, data to predict) by the schema of a trained model. `target_path` has the meaning
/// of DataConfig::test_target. data.unseen says what becomes of a category or feature index that the schema
/// does not have. Labels outside schema.classes are an error, unless `need_target` is false. The
/// target may then be absent too, and the result has none. Class weights are for training and not applied.
THALWEG_API Dataset read_data_as(const DataConfig& config, const std::string& path,
                                 const std::string& target_path, const std::string& row_range,
                                 const DataSchema& schema, bool need_target, const ReadOptions& reading = {});

/// Reads data.test, or the rows data.test_rows of data.train if there is no test file. Throws UsageError if
/// the config names neither.
THALWEG_API Dataset read_test_data(const DataConfig& config, const DataSchema& schema, bool need_target,
                                   const ReadOptions& reading = {});

/// Returns what a model has to keep of the data set.
THALWEG_API DataSchema schema_of(const Dataset& data);

/// Returns the XXH3 fingerprint of row count, schema and sampled rows, or with `full` of all rows, as 32
/// hexadecimal digits.
THALWEG_API std::string fingerprint(const Dataset& data, bool full);

}  // namespace thalweg
