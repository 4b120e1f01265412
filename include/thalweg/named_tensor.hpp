#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace thalweg {

/// A parameter, buffer or optimizer state by name, on the host. Shapes are PyTorch's: [out, in] for weights.
struct NamedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

}  // namespace thalweg
