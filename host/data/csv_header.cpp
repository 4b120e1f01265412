#include "host/data/csv_header.hpp"
#include "host/config/values.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/number_looks.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

bool is_number_by(const CellRules& rules, const std::string& cell) {
  double value;
  return rules.number(cell, value) == ParsedNumber::ok;
}

bool is_word(const std::string& cell, const CellRules& rules) {
  return !rules.is_missing(cell) && !is_number_by(rules, cell);
}

/// Whether column `c` has numbers below the first record, and nothing else.
bool holds_numbers(const CsvRecords& records, std::size_t c, const CellRules& rules) {
  bool any = false;
  for (std::size_t r = 1; r < records.size(); ++r) {
    if (c >= records[r].cells.size() || rules.is_missing(records[r].cells[c])) continue;
    if (!is_number_by(rules, records[r].cells[c])) return false;
    any = true;
  }
  return any;
}

/// Whether a word stands where the rest of its column has numbers.
bool names_numbers(const CsvRecords& records, const CellRules& rules) {
  const auto& first = records[0].cells;
  for (std::size_t c = 0; c < first.size(); ++c)
    if (is_word(first[c], rules) && holds_numbers(records, c, rules)) return true;
  return false;
}

/// Whether the cells are first, first + 1, ...
bool counts_from(const std::vector<std::string>& cells, std::int64_t first) {
  for (const std::string& cell : cells) {
    std::int64_t value;
    if (!parse_integer(cell, value) || value != first++) return false;
  }
  return true;
}

bool has_fractions_below(const CsvRecords& records, std::size_t c) {
  const auto fraction = [&](const CsvRecord& record) {
    return c < record.cells.size() && record.cells[c].find('.') != std::string::npos;
  };
  return records.size() > 1 && std::all_of(records.begin() + 1, records.end(), fraction);
}

/// 0, 1, 2, ... is how tools name columns without names. Two columns are too few to tell it from a row,
/// unless one has fractions in every row below; and rows that count on are rows.
bool is_row_of_indices(const CsvRecords& records) {
  const auto& first = records[0].cells;
  const auto width = static_cast<std::int64_t>(first.size());
  if (width < 2 || records.size() < 2 || !counts_from(first, 0)) return false;
  if (counts_from(records[1].cells, width)) return false;
  return width > 2 || has_fractions_below(records, 0) || has_fractions_below(records, 1);
}

/// A column without a name that counts the rows from 0, as tools write it ahead of the others.
bool begins_with_index(const CsvRecords& records) {
  if (records.size() < 2 || !trimmed(records[0].cells[0]).empty()) return false;
  for (std::size_t r = 1; r < records.size(); ++r)
    if (records[r].cells[0] != std::to_string(r - 1)) return false;
  return true;
}

/// Whether a cell of the first record is a date, an amount, ... as the one below is: then it names nothing.
bool begins_with_looks(const CsvRecords& records) {
  const auto& first = records[0].cells;
  for (std::size_t c = 0; records.size() > 1 && c < std::min(first.size(), records[1].cells.size()); ++c)
    if (number_look(first[c]) && number_look(records[1].cells[c])) return true;
  return false;
}

bool has_header(Header setting, const CellRules& rules, const CsvRecords& records) {
  if (setting != Header::automatic) return setting == Header::yes;
  const auto& first = records[0].cells;
  const auto number = [&](const std::string& cell) { return is_number_by(rules, cell); };
  const auto word = [&](const std::string& cell) { return is_word(cell, rules); };
  if (std::any_of(first.begin(), first.end(), number)) return is_row_of_indices(records);
  if (begins_with_looks(records)) return false;
  return std::all_of(first.begin(), first.end(), word) || names_numbers(records, rules) ||
         begins_with_index(records);
}

std::string name_in(std::string_view cell, std::size_t index) {
  const std::string_view name = trimmed(cell);
  return name.empty() ? fmt::format("Unnamed: {}", index) : std::string(name);
}

void check_names(const std::string& source, std::int64_t line, const std::vector<std::string>& names) {
  std::vector<std::string> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end())
    throw DataError(
        fmt::format("{} line {}: two columns are called {}; want distinct names (data.header = \"no\" "
                    "if this is no header)",
                    source, line, shown(*twice)));
  for (const std::string& name : names)
    if (!is_utf8(name))
      throw DataError(fmt::format("{} line {}: a column name is not UTF-8 text", source, line));
}

}  // namespace

std::vector<std::string> header_names(const ReadRequest& request, const CellRules& rules,
                                      const CsvRecords& records) {
  std::vector<std::string> names;
  if (!has_header(request.config.header, rules, records)) return names;
  for (const std::string& cell : records[0].cells) names.push_back(name_in(cell, names.size()));
  check_names(request.path, records[0].line, names);
  return names;
}

void drop_same_header(const ReadRequest& part, const std::string& first_file, const CsvLayout& layout,
                      TextBlock& block) {
  if (layout.names.empty()) return;
  CsvCells cells(block.text, layout.dialect, block.first_line, part.path);
  if (!cells.next_record()) throw DataError(fmt::format("{} is empty; want rows of cells", part.path));
  std::size_t c = 0;
  for (std::string_view cell; cells.next_cell(cell); ++c) {
    const std::string name = name_in(cell, c);
    if (c < layout.names.size() && name != layout.names[c])
      throw DataError(fmt::format("{} line {}: column {} is called {}; want {}, as in {}", part.path,
                                  cells.record_line(), c, shown(name), shown(layout.names[c]), first_file));
  }
  if (c != layout.names.size())
    throw DataError(fmt::format("{} line {}: {} columns; want {}, as in {}", part.path, cells.record_line(),
                                c, layout.names.size(), first_file));
  const auto length = static_cast<std::size_t>(cells.position() - block.text.data());
  block.first_line = cells.line();
  block.text.erase(0, length);
}

}  // namespace thalweg
