#pragma once
// What is wrong with a cell, a line or a column of a CSV file, and the way out.
#include <string>
#include <string_view>

#include "host/data/csv_layout.hpp"

namespace thalweg {

/// Distinct texts of a column; a table of more categories is for data.hash_bits.
constexpr std::size_t kMostCategories = 1000;

class CsvProblems {
 public:
  CsvProblems(const ReadRequest& request, const CsvLayout& layout) : request_(request), layout_(layout) {}

  std::string cell(std::string_view text, std::size_t column, std::int64_t line, std::string_view want) const;
  /// Of a cell in a column of numbers.
  std::string no_number(std::string_view text, std::size_t column, std::int64_t line) const;
  /// Of a line whose number of cells is not the layout's; `begin` is its first cell.
  std::string width(std::size_t cells, std::int64_t line, std::string_view begin) const;

  /// Throw DataError for a text column whose texts are too many to be categories or labels; the first may be
  /// called before all rows are read.
  void check_too_many(std::int32_t feature, std::size_t texts) const;
  void check_categories(std::int32_t feature, std::size_t texts, std::int64_t rows) const;
  void check_labels(std::size_t texts, std::int64_t rows) const;

 private:
  std::size_t column_of(std::int32_t feature) const;
  std::string comment_hint(std::string_view begin) const;

  const ReadRequest& request_;
  const CsvLayout& layout_;
};

}  // namespace thalweg
