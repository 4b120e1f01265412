#pragma once
// How tensors enter and leave the engine.
// Example: named_tensor_example in examples/tour.cpp.
#include <cstdint>
#include <string>
#include <vector>

namespace thalweg {

/// A parameter, buffer or optimizer state by name, on the host. Shapes are PyTorch's: [out, in] for weights.
struct NamedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;  ///< row-major; as many as the product of the shape
};

}  // namespace thalweg
