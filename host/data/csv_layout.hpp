#pragma once
// The type and role of each column of a CSV file, found from its first block and the settings.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/cell_rules.hpp"
#include "host/data/csv_cells.hpp"
#include "host/data/raw_data.hpp"
#include "host/data/text_source.hpp"

namespace thalweg {

enum class CsvRole : std::uint8_t {
  number,
  text,
  target_number,
  target_text,
  weight,
  row_name,
  ignored,
  empty  ///< no name and no cells, as behind a delimiter at the end of each line
};

struct CsvColumn {
  CsvRole role = CsvRole::number;
  std::int32_t feature = -1;  ///< index among the features
  bool categorical = false;   ///< text, whatever its cells look like
};

struct CsvRecord {
  std::int64_t line = 0;
  std::vector<std::string> cells;
};
using CsvRecords = std::vector<CsvRecord>;

struct CsvLayout {
  CsvDialect dialect;
  std::vector<std::string> names;  ///< names of the file's columns; empty without a header
  std::vector<CsvColumn> columns;  ///< columns of the file
  std::vector<std::int32_t> text_features;
  std::int32_t features = 0;
  std::int32_t target = -1;                          ///< column of the file, -1: none
  std::int32_t row_name = -1;                        ///< likewise
  std::int64_t hash_bits = 0;                        ///< above 0: the features are hashed
  std::vector<std::array<std::int32_t, 2>> crosses;  ///< pairs of text features
  std::vector<std::string> notes;                    ///< what the file lacks

  /// `column "age" (3)` of the file, counted from 0 as in the settings.
  std::string column(std::size_t index) const;
  /// Its name, or index, as the settings take it.
  std::string name(std::size_t index) const;
};

/// Names the columns, the target and the ids of the source as the layout does.
void name_columns(const CsvLayout& layout, RawData& data);

/// Finds the layout and cuts the header off `first`.
CsvLayout find_csv_layout(const ReadRequest& request, const CellRules& rules, TextBlock& first);

}  // namespace thalweg
