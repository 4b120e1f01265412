#include "host/step/state_names.hpp"

namespace thalweg {

std::vector<std::string_view> names_of_states(Rule rule) {
  const auto names = state_names(rule);
  return {names.begin(), names.begin() + state_count(rule)};
}

std::vector<ParameterPlan::Entry> entries_named(const ParameterPlan& plan, std::string_view state) {
  std::vector<ParameterPlan::Entry> entries = plan.parameters();
  for (auto& entry : entries) entry.spec.name.append("/").append(state);
  return entries;
}

std::vector<NamedTensor> with_state_names(std::vector<NamedTensor> tensors, Rule rule) {
  const std::vector<std::string_view> names = names_of_states(rule);
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
