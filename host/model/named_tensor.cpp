#include "thalweg/named_tensor.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "thalweg/error.hpp"

namespace thalweg {

const NamedTensor& find(const std::vector<NamedTensor>& tensors, const std::string& name) {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [&](const NamedTensor& tensor) { return tensor.name == name; });
  if (found != tensors.end()) return *found;
  std::vector<std::string> names;
  for (const NamedTensor& tensor : tensors) names.push_back(tensor.name);
  throw ShapeError(
      fmt::format("no tensor is named \"{}\"; there are {}", name,
                  names.empty() ? std::string("none") : fmt::format("{}", fmt::join(names, ", "))));
}

NamedTensor& find(std::vector<NamedTensor>& tensors, const std::string& name) {
  return const_cast<NamedTensor&>(find(std::as_const(tensors), name));
}

NamedTensor find(std::vector<NamedTensor>&& tensors, const std::string& name) {
  return std::move(find(tensors, name));
}

}  // namespace thalweg
