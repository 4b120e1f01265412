#pragma once
// The state of a learner and its model, as a checkpoint holds it.
#include "host/checkpoint/checkpoint.hpp"
#include "host/model/network.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {

/// Parameters, running statistics, optimizer states, steps, and the metadata of the model.
CheckpointData training_state(const Context& ctx, Network& network, const Learner& learner);

/// Puts back parameters and running statistics.
void restore_model_state(const Context& ctx, const CheckpointData& data, Network& network);

}  // namespace thalweg
