#pragma once
// Context: what every call of the engine shares. It is passed first and const.
#include <cstdint>
#include <memory>
#include <string>

#include "thalweg/choices.hpp"

namespace thalweg {

class ThreadPool;
struct Backend;

struct ContextOptions {
  std::string device = "auto";  ///< auto | cpu | cuda | cuda:N | reference
  Numerics numerics = Numerics::exact;
  int threads = 0;  ///< 0: all of the machine
};

/// Throws DeviceUnavailable when the device cannot be used; never takes another one silently.
class Context {
 public:
  explicit Context(const ContextOptions& options = {});
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const Backend& backend() const noexcept { return *backend_; }
  const std::string& device() const noexcept {
    return device_;
  }  ///< what was taken: "cpu", "cuda:0", "reference"
  Numerics numerics() const noexcept { return numerics_; }
  ThreadPool& pool() const noexcept { return *pool_; }
  void* stream() const noexcept { return stream_; }  ///< cudaStream_t on cuda, null elsewhere
  /// cublasLtHandle_t on cuda with fast numerics, null elsewhere.
  void* matrix_library() const noexcept { return matrix_library_; }

  /// Scratch memory in the backend's space, 64-byte aligned; valid until the next call of scratch. It only
  /// grows, so a step allocates nothing once each of its ops has run.
  void* scratch(std::int64_t bytes) const;
  /// Changes whenever scratch memory moves: what was recorded with the old address is void then.
  std::int64_t scratch_generation() const noexcept { return scratch_generation_; }

 private:
  /// Without a device's stream and library: what is taken afterwards is given back by the destructor, should
  /// a later part fail.
  Context(const ContextOptions& options, std::string device);

  const Backend* backend_;
  std::string device_;
  Numerics numerics_;
  std::unique_ptr<ThreadPool> pool_;
  void* stream_ = nullptr;
  mutable void* scratch_ = nullptr;
  mutable std::int64_t scratch_bytes_ = 0, scratch_generation_ = 0;
  void* matrix_library_ = nullptr;
};

}  // namespace thalweg
