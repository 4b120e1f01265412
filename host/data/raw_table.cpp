#include "host/data/raw_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "host/data/csv_crosses.hpp"
#include "host/data/csv_layout.hpp"
#include "host/data/csv_problems.hpp"
#include "host/data/csv_roles.hpp"
#include "host/data/labels.hpp"
#include "host/data/precise.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

std::size_t length_of(const RawColumn& column) { return column.numbers.size() + column.texts.size(); }

void require_columns(const RawTable& table, const std::string& source) {
  if (table.columns.empty()) throw ShapeError(source + " has no columns");
  const std::size_t rows = length_of(table.columns.front());
  std::set<std::string> names;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const RawColumn& column = table.columns[c];
    if (!column.numbers.empty() && !column.texts.empty())
      throw ShapeError(fmt::format("{}, column {} ({}) has numbers and texts; want one of them", source,
                                   shown(column.name), c));
    if (length_of(column) != rows)
      throw ShapeError(fmt::format("{}, column {} ({}) has {} rows; the first has {}", source,
                                   shown(column.name), c, length_of(column), rows));
    if (!column.name.empty() && !names.insert(column.name).second)
      throw DataError(fmt::format("{} has two columns {}", source, shown(column.name)));
  }
}

/// Hashes are made of the rows of files alone.
void require_unhashed(const ReadRequest& request) {
  if (request.schema == nullptr || request.schema->transform.hash_bits == 0) return;
  throw DataError(
      fmt::format("{} is a table in memory; the model hashes its features (data.hash_bits = {}): want a file",
                  request.path, request.schema->transform.hash_bits));
}

/// Roles as the columns of a CSV file have them; what a column holds says whether it is text.
CsvLayout layout_of(const RawTable& table, const ReadRequest& request) {
  CsvLayout layout;
  layout.columns.resize(table.columns.size());
  const auto named = [](const RawColumn& column) { return !column.name.empty(); };
  if (std::any_of(table.columns.begin(), table.columns.end(), named))
    for (const RawColumn& column : table.columns) layout.names.push_back(column.name);
  assign_csv_roles(request, layout);
  for (std::size_t c = 0; c < layout.columns.size(); ++c) {
    CsvColumn& column = layout.columns[c];
    const bool text = column.categorical || !table.columns[c].texts.empty();
    if (text && column.role == CsvRole::number) column.role = CsvRole::text;
    if (text && column.role == CsvRole::target_number) column.role = CsvRole::target_text;
    if (column.role == CsvRole::text) layout.text_features.push_back(column.feature);
  }
  return layout;
}

class TableReader {
 public:
  TableReader(const RawTable& table, const ReadRequest& request, const CsvLayout& layout, RawData& data)
      : table_(table),
        rules_(request.config),
        request_(request),
        layout_(layout),
        problems_(request, layout),
        data_(data) {}

  void read() {
    data_.cells.resize(static_cast<std::size_t>(data_.rows * data_.width));
    data_.texts.resize(static_cast<std::size_t>(data_.width));
    for (std::size_t c = 0; c < table_.columns.size(); ++c) read_column(c);
    keep_precise();
  }

 private:
  std::size_t rows() const { return static_cast<std::size_t>(data_.rows); }
  const RawColumn& column(std::size_t c) const { return table_.columns[c]; }

  /// NaN: missing.
  double number(std::size_t c, std::size_t row) const {
    const double value = column(c).numbers[row];
    return rules_.missing.contains_value(value) ? std::numeric_limits<double>::quiet_NaN() : value;
  }

  /// A number as its text, where categories were meant; empty: missing.
  std::string text(std::size_t c, std::size_t row) const {
    if (column(c).texts.empty()) {
      const double value = number(c, row);
      return std::isnan(value) ? "" : number_text(value);
    }
    const std::string& cell = column(c).texts[row];
    return rules_.is_missing(cell) ? "" : std::string(trimmed(cell));
  }

  void read_column(std::size_t c) {
    switch (layout_.columns[c].role) {
      case CsvRole::number:
        return read_numbers(c);
      case CsvRole::text:
        return read_texts(c);
      case CsvRole::target_number:
        for (std::size_t row = 0; row < rows(); ++row) data_.labels.numbers.push_back(number(c, row));
        return;
      case CsvRole::target_text:
        return read_labels(c);
      case CsvRole::weight:
        return read_weights(c);
      case CsvRole::row_name:
        for (std::size_t row = 0; row < rows(); ++row) data_.row_names.push_back(text(c, row));
        return;
      case CsvRole::empty:
      case CsvRole::ignored:
        return;
    }
  }

  float& cell(std::size_t c, std::size_t row) {
    return data_.cells[row * static_cast<std::size_t>(data_.width) +
                       static_cast<std::size_t>(layout_.columns[c].feature)];
  }

  void read_numbers(std::size_t c) {
    for (std::size_t row = 0; row < rows(); ++row) cell(c, row) = static_cast<float>(number(c, row));
  }

  void read_texts(std::size_t c) {
    TextCodes codes;
    for (std::size_t row = 0; row < rows(); ++row) {
      const std::string value = text(c, row);
      cell(c, row) =
          value.empty() ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(codes.code(value));
    }
    const std::int32_t feature = layout_.columns[c].feature;
    problems_.check_too_many(feature, codes.texts().size());
    problems_.check_categories(feature, codes.texts().size(), data_.rows);
    data_.texts[static_cast<std::size_t>(feature)] = codes.texts();
  }

  void read_labels(std::size_t c) {
    TextCodes codes;
    for (std::size_t row = 0; row < rows(); ++row) {
      const std::string value = text(c, row);
      if (value.empty() && request_.need_target)
        throw DataError(fmt::format("{}, {}: a missing value; want a label",
                                    data_.where(static_cast<std::int64_t>(row)), layout_.column(c)));
      data_.labels.codes.push_back(codes.code(value));
    }
    problems_.check_labels(codes.texts().size(), data_.rows);
    data_.labels.texts = codes.texts();
  }

  void read_weights(std::size_t c) {
    if (column(c).numbers.empty())
      throw DataError(fmt::format("{}, {}: texts; want numbers as weights", data_.source, layout_.column(c)));
    data_.weight.assign(column(c).numbers.begin(), column(c).numbers.end());
  }

  /// The doubles of the columns that float32 may not hold well.
  void keep_precise() {
    const std::vector<std::int64_t> suspects =
        suspect_columns(data_.cells.data(), data_.rows, data_.width, request_.schema);
    for (std::size_t c = 0; c < table_.columns.size(); ++c) {
      const CsvColumn& role = layout_.columns[c];
      if (role.role != CsvRole::number) continue;
      if (std::find(suspects.begin(), suspects.end(), role.feature) == suspects.end()) continue;
      std::vector<double>& doubles = data_.precise[role.feature];
      for (std::size_t row = 0; row < rows(); ++row) doubles.push_back(number(c, row));
    }
    drop_exact(data_.cells.data(), data_.width, data_.precise);
  }

  const RawTable& table_;
  CellRules rules_;
  const ReadRequest& request_;
  const CsvLayout& layout_;
  CsvProblems problems_;
  RawData& data_;
};

}  // namespace

RawData raw_data_of(const RawTable& table, const ReadRequest& request) {
  require_columns(table, request.path);
  require_unhashed(request);
  const CsvLayout layout = layout_of(table, request);
  RawData data;
  data.source = request.path;
  data.rows = static_cast<std::int64_t>(length_of(table.columns.front()));
  data.width = layout.features;
  data.labels.present = layout.target >= 0;
  name_columns(layout, data);
  require_some_rows(data);
  TableReader(table, request, layout, data).read();
  data.crosses = find_crosses(request, layout);
  add_crosses(data.crosses, data);
  return data;
}

}  // namespace thalweg
