#pragma once
// Context: the device, the numerics and the threads that a model is made with.
// Example: context_example in examples/tour.cpp.
#include <memory>
#include <string>

#include "thalweg/api.hpp"
#include "thalweg/choices.hpp"

namespace thalweg {

struct Backend;
struct Device;

struct ContextOptions {
  std::string device = "auto";  ///< auto | cpu | cpu:avx2 | cuda | cuda:N | reference | ... (devices.hpp)
  Numerics numerics = Numerics::exact;
  int threads = 0;  ///< of the host; 0: all threads of the machine
};

/// A handle: copies share one device, which lives as long as the last copy. A model and a learner keep a
/// copy.
///
/// Threads: many may share a context. Calls on a const Model (predict, evaluate, per-sample gradients,
/// standard errors, save) may run at the same time and give the bits of a single caller. On the cpu each such
/// call works in a lane of its own: the first has all threads of the context, the others one each. On a GPU
/// they take turns. What changes an object, a step of a learner or Model::set_parameters, needs it alone: a
/// call that meets another one there throws UsageError.
class THALWEG_API Context {
 public:
  /// Throws DeviceUnavailable if the device cannot be used; it never selects another one silently. Throws
  /// ConfigError if threads is negative or above 4096.
  explicit Context(const ContextOptions& options = {});
  // Copied where others are moved: a context is never empty.
  Context(const Context&) = default;
  Context& operator=(const Context&) = default;
  ~Context() = default;

  const std::string& device() const noexcept;  ///< what was taken: "cpu", "cuda:0", "reference"
  Numerics numerics() const noexcept;
  int threads() const noexcept;  ///< of the host, the caller's own included

 private:
  struct State;
  friend const Backend& backend_of(const Context& ctx) noexcept;
  friend const Device& device_of(const Context& ctx) noexcept;

  std::shared_ptr<const State> state_;
};

}  // namespace thalweg
