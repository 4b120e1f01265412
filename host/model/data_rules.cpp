#include "host/model/data_rules.hpp"

#include <fmt/format.h>

#include "host/data/fit_to_schema.hpp"
#include "host/data/memory_rows.hpp"
#include "host/data/validate_data.hpp"
#include "host/model/model_file.hpp"
#include "host/model/spec_rules.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

void require_some_targets(const Dataset& data) {
  if (data.target.empty())
    throw DataError(fmt::format("{}: has no targets, which the model's loss needs", source_of(data)));
}

}  // namespace

void require_fits(const ModelSpec& spec, const Dataset& data) {
  require_form(spec.schema, data, !data.target.empty());
}

void require_targets(const ModelSpec& spec, const Dataset& data) {
  require_some_targets(data);
  check_targets(data, spec);  // mutant: targets-checked
}

MissingValues missing_values(const DataSchema& schema, const Dataset& data) {
  const bool transforms = is_raw(data.transform) && !is_raw(schema.transform);
  return transforms ? MissingValues::allowed : MissingValues::refused;
}

void require_data(const Context& ctx, const ModelSpec& spec, const Dataset& data, DataUse use) {
  validate_data(data, missing_values(spec.schema, data), ctx.threads());
  require_fits(spec, data);
  if (use == DataUse::features) return;
  require_own_loss(spec);
  require_some_targets(data);
}

void require_some_row_ids(const Dataset& data, const std::vector<std::int64_t>& rows) {
  if (rows.empty())
    throw ShapeError(fmt::format("a list of no rows of {}; expected one or more", source_of(data)));
  require_row_ids(data, rows);
}

}  // namespace thalweg
