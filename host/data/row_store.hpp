#pragma once
// Features of rows that are read when they are needed.
#include <cstdint>
#include <vector>

#include "thalweg/tensor.hpp"

namespace thalweg {

/// Features of some rows in host memory, in the form of the model's inputs; uint8 rows are raw, and a step
/// transforms them as it reads them.
struct FeatureRows {
  std::int64_t rows = 0;
  std::vector<float> f32;                ///< [rows, features]; or
  std::vector<std::uint8_t> u8;          ///< [rows, features]; or
  std::vector<std::int64_t> offsets{0};  ///< [rows + 1]
  std::vector<std::int32_t> columns;     ///< [offsets[rows]]
  std::vector<float> values;             ///< [offsets[rows]]

  std::int64_t bytes() const {
    return std::ssize(u8) + 4 * (std::ssize(f32) + std::ssize(columns) + std::ssize(values)) +
           8 * std::ssize(offsets);
  }
  /// No rows; the memory stays.
  void clear() {
    rows = 0;
    f32.clear(), u8.clear(), columns.clear(), values.clear();
    offsets.assign(1, 0);
  }
};

/// What all rows of a store have in common.
struct StoredForm {
  std::int64_t rows = 0, features = 0;
  bool sparse = false;
  DType dtype = DType::f32;      ///< of what read gives; f32 for sparse rows
  std::int64_t entries = 0;      ///< sparse: of all rows
  std::int64_t longest_row = 0;  ///< sparse: entries of the longest row

  /// Bytes of a row on the average, with some more for sparse ones. The order by blocks follows from it
  /// (docs/numerics.md).
  std::int64_t row_bytes() const {
    if (!sparse) return features * (dtype == DType::u8 ? 1 : 4);
    return 16 + 8 * (rows > 0 ? entries / rows : 0);
  }
  /// Bytes of the longest row, as FeatureRows holds it.
  std::int64_t most_row_bytes() const { return sparse ? 8 + 8 * longest_row : row_bytes(); }
};

/// Bytes from which data.order = auto takes blocks: such a set is never read into memory as a whole, so that
/// the order does not depend on the machine.
inline constexpr std::int64_t kLargeStore = std::int64_t{8} << 30;

class RowStore {
 public:
  virtual ~RowStore() = default;
  virtual const StoredForm& form() const = 0;
  /// Appends the features of the rows first .. first + count. Safe from many threads at once. Throws
  /// DataError that names file and rows if they are damaged, and IoError if they cannot be read.
  virtual void read(std::int64_t first, std::int64_t count, FeatureRows& to) const = 0;
};

}  // namespace thalweg
