#pragma once
// The output of a reader: cells as in the file, before imputation, one-hot and scaling.
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/config/row_range.hpp"
#include "host/data/byte_source.hpp"
#include "thalweg/dataset.hpp"

namespace thalweg {

/// Throws DataError when a source of `rows` rows does not have the whole range.
void require_rows(const std::string& source, const RowRange& range, std::int64_t rows);

/// One label per row: numbers where all are numbers, and codes into texts where they are few enough to be
/// classes.
struct LabelColumn {
  bool present = false;
  bool are_classes = false;     ///< whether the format is one of labels: its whole numbers are classes
  bool in_class_order = false;  ///< whether the texts are the classes, in their order
  std::vector<double> numbers;
  std::vector<std::int32_t> codes;
  std::vector<std::string> texts;

  std::int64_t rows() const {
    return static_cast<std::int64_t>(texts.empty() ? numbers.size() : codes.size());
  }
};

/// Per column that float32 may not hold well: its numbers in double, a row after the other.
using PreciseColumns = std::map<std::int64_t, std::vector<double>>;

/// The cells of rows in one of three layouts.
struct RawCells {
  enum class Layout { f32, u8, csr };
  Layout layout = Layout::f32;
  std::int64_t rows = 0;
  std::int64_t width = 0;  ///< raw columns; csr: features

  std::vector<float> cells;         ///< f32: [rows, width]; NaN: missing; a text column holds codes
  std::vector<std::uint8_t> bytes;  ///< u8: [rows, width]
  PreciseColumns precise;           ///< f32; csr: large entries that float32 rounds off, by the file's index
  std::vector<std::int64_t> offsets;
  std::vector<std::int32_t> columns;
  std::vector<float> values;
};

struct RawData : RawCells, RowOrigin, ReadNotes {
  std::vector<std::string> column_names;        ///< may be empty
  std::vector<std::vector<std::string>> texts;  ///< f32: per column its texts by code; empty: numbers
  LabelColumn labels;
  std::vector<float> weight;

  /// As in FeatureTransform. Columns of crosses without hash_bits are among the others.
  std::vector<std::array<std::int32_t, 2>> crosses;
  std::int64_t hash_bits = 0;
  std::vector<bool> hashed_texts;

  std::string target_column;
  int index_base = 1;

  std::string column(std::int64_t index) const;  ///< `column "age" (3)`, for messages
};

/// Who takes the rows of a source as they are read.
struct RowTakers {
  /// Where there is one, an array gives it the labels, the weights and the number of all rows ahead of the
  /// first block. A text format gives an empty block at the end and returns them; with categories, all rows.
  std::function<void(RawData&&)> companions = {};
  /// Where there is one, a text format, or one array of numbers in C order, gives it the rows block by block,
  /// as a source each, and returns none.
  std::function<void(RawData&&)> rows = {};
};

/// The input of a reader.
struct ReadRequest {
  const DataConfig& config;
  std::string path;    ///< of the file that is read
  std::string source;  ///< what the rows are called where several files have them; empty: path
  std::string target;  ///< column, or file of labels
  std::string target_key;
  std::string weight;  ///< column, or file of weights; empty: none
  RowRange range;
  TargetUse use = TargetUse::automatic;
  bool need_target = true;
  bool for_training = false;
  const DataSchema* schema = nullptr;  ///< schema of the model whose kind of data is required; null: none
  const ReadProgress& progress;
  int threads = 0;                     ///< as ReadOptions::threads
  std::vector<std::string> more = {};  ///< files whose rows follow those of path
  RowTakers takers = {};

  const std::string& name() const { return source.empty() ? path : source; }
  /// Whether each row is to be given on as soon as it is there: somebody may wait for the answer.
  bool at_once() const { return takers.rows && !takers.companions; }
};

/// A file of one label (or weight) per row of the request: npy, IDX, or text with one per line.
LabelColumn read_label_file(const ReadRequest& request, const std::string& path);

/// Reads request.target and request.weight as files into `data`.
void read_companions(const ReadRequest& request, RawData& data);

/// Columns of a source that has the schema, with those of data.crosses, ahead of one-hot encoding.
inline std::int64_t raw_width(const DataSchema& schema) {
  const auto& categories = schema.transform.categories;
  const auto& hashed = schema.transform.hashed_texts;
  if (!hashed.empty()) return static_cast<std::int64_t>(hashed.size());
  return categories.empty() ? schema.features : static_cast<std::int64_t>(categories.size());
}

/// Feature columns of a table that has the schema.
inline std::int64_t table_width(const DataSchema& schema) {
  const FeatureTransform& transform = schema.transform;
  if (transform.hash_bits > 0) return static_cast<std::int64_t>(transform.hashed_texts.size());
  return raw_width(schema) - static_cast<std::int64_t>(transform.crosses.size());
}

/// Throws DataError when `raw` has no rows at all.
void require_some_rows(const RawData& raw);

/// Makes the data set of a training source. Classes and categories are found on all its rows; imputation,
/// scaling and class weights, in this order, on the rows `train`, of which those of weight 0 count as if they
/// were not there.
Dataset fit_dataset(RawData&& raw, const DataConfig& config, TargetUse use,
                    const std::vector<std::int64_t>& train, int threads);
/// The data set of another source by a model's schema.
Dataset apply_schema(RawData&& raw, const DataSchema& schema, bool need_target, Unseen unseen, int threads);

/// Reads data.train; with a schema as the kind of data that it asks for. Throws DataError if it has no rows.
RawData read_raw_training_data(const DataConfig& config, TargetUse use, const ReadOptions& reading,
                               const DataSchema* schema = nullptr);

/// The same without a schema, but rows that may pass by go to `takers`: then none of them are returned.
RawData read_raw_training_data(const DataConfig& config, TargetUse use, const ReadOptions& reading,
                               const RowTakers& takers);

}  // namespace thalweg
