#include "host/cli/prediction_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "host/config/values.hpp"
#include "host/data/target_transform.hpp"
#include "host/data/text.hpp"
#include "host/json/json.hpp"
#include "thalweg/error.hpp"

namespace thalweg::cli {
namespace {

/// RFC 4180: quoted where the text holds a comma, a quote or a line break.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;  // mutant: line-break-quoted
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

/// A float by its shortest decimal.
double shortest(float value) {
  return std::isfinite(value) ? std::stod(fmt::format("{}", value)) : double{value};
}

/// The rows of the table: their names, targets, classes and values.
class Rows {
 public:
  explicit Rows(const PredictionTable& table) : table_(table) {}

  bool classifies() const { return !table_.predictions.predicted_class.empty(); }
  bool named() const { return !table_.data.row_names.empty(); }
  std::int64_t columns() const { return table_.predictions.columns; }
  std::string kind() const { return traits_of(table_.spec.config.loss).scores ? "score" : "probability"; }

  std::string class_name(std::int64_t index) const {
    const auto i = static_cast<std::size_t>(index);
    const auto& classes = table_.spec.schema.classes;
    return i < classes.size() ? classes[i] : std::to_string(index);
  }
  /// The class that a column of values speaks for.
  std::string column_class(std::int64_t column) const {
    return class_name(columns() == 1 ? 1 : column);  // mutant: score-of-class-1
  }

  const std::string& name(std::int64_t row) const {
    return table_.data.row_names[static_cast<std::size_t>(row)];
  }
  std::string predicted(std::int64_t row) const {
    return class_name(table_.predictions.predicted_class[static_cast<std::size_t>(row)]);
  }
  float value(std::int64_t row, std::int64_t column) const {
    return table_.predictions.values[static_cast<std::size_t>(row * columns() + column)];
  }
  /// As text and for JSON: the double where float32 would round it off.
  std::string value_text(std::int64_t row, std::int64_t column) const {
    return exact() ? number_text(exact_value(row, column)) : fmt::format("{}", value(row, column));
  }
  double value_number(std::int64_t row, std::int64_t column) const {
    return exact() ? exact_value(row, column) : shortest(value(row, column));
  }
  float target(std::int64_t row) const { return table_.data.target[static_cast<std::size_t>(row)]; }
  /// The target in the unit of the data.
  std::string target_text(std::int64_t row) const {
    return in_unit_of_data() ? fmt::format("{}", target(row)) : fmt::format("{}", target_number(row));
  }
  double target_number(std::int64_t row) const {
    return in_unit_of_data() ? shortest(target(row)) : raw_target(unit(), target(row));
  }
  std::string target_class(std::int64_t row) const {
    return class_name(static_cast<std::int64_t>(target(row)));
  }

  /// The columns of a row with the largest values, in order.
  std::vector<std::int64_t> likeliest(std::int64_t row) const {
    std::vector<std::int64_t> order(static_cast<std::size_t>(columns()));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::int64_t a, std::int64_t b) { return value(row, a) > value(row, b); });
    order.resize(static_cast<std::size_t>(std::min(table_.top_k, columns())));
    return order;
  }

 private:
  static std::string number_text(double number) { return fmt::format("{}", number); }
  bool exact() const { return !table_.predictions.exact_values.empty(); }
  double exact_value(std::int64_t row, std::int64_t column) const {
    return table_.predictions.exact_values[static_cast<std::size_t>(row * columns() + column)];
  }
  const TargetTransform& unit() const { return table_.spec.schema.target_transform; }
  bool in_unit_of_data() const { return unit() == TargetTransform{}; }

  const PredictionTable& table_;
};

/// Puts the name of a column of the data before the others: `word` if it has none, "word name" if it is
/// taken.
void add_first(const std::string& word, std::string name, std::vector<std::string>& names) {
  if (name.empty()) name = word;
  while (std::find(names.begin(), names.end(), name) != names.end()) name = word + " " + name;
  names.insert(names.begin(), name);
}

std::string header(const PredictionTable& table, const Rows& rows) {
  std::vector<std::string> names{rows.classifies() ? "class" : "prediction"};
  if (rows.classifies() && table.top_k == 0) {
    for (std::int64_t k = 0; k < rows.columns(); ++k)
      names.push_back(rows.kind() + " " + rows.column_class(k));
  }
  for (std::int64_t k = 1; k <= table.top_k; ++k) {
    names.push_back(fmt::format("top {}", k));
    names.push_back(fmt::format("{} of top {}", rows.kind(), k));
  }
  if (table.with_target) add_first("target", table.data.target_column, names);
  if (rows.named()) add_first("id", table.data.row_name_column, names);
  std::string line;
  for (const std::string& name : names) line += (line.empty() ? "" : ",") + csv_field(name);
  return line + "\n";
}

void add_values(const PredictionTable& table, const Rows& rows, std::int64_t row, fmt::memory_buffer& text) {
  const auto to = std::back_inserter(text);
  if (rows.classifies()) fmt::format_to(to, "{},", csv_field(rows.predicted(row)));
  const char* comma = "";
  if (table.top_k > 0) {
    for (const std::int64_t k : rows.likeliest(row)) {
      fmt::format_to(to, "{}{},{}", comma, csv_field(rows.column_class(k)), rows.value(row, k));
      comma = ",";
    }
    return;
  }
  for (std::int64_t k = 0; k < rows.columns(); ++k) {
    fmt::format_to(to, "{}{}", comma, rows.value_text(row, k));
    comma = ",";
  }
}

Json top_classes(const Rows& rows, std::int64_t row) {
  Json top = Json::Array();
  for (const std::int64_t k : rows.likeliest(row)) {
    Json entry;
    entry["class"] = rows.column_class(k);
    entry[rows.kind()] = shortest(rows.value(row, k));
    top.push_back(std::move(entry));
  }
  return top;
}

/// A row's name, which a CSV file may have in any encoding.
const std::string& json_name(const PredictionTable& table, const std::string& name, std::int64_t row) {
  if (is_utf8(name)) return name;
  throw DataError(fmt::format("{}: the id {} is not UTF-8 text, which JSON needs (iconv -t utf-8 converts)",
                              table.data.where(row), shown(name)));
}

Json row_json(const PredictionTable& table, const Rows& rows, std::int64_t row) {
  Json object;
  if (rows.named()) object["id"] = json_name(table, rows.name(row), row);
  if (!rows.classifies()) {
    if (table.with_target) object["target"] = rows.target_number(row);
    object["prediction"] = rows.value_number(row, 0);
    return object;
  }
  if (table.with_target) object["target"] = rows.target_class(row);
  object["class"] = rows.predicted(row);
  if (table.top_k > 0) {
    object["top"] = top_classes(rows, row);
    return object;
  }
  const std::string key = rows.kind() == "score" ? "scores" : "probabilities";
  for (std::int64_t k = 0; k < rows.columns(); ++k)
    object[key][rows.column_class(k)] = shortest(rows.value(row, k));
  return object;
}

}  // namespace

std::string to_csv(const PredictionTable& table) {
  const Rows rows(table);
  fmt::memory_buffer text;
  if (table.begins) fmt::format_to(std::back_inserter(text), "{}", header(table, rows));
  for (const std::int64_t row : table.rows) {
    if (rows.named()) fmt::format_to(std::back_inserter(text), "{},", csv_field(rows.name(row)));
    if (table.with_target && rows.classifies())
      fmt::format_to(std::back_inserter(text), "{},", csv_field(rows.target_class(row)));
    if (table.with_target && !rows.classifies())
      fmt::format_to(std::back_inserter(text), "{},", rows.target_text(row));
    add_values(table, rows, row, text);
    text.push_back('\n');
  }
  return fmt::to_string(text);
}

std::string to_json_lines(const PredictionTable& table) {
  const Rows rows(table);
  std::string text;
  for (const std::int64_t row : table.rows) text += row_json(table, rows, row).dump() + "\n";
  return text;
}

}  // namespace thalweg::cli
