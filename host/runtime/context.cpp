#include "thalweg/context.hpp"

#include <algorithm>
#include <thread>

#include "host/runtime/backends.hpp"
#include "host/runtime/cuda_backend.hpp"
#include "host/runtime/device_of.hpp"
#include "host/runtime/lane.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// No machine has more, and a program that asks for more by mistake should not get them.
constexpr int kMostThreads = 4096;

int thread_count(int asked) {
  if (asked < 0 || asked > kMostThreads)
    throw ConfigError("train.threads is " + std::to_string(asked) + "; expected 0 (all) to " +
                      std::to_string(kMostThreads));
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

namespace {

/// Of a CUDA device; given back at the end, also should a later part fail.
struct Handles {
  void* stream = nullptr;
  void* matrix_library = nullptr;

  Handles() = default;
  ~Handles() {
    if (matrix_library != nullptr) destroy_matrix_library(matrix_library);
    if (stream != nullptr) destroy_cuda_stream(stream);
  }
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;
};

}  // namespace

struct Context::State {
  std::string name;
  Numerics numerics;
  const Backend& backend;
  Handles handles;
  Lanes lanes;

  State(const ContextOptions& options, const std::string& device_name)
      : name(device_name),
        numerics(options.numerics),
        backend(find_backend(cuda_ordinal(name) >= 0 ? "cuda" : name)),
        lanes(backend.memory, thread_count(options.threads)) {
    if (const int ordinal = cuda_ordinal(name); ordinal >= 0) open_cuda(ordinal);
  }

 private:
  void open_cuda(int ordinal) {
    LaneDevice& device = lanes.first();
    device.gpu = ordinal;
    device.stream = handles.stream = create_cuda_stream(ordinal);
    device.properties = cuda_properties(ordinal);
    if (numerics == Numerics::fast) device.matrix_library = handles.matrix_library = create_matrix_library();
  }
};

Context::Context(const ContextOptions& options)
    : state_(std::make_shared<const State>(options, resolve(options.device))) {}

const std::string& Context::device() const noexcept { return state_->name; }
Numerics Context::numerics() const noexcept { return state_->numerics; }
int Context::threads() const noexcept { return state_->lanes.first().pool.threads(); }

const Backend& backend_of(const Context& ctx) noexcept { return ctx.state_->backend; }
const Device& device_of(const Context& ctx) noexcept { return Lane::device_in(ctx.state_->lanes); }

}  // namespace thalweg
