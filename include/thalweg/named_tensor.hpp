#pragma once
// How tensors enter and leave the engine.
// Example: named_tensor_example in examples/tour.cpp.
#include <cstdint>
#include <string>
#include <vector>

#include "thalweg/api.hpp"

namespace thalweg {

/// A parameter, buffer or optimizer state by name, on the host. Shapes are PyTorch's: [out, in] for weights.
struct NamedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;  ///< row-major; as many as the product of the shape
};

/// Returns the tensor of that name; of a temporary list, as find(model.parameters(), ...), the tensor itself.
/// Throws ShapeError naming those that are there if there is none.
THALWEG_API NamedTensor& find(std::vector<NamedTensor>& tensors, const std::string& name);
THALWEG_API const NamedTensor& find(const std::vector<NamedTensor>& tensors, const std::string& name);
THALWEG_API NamedTensor find(std::vector<NamedTensor>&& tensors, const std::string& name);

}  // namespace thalweg
