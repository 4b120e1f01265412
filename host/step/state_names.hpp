#pragma once
// The names of an optimizer's states: `layers.0.weight/momentum`.
#include <string>
#include <string_view>
#include <vector>

#include "host/model/parameter_plan.hpp"
#include "thalweg/choices.hpp"
#include "thalweg/named_tensor.hpp"

namespace thalweg {

/// state_names, as many as there are.
std::vector<std::string_view> names_of_states(Rule rule);

/// The plan's entries under the names that a state has in a checkpoint.
std::vector<ParameterPlan::Entry> entries_named(const ParameterPlan& plan, std::string_view state);

/// The tensors with the names of today: those of older checkpoints count the states of a rule, as state0.
std::vector<NamedTensor> with_state_names(std::vector<NamedTensor> tensors, Rule rule);

}  // namespace thalweg
