#pragma once
// What each public call on a model checks of its data, once.
#include <cstdint>
#include <vector>

#include "thalweg/validate.hpp"

namespace thalweg {

/// What a call takes of a data set besides the features.
enum class DataUse {
  features,  ///< nothing
  targets    ///< targets for the model's own loss
};

/// Throws DataError if the data have no targets, or a target that the model's own loss cannot take.
void require_targets(const ModelSpec& spec, const Dataset& data);

/// In raw rows the transform of the schema imputes missing values, or refuses them by name.
MissingValues missing_values(const DataSchema& schema, const Dataset& data);

/// validate with missing_values, and require_fits. With DataUse::targets also require_own_loss, and the data
/// need targets; fit_to_schema gives them the model's classes, and require_targets checks these.
void require_data(const Context& ctx, const ModelSpec& spec, const Dataset& data, DataUse use);

/// Throws ShapeError if `rows` is empty or holds an id that is not a row of the data.
void require_some_row_ids(const Dataset& data, const std::vector<std::int64_t>& rows);

}  // namespace thalweg
