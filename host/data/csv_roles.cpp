#include "host/data/csv_roles.hpp"
#include "host/config/keys.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

std::int32_t find_column(const CsvLayout& layout, const std::string& name) {
  const auto found = std::find(layout.names.begin(), layout.names.end(), name);
  if (found != layout.names.end()) return static_cast<std::int32_t>(found - layout.names.begin());
  const auto width = static_cast<std::int64_t>(layout.columns.size());
  std::int64_t index = 0;
  if (!parse_integer(name, index)) return -1;
  if (index < 0) index += width;
  return index >= 0 && index < width ? static_cast<std::int32_t>(index) : -1;
}

namespace {

std::int32_t required_column(const ReadRequest& request, const CsvLayout& layout, const std::string& key,
                             const std::string& name) {
  const std::int32_t column = find_column(layout, name);
  if (column >= 0) return column;
  const std::string known =
      layout.names.empty()
          ? fmt::format("{} columns without names (data.header = {}); want an index below {}",
                        layout.columns.size(), name_of(request.config.header), layout.columns.size())
          : fmt::format("the columns {}", fmt::join(layout.names, ", "));
  throw ConfigError(fmt::format("data.{} = {}: no such column{}; {} has {}", key, shown(name),
                                did_you_mean(name, layout.names), request.path, known));
}

/// The setting that gives a column its role, for messages.
std::string_view use_of(CsvRole role) {
  switch (role) {
    case CsvRole::weight:
      return "data.weight";
    case CsvRole::row_name:
      return "data.id";
    case CsvRole::empty:
      return "without a cell";
    default:
      return "in data.ignore";
  }
}

/// A column has one use.
void set_role(CsvLayout& layout, std::int32_t column, CsvRole role, const std::string& key,
              const std::string& name) {
  CsvRole& old = layout.columns[static_cast<std::size_t>(column)].role;
  if (old != CsvRole::number)
    throw ConfigError(
        fmt::format("data.{} = {} is also {}; want it in one of them", key, shown(name), use_of(old)));
  old = role;
}

void assign_ignored(const ReadRequest& request, CsvLayout& layout) {
  for (const std::string& name : request.config.ignore) {
    const std::int32_t column =
        // mutant: ignored-may-lack
        request.for_training ? required_column(request, layout, "ignore", name) : find_column(layout, name);
    if (column >= 0) layout.columns[static_cast<std::size_t>(column)].role = CsvRole::ignored;
  }
}

/// Data of a trained model may lack the column.
void assign_row_name(const ReadRequest& request, CsvLayout& layout) {
  const std::string& name = request.config.id;
  if (name.empty()) return;
  layout.row_name = request.schema ? find_column(layout, name) : required_column(request, layout, "id", name);
  if (layout.row_name < 0)
    layout.notes.push_back(
        fmt::format("{} has no column {} (data.id): its rows have no names", request.path, shown(name)));
  if (layout.row_name >= 0) set_role(layout, layout.row_name, CsvRole::row_name, "id", name);
}

void assign_weight(const ReadRequest& request, CsvLayout& layout) {
  if (request.weight.empty()) return;
  std::int32_t column = find_column(layout, request.weight);
  if (column < 0 && !request.for_training) {
    if (request.need_target)
      layout.notes.push_back(fmt::format("{} has no column {} (data.weight): every row has weight 1",
                                         request.path, shown(request.weight)));
    return;
  }
  column = required_column(request, layout, "weight", request.weight);
  set_role(layout, column, CsvRole::weight, "weight", request.weight);
}

/// A model knows which of its columns are texts.
void assign_categorical(const ReadRequest& request, CsvLayout& layout) {
  if (request.schema) return;
  for (const std::string& name : request.config.categorical) {
    const std::int32_t index = required_column(request, layout, "categorical", name);
    CsvColumn& column = layout.columns[static_cast<std::size_t>(index)];
    if (column.role == CsvRole::weight)
      throw ConfigError(
          fmt::format("data.categorical = {} is also data.weight; want it in one of them", shown(name)));
    column.categorical = true;
  }
}

std::int64_t unassigned(const CsvLayout& layout) {
  return std::count_if(layout.columns.begin(), layout.columns.end(),
                       [](const CsvColumn& column) { return column.role == CsvRole::number; });
}

/// Data to predict may lack the target: then every column left is a feature of the model.
bool lacks_target(const ReadRequest& request, const CsvLayout& layout) {
  if (request.need_target || !request.schema) return false;
  const std::string& name = request.schema->target_column;
  if (!layout.names.empty() && !name.empty())
    return std::find(layout.names.begin(), layout.names.end(), name) == layout.names.end();
  return unassigned(layout) == table_width(*request.schema);
}

void assign_target(const ReadRequest& request, CsvLayout& layout) {
  if (lacks_target(request, layout)) return;
  std::string name = request.target.empty() ? request.config.target : request.target;
  if (request.schema && !request.schema->target_column.empty() && !layout.names.empty()) {
    name = request.schema->target_column;
    if (find_column(layout, name) < 0)
      throw DataError(
          fmt::format("{} lacks the column {}, the target of the training data; it has the columns {}",
                      request.path, shown(name), fmt::join(layout.names, ", ")));
  }
  std::int32_t target = static_cast<std::int32_t>(layout.columns.size()) - 1;
  if (name.empty())
    while (target >= 0 && layout.columns[static_cast<std::size_t>(target)].role != CsvRole::number) --target;
  else
    target = required_column(request, layout, request.target_key, name);
  if (target < 0) throw ConfigError(fmt::format("{}: no column is left to be the target", request.path));
  set_role(layout, target, CsvRole::target_number, request.target_key, name);
  layout.target = target;
}

bool holds_texts(const FeatureTransform& transform, std::size_t feature) {
  if (transform.hash_bits > 0) return transform.hashed_texts[feature];
  return !transform.categories.empty() && !transform.categories[feature].empty();
}

/// Features by name where both sides have names (in any order), else by position.
void assign_schema_features(const ReadRequest& request, CsvLayout& layout) {
  const FeatureTransform& transform = request.schema->transform;
  if (transform.hash_bits > 0 && transform.hashed_texts.empty())
    throw DataError(
        fmt::format("{} is a table; the model was trained on Vowpal Wabbit's text", request.path));
  const std::vector<std::string>& wanted = transform.columns;
  const bool named = !wanted.empty() && !wanted[0].empty() && !layout.names.empty();
  const auto count = static_cast<std::size_t>(table_width(*request.schema));
  std::vector<bool> seen(count);
  std::size_t position = 0;
  for (std::size_t c = 0; c < layout.columns.size(); ++c) {
    CsvColumn& column = layout.columns[c];
    if (column.role != CsvRole::number) continue;
    std::size_t feature = position++;
    if (named) {
      const auto end = wanted.begin() + static_cast<std::ptrdiff_t>(count);  // behind it are data.crosses
      feature = static_cast<std::size_t>(std::find(wanted.begin(), end, layout.names[c]) - wanted.begin());
      if (feature == count)
        throw DataError(
            fmt::format("{} has {}, which the model's training data did not have{}; leave it out with "
                        "data.ignore",
                        request.path, layout.column(c), did_you_mean(layout.names[c], wanted)));
    }
    if (feature >= count) continue;
    seen[feature] = true;
    column.feature = static_cast<std::int32_t>(feature);
    if (holds_texts(transform, feature)) column.role = CsvRole::text;
  }
  const auto missing = static_cast<std::size_t>(std::find(seen.begin(), seen.end(), false) - seen.begin());
  if (named && missing < count)
    throw DataError(
        fmt::format("{} lacks the column {}, which the model needs", request.path, shown(wanted[missing])));
  if (position != count)
    throw DataError(
        fmt::format("{} has {} feature columns; the model was trained on {}", request.path, position, count));
  layout.features = static_cast<std::int32_t>(count);
}

}  // namespace

void assign_csv_roles(const ReadRequest& request, CsvLayout& layout) {
  assign_ignored(request, layout);
  assign_row_name(request, layout);
  assign_weight(request, layout);
  assign_categorical(request, layout);
  assign_target(request, layout);
  if (request.schema) return assign_schema_features(request, layout);
  for (CsvColumn& column : layout.columns)
    if (column.role == CsvRole::number) column.feature = layout.features++;
  if (layout.features == 0)
    throw DataError(
        fmt::format("{} has no feature columns besides target, weight and ignored ones (delimiter {})",
                    request.path, shown(std::string(1, layout.dialect.delimiter))));
}

}  // namespace thalweg
