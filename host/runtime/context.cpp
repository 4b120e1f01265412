#include "thalweg/context.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "host/runtime/backends.hpp"
#include "host/runtime/cuda_backend.hpp"
#include "kernels/base/parallel.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

int thread_count(int asked) {
  if (asked < 0)
    throw ConfigError("train.threads is " + std::to_string(asked) + "; expected 0 (all) or more");
  return asked > 0 ? asked : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

/// The ordinal of "cuda" or "cuda:N"; -1 for another device.
int cuda_ordinal(const std::string& device) {
  if (device == "cuda") return 0;
  if (!device.starts_with("cuda:")) return -1;
  const std::string digits = device.substr(5);
  if (digits.empty() || digits.size() > 4 || digits.find_first_not_of("0123456789") != std::string::npos) {
    throw DeviceUnavailable("device \"" + device + "\": expected cuda or cuda:N with a number N");
  }
  return std::stoi(digits);
}

std::string resolve(const std::string& device) {
  if (device != "auto") return device;
  std::string reason;
  return cuda_usable(reason) ? "cuda:0" : "cpu";
}

}  // namespace

Context::Context(const ContextOptions& options, std::string device)
    : backend_(&find_backend(cuda_ordinal(device) >= 0 ? "cuda" : device)),
      device_(std::move(device)),
      numerics_(options.numerics),
      pool_(std::make_unique<ThreadPool>(thread_count(options.threads))) {}

Context::Context(const ContextOptions& options) : Context(options, resolve(options.device)) {
  const int ordinal = cuda_ordinal(device_);
  if (ordinal < 0) return;
  stream_ = create_cuda_stream(ordinal);
  if (numerics_ == Numerics::fast) matrix_library_ = create_matrix_library();
}

Context::~Context() {
  if (scratch_ != nullptr) backend_->memory.release(scratch_);
  if (matrix_library_ != nullptr) destroy_matrix_library(matrix_library_);
  if (stream_ != nullptr) destroy_cuda_stream(stream_);
}

void* Context::scratch(std::int64_t bytes) const {
  if (bytes > scratch_bytes_) {
    if (scratch_ != nullptr) {
      backend_->memory.synchronize(*this);
      backend_->memory.release(scratch_);
      scratch_ = nullptr;
      scratch_bytes_ = 0;
    }
    scratch_ = backend_->memory.allocate(bytes);
    scratch_bytes_ = bytes;
    ++scratch_generation_;
  }
  return scratch_;
}

}  // namespace thalweg
