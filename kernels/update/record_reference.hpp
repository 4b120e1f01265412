#pragma once
#include "kernels/update/update.hpp"

namespace thalweg {

/// The record of a step whose gradient has this squared norm.
void record_reference(float squared_norm, const RecordArgs& args);

}  // namespace thalweg
