#pragma once
// The parameters and buffers of a model: their names, shapes and places in the arenas.
#include <cstdint>
#include <string>
#include <vector>

namespace thalweg {

enum class ParameterKind { weight, bias, norm };

/// The initial value of a parameter: a constant, or uniform in [-bound, bound), drawn from Philox by element.
struct ParameterInit {
  float constant = 0.0f;
  float bound = 0.0f;
};

struct ParameterSpec {
  std::string name;  ///< as PyTorch users expect: layers.0.weight
  std::vector<std::int64_t> shape;
  ParameterKind kind = ParameterKind::weight;
  ParameterInit init;
};

/// Collects what the layers declare and gives each parameter its place in the arena.
class ParameterPlan {
 public:
  /// Offset of the new parameter in the parameter, gradient and state arenas.
  std::int64_t add_parameter(ParameterSpec spec);
  /// Offset of a buffer that training updates but the optimizer does not (running statistics).
  std::int64_t add_buffer(ParameterSpec spec);

  struct Entry {
    ParameterSpec spec;
    std::int64_t offset = 0;
    std::int64_t size = 0;
  };
  const std::vector<Entry>& parameters() const { return parameters_; }
  const std::vector<Entry>& buffers() const { return buffers_; }
  std::int64_t arena_size() const { return arena_size_; }
  std::int64_t buffer_size() const { return buffer_size_; }

 private:
  std::vector<Entry> parameters_, buffers_;
  std::int64_t arena_size_ = 0, buffer_size_ = 0;
};

}  // namespace thalweg
