#pragma once
// Context: device, numerics and threads, shared by every call of the engine. It is the first argument, and
// const.
#include <cstdint>
#include <memory>
#include <string>

namespace thalweg {

class ThreadPool;
struct Backend;

enum class Numerics { exact, fast };

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

  const Backend& backend() const noexcept { return *backend_; }
  /// The device that was selected: "cpu", "cuda:0", "reference".
  const std::string& device() const noexcept { return device_; }
  Numerics numerics() const noexcept { return numerics_; }
  ThreadPool& pool() const noexcept { return *pool_; }
  void* stream() const noexcept { return stream_; }  ///< cudaStream_t on cuda, null elsewhere
  /// cublasLtHandle_t on cuda with fast numerics, null elsewhere.
  void* matrix_library() const noexcept { return matrix_library_; }

  /// Scratch memory in the backend's memory, 64-byte aligned; valid until the next call of scratch. It only
  /// grows, so a step allocates nothing once each of its ops has run.
  void* scratch(std::int64_t bytes) const;
  /// Changes whenever scratch memory moves. A graph recorded with the old address is then invalid.
  std::int64_t scratch_generation() const noexcept { return scratch_generation_; }

 private:
  /// Makes a Context without the device's stream and library. If a later part of the construction fails, the
  /// destructor releases the parts that exist.
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
