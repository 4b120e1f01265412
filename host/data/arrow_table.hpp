#pragma once
// Arrow tables of which some columns stay unread.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/data/arrow_column.hpp"
#include "thalweg/arrow.hpp"

namespace thalweg {

/// A table that comes in batches. The stream is released at the end.
class ArrowTable {
 public:
  /// Columns that `ignored` names may be of any type: their cells are missing values.
  ArrowTable(ArrowArrayStream& stream, std::string source, const std::vector<std::string>& ignored);

  /// False at the end.
  bool append_batch();
  /// The columns, with the rows that were appended since the last call.
  RawTable take();

 private:
  struct Stream {
    ArrowArrayStream& it;
    ~Stream() {
      if (it.release != nullptr) it.release(&it);
    }
  };

  RawColumn column_of_no_value(std::size_t c) const;
  void append(const ArrowArray& batch, std::size_t c);
  void require(int code);

  Stream stream_;
  std::string source_;
  std::vector<std::optional<ArrowColumn>> columns_;  ///< none of those that are not read
  std::map<std::size_t, std::string> unread_;        ///< names
  std::int64_t rows_ = 0;                            ///< since the last take
};

/// read_arrow; a column that `ignored` names, as data.ignore does, may be of any type: its cells are missing
/// values.
RawTable read_arrow(ArrowArrayStream* stream, const std::string& source,
                    const std::vector<std::string>& ignored);

}  // namespace thalweg
