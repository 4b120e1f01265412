#pragma once
// What a model may be made of, and what its own loss needs.
#include "thalweg/model.hpp"

namespace thalweg {

/// Throws ConfigError for settings out of range or a loss that is not resolved, ShapeError for widths below 1
/// or a transform that does not fit, and InternalError for more parameters than any memory holds.
void require_usable(const ModelSpec& spec);

/// Throws ConfigError unless the model has as many outputs as its loss takes.
void require_own_loss(const ModelSpec& spec);

}  // namespace thalweg
