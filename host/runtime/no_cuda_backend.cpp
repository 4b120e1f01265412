// The CUDA backend of a build without CUDA: an error that says so.
#include "host/runtime/cuda_backend.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {
const char* const kReason =
    "this build has no CUDA backend; configure with -DTHALWEG_CUDA=ON and a CUDA toolkit";
}

const Backend& cuda_backend() { throw DeviceUnavailable(std::string("device \"cuda\": ") + kReason); }

bool cuda_usable(std::string& reason) {
  reason = kReason;
  return false;
}

std::vector<DeviceInfo> cuda_devices() { return {{.device = "cuda", .refusal = kReason}}; }

CudaReport cuda_report() { return {}; }

std::int64_t cuda_free_bytes(const Context&) { return -1; }

void* create_cuda_stream(int) { throw DeviceUnavailable(std::string("device \"cuda\": ") + kReason); }

void select_cuda_device(int) noexcept {}

void destroy_cuda_stream(void*) noexcept {}

DeviceProperties cuda_properties(int) { return {}; }

void* create_matrix_library() { return nullptr; }

void destroy_matrix_library(void*) noexcept {}

}  // namespace thalweg
