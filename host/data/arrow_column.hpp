#pragma once
// One column of an Arrow table: its cells, as numbers or texts.
#include <string>

#include "thalweg/arrow.hpp"

namespace thalweg {

/// A column that batches are appended to. The buffers of a batch are laid out as "Arrow Columnar Format" says
/// (https://arrow.apache.org/docs/format/Columnar.html).
class ArrowColumn {
 public:
  /// Throws DataError for a type that is not a number or a text. `source` is for messages.
  ArrowColumn(const ArrowSchema& schema, std::string source);

  /// Throws DataError for an array that is not of the schema's type.
  void append(const ArrowArray& array);
  /// "column "age" of rides.parquet", for messages.
  std::string shown_name() const;
  /// The cells of the batches since the last call.
  RawColumn take();

 private:
  /// The values of a dictionary, without a row yet.
  explicit ArrowColumn(const ArrowColumn* dictionary);
  void require_buffers(const ArrowArray& array) const;
  void append_indices(const ArrowArray& array);
  [[noreturn]] void refuse(const std::string& what) const;

  std::string source_, format_;
  std::string indices_;  ///< format of the indices, where the column is a dictionary
  bool text_;
  RawColumn column_;
};

}  // namespace thalweg
