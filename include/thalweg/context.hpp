#pragma once
// Context: device, numerics and threads, shared by every call of the engine. It is the first argument, and
// const.
#include <memory>
#include <string>

#include "thalweg/choices.hpp"

namespace thalweg {

struct Backend;
struct Device;

struct ContextOptions {
  std::string device = "auto";  ///< auto | cpu | cuda | cuda:N | reference
  Numerics numerics = Numerics::exact;
  int threads = 0;  ///< 0: all threads of the machine
};

/// Throws DeviceUnavailable if the device cannot be used; it never selects another one silently.
class Context {
 public:
  explicit Context(const ContextOptions& options = {});
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const std::string& device() const noexcept;  ///< what was taken: "cpu", "cuda:0", "reference"
  Numerics numerics() const noexcept;
  int threads() const noexcept;  ///< of the host, the caller's own included

 private:
  struct State;
  friend const Backend& backend_of(const Context& ctx) noexcept;
  friend const Device& device_of(const Context& ctx) noexcept;

  std::unique_ptr<State> state_;
};

}  // namespace thalweg
