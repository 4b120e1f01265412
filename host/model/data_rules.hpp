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

/// Throws DataError if there is no target, or one that the model's own loss cannot take.
void require_targets(const ModelSpec& spec, const Dataset& data);

/// In raw rows the transform of the schema imputes missing values, or refuses them by name.
MissingValues missing_values(const DataSchema& schema, const Dataset& data);

/// validate with missing_values, and require_fits. For targets also
/// require_own_loss, and that there are some; require_targets is for those that have the model's classes.
void require_data(const Context& ctx, const ModelSpec& spec, const Dataset& data, DataUse use);

/// Throws ShapeError if there are no rows, or if an id is not that of a row.
void require_some_row_ids(const Dataset& data, const std::vector<std::int64_t>& rows);

}  // namespace thalweg
