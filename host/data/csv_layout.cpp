#include "host/data/csv_layout.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/csv_crosses.hpp"
#include "host/data/csv_dialect.hpp"
#include "host/data/csv_header.hpp"
#include "host/data/csv_kinds.hpp"
#include "host/data/csv_roles.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Records that decide what a column is.
constexpr std::size_t kSampledRecords = 1000;
/// A sparse table with more columns is a hundred times smaller in the libsvm format.
constexpr std::size_t kMostColumns = std::size_t{1} << 20;

CsvRecords first_records(const TextBlock& block, const CsvDialect& dialect, const std::string& source) {
  CsvRecords records;
  CsvCells cells(block.text, dialect, block.first_line, source);
  while (records.size() < kSampledRecords && cells.next_record()) {
    CsvRecord& record = records.emplace_back();
    record.line = cells.record_line();
    for (std::string_view cell; cells.next_cell(cell);) {
      record.cells.emplace_back(cell);
      if (record.cells.size() > kMostColumns)
        throw DataError(fmt::format(
            "{} line {}: more than {} cells; want a delimiter between cells and a line for each row", source,
            record.line, kMostColumns));
    }
  }
  return records;
}

/// "# a comment" above a table has another number of cells than the table.
void refuse_comment(const ReadRequest& request, const CsvRecords& records) {
  const auto& first = records[0].cells;
  const bool hash = request.config.comment.empty() && first[0].starts_with('#');
  if (hash && records.size() > 1 && records[1].cells.size() != first.size())
    throw DataError(fmt::format("{} line {} begins with \"#\" and is not a row; want data.comment = \"#\"",
                                request.path, records[0].line));
}

void drop_header(TextBlock& block, const CsvDialect& dialect, const std::string& source) {
  CsvCells cells(block.text, dialect, block.first_line, source);
  cells.next_record();
  for (std::string_view cell; cells.next_cell(cell);) continue;
  const auto length = static_cast<std::size_t>(cells.position() - block.text.data());
  block.first_line = cells.line();
  block.text.erase(0, length);
}

/// Columns that exist only because each line ends with a delimiter.
void find_empty_columns(const ReadRequest& request, const CsvRecords& records, CsvLayout& layout) {
  const auto blank = [](const CsvRecord& record) { return trimmed(record.cells.back()).empty(); };
  if (records.empty() || layout.columns.size() < 2) return;
  const bool named = !layout.names.empty() && !layout.names.back().starts_with("Unnamed: ");
  const bool may_be_target = layout.names.empty() && request.schema != nullptr;
  if (named || may_be_target) return;
  if (std::all_of(records.begin(), records.end(), blank)) layout.columns.back().role = CsvRole::empty;
}

}  // namespace

std::string CsvLayout::column(std::size_t index) const {
  if (index < names.size()) return fmt::format("column {} ({})", shown(names[index]), index);
  return fmt::format("column {}", index);
}

std::string CsvLayout::name(std::size_t index) const {
  return index < names.size() ? names[index] : fmt::format("{}", index);
}

void name_columns(const CsvLayout& layout, RawData& data) {
  if (layout.row_name >= 0) data.row_name_column = layout.name(static_cast<std::size_t>(layout.row_name));
  if (layout.names.empty()) return;
  data.column_names.resize(static_cast<std::size_t>(layout.features));
  for (std::size_t c = 0; c < layout.columns.size(); ++c)
    if (layout.columns[c].feature >= 0)
      data.column_names[static_cast<std::size_t>(layout.columns[c].feature)] = layout.names[c];
  if (layout.target >= 0) data.target_column = layout.names[static_cast<std::size_t>(layout.target)];
}

CsvLayout find_csv_layout(const ReadRequest& request, const CellRules& rules, TextBlock& first) {
  CsvLayout layout;
  layout.dialect = find_dialect(request, first.text);
  CsvRecords records = first_records(first, layout.dialect, request.path);
  if (records.empty()) throw DataError(fmt::format("{} is empty; want rows of cells", request.path));
  refuse_comment(request, records);
  layout.columns.resize(records[0].cells.size());
  layout.names = header_names(request, rules, records);
  if (!layout.names.empty()) {
    drop_header(first, layout.dialect, request.path);
    records.erase(records.begin());
  }
  find_empty_columns(request, records, layout);
  assign_csv_roles(request, layout);
  find_csv_kinds(request, rules, records, layout);
  layout.hash_bits = request.schema ? request.schema->transform.hash_bits : request.config.hash_bits;
  layout.crosses = find_crosses(request, layout);
  return layout;
}

}  // namespace thalweg
