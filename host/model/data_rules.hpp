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

/// Whether the data have no transform, but the inputs of a model of the schema do.
bool is_raw(const DataSchema& schema, const Dataset& data);

/// Throws unless the form of the data is that of the model's inputs: as require_fits, but raw rows are an
/// error.
void require_inputs(const ModelSpec& spec, const Dataset& data);

/// Throws DataError if there is no target, or one that the model's own loss cannot take.
void require_targets(const ModelSpec& spec, const Dataset& data);

/// All of it: validate, require_inputs and, for `use`, require_own_loss and require_targets.
void require_data(const Model& model, const Dataset& data, DataUse use);

/// Throws ShapeError if there are no rows, or if an id is not that of a row.
void require_some_row_ids(const Dataset& data, const std::vector<std::int64_t>& rows);

}  // namespace thalweg
