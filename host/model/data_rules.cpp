#include "host/model/data_rules.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "host/data/raw_data.hpp"
#include "host/data/validate_data.hpp"
#include "host/model/model_file.hpp"
#include "host/model/spec_rules.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

bool transforms(const FeatureTransform& t) {
  return !t.offset.empty() || !t.categories.empty() || !t.impute.empty() || !t.scale.empty();
}

/// What decides on the inputs that a raw row becomes.
bool same_inputs(const FeatureTransform& a, const FeatureTransform& b) {
  return a.offset == b.offset && a.categories == b.categories && a.scale == b.scale && a.shift == b.shift;
}

const char* shown_kind(TargetKind kind) { return kind == TargetKind::classes ? "classes" : "numbers"; }

void require_same_targets(const DataSchema& schema, const Dataset& data) {
  if (data.target_kind != schema.target_kind)
    throw DataError(fmt::format("{}: its targets are {}; the model was made for {}", shown_source(data),
                                shown_kind(data.target_kind), shown_kind(schema.target_kind)));
  if (data.classes != schema.classes)
    throw DataError(fmt::format("{}: its classes are {}; the model has {}, in this order", shown_source(data),
                                fmt::join(data.classes, ", "), fmt::join(schema.classes, ", ")));
}

}  // namespace

bool is_raw(const DataSchema& schema, const Dataset& data) {
  return transforms(schema.transform) && !transforms(data.transform);
}

void require_fits(const ModelSpec& spec, const Dataset& data) {
  const DataSchema& schema = spec.schema;
  const auto layout = [](bool sparse) { return sparse ? "sparse" : "dense"; };
  if (data.sparse != schema.sparse)
    throw DataError(fmt::format("{} is {}; the model was made for {} data", shown_source(data),
                                layout(data.sparse), layout(schema.sparse)));
  const bool raw = is_raw(schema, data);
  const std::int64_t wanted = raw ? raw_width(schema) : schema.features;
  if (data.features != wanted)
    throw ShapeError(fmt::format("{} has {} features; the model takes {}{}", shown_source(data),
                                 data.features, wanted, raw ? " raw ones" : ""));
  if (!raw && !same_inputs(schema.transform, data.transform))
    throw DataError(fmt::format("{} was transformed otherwise than the data that the model was made for",
                                shown_source(data)));
  if (!data.target.empty()) require_same_targets(schema, data);
}

void require_inputs(const ModelSpec& spec, const Dataset& data) {
  require_fits(spec, data);
  if (!is_raw(spec.schema, data)) return;
  throw DataError(fmt::format("{} has raw rows; this call takes rows that went through the model's transform",
                              shown_source(data)));
}

void require_targets(const ModelSpec& spec, const Dataset& data) {
  if (data.target.empty())
    throw DataError(fmt::format("{}: has no targets, which the model's loss needs", shown_source(data)));
  check_targets(data, spec);
}

void require_data(const Model& model, const Dataset& data, DataUse use) {
  validate_data(data, MissingValues::refused, model.context().threads());
  require_inputs(model.spec(), data);
  if (use == DataUse::features) return;
  require_own_loss(model.spec());
  require_targets(model.spec(), data);
}

void require_some_row_ids(const Dataset& data, const std::vector<std::int64_t>& rows) {
  if (rows.empty())
    throw ShapeError(fmt::format("a list of no rows of {}; expected one or more", shown_source(data)));
  require_row_ids(data, rows);
}

}  // namespace thalweg
