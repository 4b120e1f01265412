#include "host/model/tensor_rules.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using ByName = std::map<std::string_view, const NamedTensor*>;

ByName by_name(const std::vector<NamedTensor>& tensors) {
  ByName named;
  for (const NamedTensor& tensor : tensors)
    if (!named.emplace(tensor.name, &tensor).second)
      throw ShapeError(fmt::format("tensor \"{}\" was given twice", tensor.name));
  return named;
}

void check_tensor(const ParameterPlan::Entry& entry, const NamedTensor& tensor) {
  if (tensor.shape != entry.spec.shape)
    throw ShapeError(fmt::format("tensor \"{}\" has the shape [{}], in the model it has [{}]", tensor.name,
                                 fmt::join(tensor.shape, ", "), fmt::join(entry.spec.shape, ", ")));
  if (std::ssize(tensor.values) != entry.size)
    throw ShapeError(fmt::format("tensor \"{}\" has {} values, its shape [{}] needs {}", tensor.name,
                                 tensor.values.size(), fmt::join(tensor.shape, ", "), entry.size));
  const auto nan =
      std::find_if(tensor.values.begin(), tensor.values.end(), [](float value) { return std::isnan(value); });
  if (nan == tensor.values.end()) return;
  throw DataError(fmt::format("tensor \"{}\": element {} is {}; want a number", tensor.name,
                              nan - tensor.values.begin(), *nan));
}

}  // namespace

std::vector<const NamedTensor*> matched(const std::vector<ParameterPlan::Entry>& entries,
                                        const std::vector<NamedTensor>& tensors) {
  ByName named = by_name(tensors);
  std::vector<const NamedTensor*> in_order;
  for (const auto& entry : entries) {
    const auto found = named.find(entry.spec.name);
    if (found == named.end())
      throw ShapeError(fmt::format("tensor \"{}\" of the model is missing", entry.spec.name));
    check_tensor(entry, *found->second);
    in_order.push_back(found->second);
    named.erase(found);
  }
  if (!named.empty())
    throw ShapeError(fmt::format("the model has {} tensors, but {} were given; \"{}\" is not among them",
                                 entries.size(), tensors.size(), named.begin()->first));
  return in_order;
}

}  // namespace thalweg
