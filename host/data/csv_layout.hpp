#pragma once
// The type and role of each column of a CSV file, found from its first block and the settings.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/raw_data.hpp"
#include "host/data/text_source.hpp"

namespace thalweg {

enum class CsvRole : std::uint8_t { number, text, target_number, target_text, weight, ignored };

struct CsvColumn {
  CsvRole role = CsvRole::number;
  std::int32_t feature = -1;  ///< index among the features
};

struct CsvLayout {
  char delimiter = ',';
  std::vector<std::string> names;  ///< names of the file's columns; empty without a header
  std::vector<CsvColumn> columns;  ///< columns of the file
  std::vector<std::int32_t> text_features;
  std::int32_t features = 0;
  std::int32_t target = -1;        ///< column of the file, -1: none
  std::vector<std::string> notes;  ///< what the file lacks

  /// `column "age" (3)` of the file, counted from 0 as in the settings.
  std::string column(std::size_t index) const;
};

/// Finds the layout and cuts the header off `first`.
CsvLayout find_csv_layout(const ReadRequest& request, TextBlock& first);

/// First records of the text as cells, at most `most`.
std::vector<std::vector<std::string>> first_records(const TextBlock& block, char delimiter, std::size_t most,
                                                    const std::string& source);

char detect_delimiter(Delimiter setting, const std::string& path, std::string_view text);

}  // namespace thalweg
