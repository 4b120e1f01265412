#include "host/data/csv_dialect.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/data/inflater.hpp"
#include "host/data/number_looks.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// The first line that is not a comment; line ends in quotes do not end it.
std::string_view first_line(std::string_view text, std::string_view comment) {
  while (!comment.empty() && text.starts_with(comment))
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == '\n' && !quoted) return text.substr(0, i);
  }
  return text;
}

std::int64_t count_outside_quotes(std::string_view line, char delimiter) {
  std::int64_t count = 0;
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    count += c == delimiter && !quoted;
  }
  return count;
}

/// Whether all cells are numbers, some of them with a decimal comma: then the commas separate nothing, as
/// many as there are.
bool has_decimal_commas(std::string_view line, char delimiter) {
  bool comma = false;
  for (std::string_view rest = trimmed(line); !rest.empty();) {
    const std::size_t end = std::min(rest.find(delimiter), rest.size());
    const std::string_view cell = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (delimiter == ' ' && cell.empty()) continue;
    if (!is_number(cell) && !has_decimal_comma(cell)) return false;
    comma |= !is_number(cell);
  }
  return comma;
}

/// The most frequent of the delimiters in the first line.
char most_frequent_delimiter(std::string_view line, Decimal decimal) {
  char best = ' ';
  std::int64_t most = 0;
  for (const char candidate : {'\t', ';', '|', ','}) {
    if (candidate == ',' && decimal == Decimal::comma) continue;
    const std::int64_t count = count_outside_quotes(line, candidate);
    if (count > most) most = count, best = candidate;
  }
  return best;
}

}  // namespace

char detect_delimiter(const DataConfig& config, const std::string& path, std::string_view text) {
  switch (config.delimiter) {
    case Delimiter::automatic:
      break;
    case Delimiter::comma:
      return ',';
    case Delimiter::semicolon:
      return ';';
    case Delimiter::tab:
      return '\t';
    case Delimiter::space:
      return ' ';
    case Delimiter::bar:
      return '|';
  }
  const std::string name = in_lower_case(path);
  if (config.format == DataFormat::tsv || without_compression(name).ends_with(".tsv")) return '\t';
  const std::string_view line = first_line(text, config.comment);
  for (const char candidate : {'\t', ';', '|', ' '})
    if (line.find(candidate) != std::string_view::npos && has_decimal_commas(line, candidate))
      return candidate;
  return most_frequent_delimiter(line, config.decimal);
}

namespace {

/// Where commas are decimal marks, a line of cells between commas would be one cell.
void refuse_commas_between_cells(const ReadRequest& request, std::string_view line, char delimiter) {
  const DataConfig& config = request.config;
  const bool guessed = config.delimiter == Delimiter::automatic && delimiter == ' ';
  if (!guessed || config.decimal != Decimal::comma) return;
  const bool is_number_alone = has_decimal_comma(trimmed(line)) || has_decimal_commas(line, ' ');
  if (is_number_alone || count_outside_quotes(line, ',') == 0) return;
  throw DataError(fmt::format(
      "{}: the first line is {}, with no delimiter but commas, which are decimal marks (data.decimal = "
      "comma); want data.delimiter = \"comma\" if they stand between cells",
      request.path, shown(line)));
}

}  // namespace

CsvDialect find_dialect(const ReadRequest& request, std::string_view text) {
  const char delimiter = detect_delimiter(request.config, request.path, text);
  refuse_commas_between_cells(request, first_line(text, request.config.comment), delimiter);
  return {delimiter, request.config.comment};
}

}  // namespace thalweg
