#include "host/data/fit_to_schema.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "host/config/keys.hpp"
#include "host/data/chosen_rows.hpp"
#include "host/data/fitted_store.hpp"
#include "host/data/labels.hpp"
#include "host/data/memory_rows.hpp"
#include "host/data/target_transform.hpp"
#include "host/data/text.hpp"
#include "host/data/validate_data.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// Texts of the categories of each column; none where no column has any.
std::vector<std::string> category_lists(const FeatureTransform& transform) {
  std::vector<std::string> lists;
  for (const auto& categories : transform.categories)
    lists.push_back(categories.empty() ? "none" : fmt::format("{}", fmt::join(categories, " ")));
  const auto is_none = [](const std::string& list) { return list == "none"; };
  if (std::all_of(lists.begin(), lists.end(), is_none)) lists.clear();
  return lists;
}

/// The first element that differs, of the data and of the model; empty: none does.
template <class T>
std::string difference(const char* what, const std::vector<T>& data, const std::vector<T>& model) {
  if (data.size() != model.size())
    return fmt::format("it has \"{}\" for {} columns, the model for {}", what, data.size(), model.size());
  const auto [mine, models] = std::mismatch(data.begin(), data.end(), model.begin());
  if (mine == data.end()) return "";
  return fmt::format("\"{}\" of column {} is {}, that of the model {}", what, mine - data.begin(), *mine,
                     *models);
}

/// Of columns without names nothing is known.
bool same_names(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return a.empty() || b.empty() || a == b;
}

bool is_same(const FeatureTransform& a, const FeatureTransform& b) {
  return same_names(a.columns, b.columns) && a.offset == b.offset && a.impute == b.impute &&
         a.scale == b.scale && a.shift == b.shift && a.categories == b.categories && a.crosses == b.crosses &&
         a.hash_bits == b.hash_bits && a.hashed_texts == b.hashed_texts;
}

/// Rows that were transformed already have to be so by the model's transform.
void require_same_transform(const Dataset& data, const FeatureTransform& model) {
  const FeatureTransform& mine = data.transform;
  if (is_same(mine, model)) return;  // quickly: a program may ask about one row at a time
  std::string found;
  const auto look = [&](const char* what, const auto& a, const auto& b) {
    if (found.empty()) found = difference(what, a, b);
  };
  if (!same_names(mine.columns, model.columns)) look("columns", mine.columns, model.columns);
  look("offset", mine.offset, model.offset);
  look("impute", mine.impute, model.impute);
  look("scale", mine.scale, model.scale);
  look("shift", mine.shift, model.shift);
  look("categories", category_lists(mine), category_lists(model));
  const bool same_table = mine.crosses == model.crosses && mine.hashed_texts == model.hashed_texts;
  if (found.empty() && (mine.hash_bits != model.hash_bits || !same_table))
    found = "data.hash_bits or data.crosses";
  if (!found.empty())
    throw DataError(
        fmt::format("{} was transformed otherwise than the model's data: {}; want raw rows (an empty "
                    "Dataset::transform), or rows that the model's schema prepared",
                    source_of(data), found));
}

/// For each column of the schema its column in the data; empty: they have the same order, or go by position.
std::vector<std::size_t> column_order(const Dataset& data, const DataSchema& schema) {
  const std::vector<std::string>&have = data.transform.columns, &want = schema.transform.columns;
  if (same_names(have, want)) return {};
  std::vector<std::size_t> order;
  for (const std::string& name : want) {
    const auto found = std::find(have.begin(), have.end(), name);
    if (found == have.end())
      throw DataError(fmt::format("{} lacks the column {}, which the model needs; it has {}", source_of(data),
                                  shown(name), fmt::join(have, ", ")));
    order.push_back(static_cast<std::size_t>(found - have.begin()));
  }
  for (const std::string& name : have)
    if (std::find(want.begin(), want.end(), name) == want.end())
      throw DataError(fmt::format("{} has the column {}, which the model's training data did not have{}",
                                  source_of(data), shown(name), did_you_mean(name, want)));
  if (data.sparse || order.size() != have.size())
    throw DataError(fmt::format("{} has the columns {}, the model {}; want them in that order",
                                source_of(data), fmt::join(have, ", "), fmt::join(want, ", ")));
  return order;
}

template <class T>
void reorder(std::vector<T>& cells, const std::vector<std::size_t>& order) {
  std::vector<T> row(order.size());
  for (auto at = cells.begin(); at != cells.end(); at += std::ssize(order)) {
    std::copy_n(at, order.size(), row.begin());
    for (std::size_t c = 0; c < order.size(); ++c) at[static_cast<std::ptrdiff_t>(c)] = row[order[c]];
  }
}

/// Whether the features are not those of the schema as they are.
bool features_differ(const Dataset& data, const DataSchema& schema) {
  if (!is_raw(data.transform)) {
    require_same_transform(data, schema.transform);
    return false;
  }
  const bool other_order = !column_order(data, schema).empty();
  return other_order || !is_raw(schema.transform);
}

bool targets_differ(const Dataset& data, const DataSchema& schema) {
  if (data.target.empty()) return false;
  if (data.target_kind != schema.target_kind) return true;
  if (schema.target_kind == TargetKind::classes) return data.classes != schema.classes;
  const TargetTransform &mine = data.target_transform, &model = schema.target_transform;
  if (mine == model) return false;
  if (mine == TargetTransform{}) return true;
  throw DataError(
      fmt::format("{}: its targets were standardised by the mean {} and the deviation {}, those of the "
                  "model by {} and {}",
                  source_of(data), mine.mean, mine.deviation, model.mean, model.deviation));
}

void fit_targets_to(const DataSchema& schema, bool need_target, Dataset& data) {
  data.source = source_of(data);
  const LabelColumn labels = labels_of(data);
  data.target.clear();
  apply_targets(labels, schema, need_target, data);
  apply_target_transform(schema.target_transform, labels.numbers, data);
}

/// The features are transformed when they are read.
void fit_stored(const DataSchema& schema, bool need_target, Dataset& data) {
  data.store = fitted_store(data, schema);
  data.features = data.store->form().features;
  data.transform = schema.transform;
  fit_targets_to(schema, need_target, data);
}

/// Raw rows have raw targets.
void require_raw_targets(const Dataset& data) {
  if (data.target.empty() || data.target_transform == TargetTransform{}) return;
  throw DataError(
      fmt::format("{}: its targets are standardised and its features raw; want both raw", source_of(data)));
}

}  // namespace

bool has_form_of(const DataSchema& schema, const Dataset& data, bool need_target) {
  return !features_differ(data, schema) && !(need_target && targets_differ(data, schema));
}

void require_form(const DataSchema& schema, const Dataset& data, bool need_target) {
  const auto layout = [](bool sparse) { return sparse ? "sparse" : "dense"; };
  if (data.sparse != schema.sparse)
    throw DataError(fmt::format("{} is {}; the model was made for {} data", source_of(data),
                                layout(data.sparse), layout(schema.sparse)));
  has_form_of(schema, data, need_target);  // throws for what no transform can bring into the form
  const bool raw = is_raw(data.transform);
  const std::int64_t wanted = raw ? raw_width(schema) : schema.features;
  if (data.features != wanted)
    throw ShapeError(fmt::format("{} has {} features; the model takes {}{}", source_of(data), data.features,
                                 wanted, raw && !is_raw(schema.transform) ? " raw ones" : ""));
}

Dataset fit_to_schema(Dataset data, const DataSchema& schema, bool need_target, int threads) {
  if (!features_differ(data, schema)) {
    if (need_target && targets_differ(data, schema)) fit_targets_to(schema, true, data);
    return data;
  }
  if (!need_target) data.target.clear(), data.weight.clear();
  require_raw_targets(data);
  if (data.store != nullptr) {
    fit_stored(schema, need_target, data);
    return data;
  }
  const std::vector<std::size_t> order = column_order(data, schema);
  if (!order.empty()) reorder(data.dense_f32, order), reorder(data.dense_u8, order);
  return apply_schema(raw_data_of(std::move(data)), schema, need_target, Unseen::error, threads);
}

FittedRows::FittedRows(const Dataset& data, const DataSchema& schema, const std::vector<std::int64_t>* rows,
                       bool need_target, int threads)
    : data_(&data), rows_(rows) {
  if (rows != nullptr) require_row_ids(data, *rows);
  if (!has_form_of(schema, data, need_target))
    own_ = fit_to_schema(rows != nullptr ? choose_rows(data, *rows) : data, schema, need_target, threads);
}

}  // namespace thalweg
