#pragma once
// Takes the same steps on two devices and compares them: a regression test of one device against the other.
// Example: verify_example in examples/tour.cpp.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/api.hpp"
#include "thalweg/config.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

struct VerifyOptions {
  std::string first = "cpu";
  std::string second = "auto";  ///< auto: cuda if it can be used, else reference
  std::int64_t steps = 20;      ///< optimizer steps to compare; 1 or more
  /// Called after each step with the second device's model; for tests of the verification itself.
  std::function<void(std::int64_t step, Model& second)> after_step;
  ReadProgress reading;  ///< now and then while data are read
};

/// The first difference of two devices.
struct Difference {
  std::int64_t step = 0;     ///< counted from 1
  std::int64_t element = 0;  ///< row-major
  float first = 0, second = 0;
};

struct TensorVerdict {
  std::string tensor;  ///< "layers.0.weight"
  /// The first element of the first step that differs (exact), or that differs by more than the bound.
  std::optional<Difference> difference;
  double largest_error = 0;  ///< over all steps, relative to the tensor's largest element
};

struct THALWEG_API VerifyReport {
  std::string first, second;
  std::int64_t steps = 0;
  bool exact = true;  ///< true: bits were compared; false: errors were compared with `bound`
  /// 8 steps gamma_k, relative to the tensor's largest element; k is the longest sum of the model. Each step
  /// adds the error of a forward and a backward pass. Each error is at most gamma_k of the terms (Higham
  /// 2002, lemma 3.1). With fast numerics on cuda the two factors of a product add 2^-10 each.
  double bound = 0;
  std::vector<TensorVerdict> tensors;
  bool passed() const;
};

/// Trains on `config`'s training data on both devices. If both are exact (cpu, and cuda with exact numerics),
/// it compares bits. If one is the reference, or numerics are fast, it compares errors.
THALWEG_API VerifyReport verify(const Config& config, const VerifyOptions& options = {});
/// The same on data in memory, as train takes them.
THALWEG_API VerifyReport verify(const Config& config, Dataset data, const VerifyOptions& options = {});

}  // namespace thalweg
