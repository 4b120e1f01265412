#include "host/step/state_names.hpp"

#include "thalweg/error.hpp"

namespace thalweg {

std::vector<std::string_view> state_names(Rule rule) {
  switch (rule) {
    case Rule::sgd:
    case Rule::sign:
      return {};
    case Rule::momentum:
    case Rule::nesterov:
      return {name_of(Rule::momentum)};
    case Rule::adagrad:
      return {"sum_of_squares"};
    case Rule::rmsprop:
      return {"second_moment"};
    case Rule::adam:
    case Rule::adamw:
      return {"first_moment", "second_moment"};
    case Rule::amsgrad:
      return {"first_moment", "second_moment", "largest_second_moment"};
    case Rule::lion:
      return {"first_moment"};
    case Rule::adams_bashforth:
      return {"last_gradient"};
    case Rule::ftrl:
      return {"adjusted_sum", "sum_of_squares"};
  }
  throw InternalError("a rule without names of its states");
}

std::vector<ParameterPlan::Entry> entries_named(const ParameterPlan& plan, std::string_view state) {
  std::vector<ParameterPlan::Entry> entries = plan.parameters();
  for (auto& entry : entries) entry.spec.name.append("/").append(state);
  return entries;
}

std::vector<NamedTensor> with_state_names(std::vector<NamedTensor> tensors, Rule rule) {
  const std::vector<std::string_view> names = state_names(rule);
  for (NamedTensor& tensor : tensors) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string old = "/state" + std::to_string(i);
      if (!tensor.name.ends_with(old)) continue;
      tensor.name.resize(tensor.name.size() - old.size() + 1);
      tensor.name.append(names[i]);
      break;
    }
  }
  return tensors;
}

}  // namespace thalweg
