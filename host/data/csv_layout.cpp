#include "host/data/csv_layout.hpp"
#include "host/config/values.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/csv_cells.hpp"
#include "host/data/csv_roles.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using Records = std::vector<std::vector<std::string>>;
/// Records that decide whether a column is text.
constexpr std::size_t kSampledRecords = 1000;
/// A sparse table with more columns is a hundred times smaller in the libsvm format.
constexpr std::size_t kMostColumns = std::size_t{1} << 20;

bool has_header(Header setting, const std::vector<std::string>& record) {
  if (setting != Header::automatic) return setting == Header::yes;
  return std::none_of(record.begin(), record.end(),
                      [](const std::string& cell) { return is_missing(cell) || is_number(cell); });
}

void check_names(const std::string& source, const std::vector<std::string>& names) {
  std::vector<std::string> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end())
    throw DataError(
        fmt::format("{} line 1: two columns are called {}; want distinct names (data.header = \"no\" "
                    "if this is no header)",
                    source, shown(*twice)));
  for (const std::string& name : names)
    if (!is_utf8(name)) throw DataError(fmt::format("{} line 1: a column name is not UTF-8 text", source));
}

/// A column is text if most of its cells in the first records are not numbers. A single text cell in a column
/// of numbers therefore stays an error.
bool is_text_column(const Records& records, std::size_t column) {
  std::int64_t texts = 0, numbers = 0;
  for (const auto& record : records) {
    if (column >= record.size() || is_missing(record[column])) continue;
    float value;
    ++(parse_number(record[column], value) == ParsedNumber::not_a_number ? texts : numbers);
  }
  return texts > numbers;  // mutant: tie-is-numeric
}

void drop_header(TextBlock& block, char delimiter, const std::string& source) {
  CsvCells cells(block.text, delimiter, block.first_line, source);
  cells.next_record();
  for (std::string_view cell; cells.next_cell(cell);) continue;
  const auto length = static_cast<std::size_t>(cells.position() - block.text.data());
  block.first_line = cells.line();
  block.text.erase(0, length);
}

}  // namespace

Records first_records(const TextBlock& block, char delimiter, std::size_t most, const std::string& source) {
  Records records;
  CsvCells cells(block.text, delimiter, block.first_line, source);
  while (records.size() < most && cells.next_record()) {
    auto& record = records.emplace_back();
    for (std::string_view cell; cells.next_cell(cell);) {
      record.emplace_back(cell);
      if (record.size() > kMostColumns)
        throw DataError(fmt::format(
            "{} line {}: more than {} cells; want a delimiter between cells and a line for each row", source,
            cells.record_line(), kMostColumns));
    }
  }
  return records;
}

namespace {

/// The most frequent of the delimiters in the first line.
char most_frequent_delimiter(const std::string& path, std::string_view text) {
  if (path.ends_with(".tsv") || path.ends_with(".tsv.gz")) return '\t';
  char best = ' ';
  std::int64_t most = 0;
  for (const char candidate : {'\t', ';', ','}) {
    std::int64_t count = 0;
    bool quoted = false;
    for (const char c : text) {
      if (c == '"') quoted = !quoted;
      if (c == '\n' && !quoted) break;
      count += c == candidate && !quoted;
    }
    if (count > most) most = count, best = candidate;
  }
  return best;
}

}  // namespace

char detect_delimiter(Delimiter setting, const std::string& path, std::string_view text) {
  switch (setting) {
    case Delimiter::automatic:
      return most_frequent_delimiter(path, text);
    case Delimiter::comma:
      return ',';
    case Delimiter::semicolon:
      return ';';
    case Delimiter::tab:
      return '\t';
    case Delimiter::space:
      return ' ';
  }
  throw InternalError("a delimiter without a character");
}

std::string CsvLayout::column(std::size_t index) const {
  if (index < names.size()) return fmt::format("column {} ({})", shown(names[index]), index);
  return fmt::format("column {}", index);
}

CsvLayout find_csv_layout(const ReadRequest& request, TextBlock& first) {
  CsvLayout layout;
  const Delimiter delimiter = request.config.delimiter;
  layout.delimiter = request.config.format == DataFormat::tsv && delimiter == Delimiter::automatic
                         ? '\t'
                         : detect_delimiter(delimiter, request.path, first.text);
  Records records = first_records(first, layout.delimiter, kSampledRecords, request.path);
  if (records.empty()) throw DataError(fmt::format("{} is empty; want rows of cells", request.path));
  const std::size_t width = records[0].size();
  if (has_header(request.config.header, records[0])) {
    for (const std::string& name : records[0]) layout.names.emplace_back(trimmed(name));
    check_names(request.path, layout.names);
    drop_header(first, layout.delimiter, request.path);
    records.erase(records.begin());
  }
  layout.columns.resize(width);
  assign_csv_roles(request, layout);
  for (std::size_t c = 0; c < width; ++c) {
    CsvColumn& column = layout.columns[c];
    const bool known = request.schema && column.feature >= 0;
    const bool text = known ? column.role == CsvRole::text : is_text_column(records, c);
    if (column.role == CsvRole::number && text) column.role = CsvRole::text;
    if (column.role == CsvRole::text) layout.text_features.push_back(column.feature);
    if (column.role == CsvRole::target_number) {
      const bool classes = request.schema ? request.schema->target_kind == TargetKind::classes
                                          : request.use == TargetUse::classes;
      const bool numbers = request.schema ? !classes : request.use == TargetUse::numbers;
      if (classes || (text && !numbers)) column.role = CsvRole::target_text;
    }
  }
  return layout;
}

}  // namespace thalweg
