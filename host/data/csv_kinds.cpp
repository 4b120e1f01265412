#include "host/data/csv_kinds.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/number_looks.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// What the cells of a column are, in the first records.
struct CellCounts {
  std::int64_t numbers = 0, texts = 0;
  std::int64_t looks = 0, placeholders = 0;  ///< of the texts
  const CsvRecord* look = nullptr;           ///< the first record with a text that looks like a number
  const CsvRecord* placeholder = nullptr;    ///< likewise

  /// A single text in a column of numbers stays an error.
  bool is_text() const { return texts > numbers; }  // mutant: tie-is-numeric
};

CellCounts count_cells(const CsvRecords& records, std::size_t column, const CellRules& rules) {
  CellCounts counts;
  for (const CsvRecord& record : records) {
    if (column >= record.cells.size() || rules.is_missing(record.cells[column])) continue;
    const std::string& cell = record.cells[column];
    float value;
    const bool number = rules.number(cell, value) != ParsedNumber::not_a_number;
    ++(number ? counts.numbers : counts.texts);
    if (number) continue;
    if (look_of_no_number(cell)) {
      ++counts.looks;
      if (counts.look == nullptr) counts.look = &record;
    } else if (is_placeholder(cell)) {
      ++counts.placeholders;
      if (counts.placeholder == nullptr) counts.placeholder = &record;
    }
  }
  return counts;
}

/// Texts that were meant as numbers would be categories, one for each number, without a word.
void refuse_meant_numbers(const ReadRequest& request, const CsvLayout& layout, std::size_t column,
                          const CellCounts& counts) {
  const bool only_placeholders = counts.numbers > 0 && counts.placeholders == counts.texts;
  const bool mostly_looks = 2 * counts.looks > counts.texts - counts.placeholders;
  const CsvRecord* record = only_placeholders ? counts.placeholder : mostly_looks ? counts.look : nullptr;
  if (record == nullptr) return;
  const std::string& cell = record->cells[column];
  throw DataError(fmt::format("{} line {}, {}: got {}, {}", request.path, record->line, layout.column(column),
                              shown(cell), looks_like(cell, layout.name(column))));
}

/// Texts are labels where the settings, the model or the column say so.
bool target_is_text(const ReadRequest& request, bool text) {
  const bool classes =
      request.schema ? request.schema->target_kind == TargetKind::classes : request.use == TargetUse::classes;
  const bool numbers = request.schema ? !classes : request.use == TargetUse::numbers;
  return classes || (text && !numbers);
}

/// Words between blanks, and no column of numbers: a log, or prose.
void refuse_prose(const ReadRequest& request, const CsvLayout& layout) {
  const DataConfig& config = request.config;
  const bool guessed = config.delimiter == Delimiter::automatic && config.format == DataFormat::automatic;
  if (!guessed || request.schema || layout.dialect.delimiter != ' ') return;
  const auto texts = [](const CsvColumn& column) {
    return column.role != CsvRole::number && column.role != CsvRole::target_number;
  };
  if (!std::all_of(layout.columns.begin(), layout.columns.end(), texts)) return;
  throw DataError(fmt::format(
      "{}: words between blanks and no column of numbers; want a table of cells (data.delimiter = "
      "\"space\" if this is one)",
      request.path));
}

}  // namespace

void find_csv_kinds(const ReadRequest& request, const CellRules& rules, const CsvRecords& records,
                    CsvLayout& layout) {
  for (std::size_t c = 0; c < layout.columns.size(); ++c) {
    CsvColumn& column = layout.columns[c];
    if (column.role == CsvRole::number && !request.schema) {
      const CellCounts counts = count_cells(records, c, rules);
      const bool text = column.categorical || counts.is_text();
      if (text && !column.categorical) refuse_meant_numbers(request, layout, c, counts);
      if (text) column.role = CsvRole::text;
    } else if (column.role == CsvRole::target_number) {
      const CellCounts counts = count_cells(records, c, rules);
      const bool text = counts.is_text();
      const bool guessed = !column.categorical && !request.schema && request.use == TargetUse::automatic;
      if (text && guessed) refuse_meant_numbers(request, layout, c, counts);
      if (column.categorical || target_is_text(request, text)) column.role = CsvRole::target_text;
    }
    if (column.role == CsvRole::text) layout.text_features.push_back(column.feature);
  }
  refuse_prose(request, layout);
}

}  // namespace thalweg
