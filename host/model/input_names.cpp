#include "host/model/input_names.hpp"

#include <algorithm>

namespace thalweg {
namespace {

std::string numbered(const DataSchema& schema, std::size_t index) {
  const std::size_t base = schema.sparse ? static_cast<std::size_t>(schema.index_base) : 0;
  return "feature " + std::to_string(index + base);  // mutant: index-base-of-name
}

}  // namespace

std::string input_name(const DataSchema& schema, std::size_t input) {
  if (schema.transform.hash_bits > 0) return numbered(schema, input);
  const auto& names = schema.transform.names.empty() ? schema.transform.columns : schema.transform.names;
  return input < names.size() ? names[input] : numbered(schema, input);
}

std::vector<ColumnInputs> raw_columns(const DataSchema& schema) {
  const FeatureTransform& transform = schema.transform;
  std::vector<ColumnInputs> columns;
  for (std::int64_t first = 0; first < schema.features; first += columns.back().count) {
    const std::size_t c = columns.size();
    const std::size_t categories = c < transform.categories.size() ? transform.categories[c].size() : 0;
    const bool named =
        transform.hash_bits == 0 && c < transform.columns.size() && !transform.columns[c].empty();
    columns.push_back({.name = named ? transform.columns[c] : numbered(schema, c),
                       .first = first,
                       .count = std::max<std::int64_t>(1, static_cast<std::int64_t>(categories))});
  }
  return columns;
}

}  // namespace thalweg
