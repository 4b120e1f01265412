// The stand-in for cuBLASLt: checks what a call promises and computes it with plain loops. A product is one
// fma chain per output over operands that are rounded to TF32 where the compute type allows it.
#include <cublasLt.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <mutex>
#include <set>

#include "device.hpp"
#include "memory.hpp"
#include "state.hpp"

struct cublasLtContext {};

namespace {

constexpr std::uint64_t kInitialised =
    0x7468616c77656721;                // a descriptor that was never initialised lacks it
constexpr std::int64_t kLongSum = 64;  ///< from here on a product asks for workspace, as a split sum would
constexpr std::size_t kWorkspace = 4096;

/// What the opaque descriptors hold.
struct Operation {
  std::uint64_t initialised;
  cublasComputeType_t compute;
  std::int32_t op_a, op_b;
  std::uint32_t epilogue;
  const float* bias;
};
struct Layout {
  std::uint64_t initialised;
  std::int64_t rows, cols, stride;
};
struct Preference {
  std::uint64_t initialised, workspace;
  std::uint32_t reductions, alignment[4];
};
/// What an algorithm was chosen for: it serves no other product.
struct Algorithm {
  std::uint64_t initialised;
  std::int64_t rows, cols, depth;
  std::uint32_t alignment[4];
};

template <class T, class Opaque>
T read(const Opaque* opaque) {
  static_assert(sizeof(T) <= sizeof(Opaque));
  T value;
  std::memcpy(&value, opaque, sizeof value);
  return value;
}
template <class T, class Opaque>
cublasStatus_t write(Opaque* opaque, const T& value) {
  static_assert(sizeof(T) <= sizeof(Opaque));
  std::memcpy(opaque, &value, sizeof value);
  return CUBLAS_STATUS_SUCCESS;
}
template <class T>
cublasStatus_t assign(T& to, const void* value, std::size_t bytes) {
  if (value == nullptr || bytes != sizeof to) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(&to, value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

struct Handles {
  std::mutex mutex;
  std::set<cublasLtHandle_t> alive;
};
Handles& handles() {
  static auto* const all = new Handles;
  return *all;
}
bool valid(cublasLtHandle_t handle) {
  const std::lock_guard lock(handles().mutex);
  return handles().alive.contains(handle);
}

/// d = op(a) op(b): the sizes, when they fit each other.
struct Problem {
  Operation operation;
  Layout a, b, d;
  std::int64_t depth = 0;

  bool fits(const Layout& c) {
    for (const Layout* m : {&a, &b, &d})
      if (m->initialised != kInitialised || m->rows < 1 || m->cols < 1 || m->stride < m->rows) return false;
    if (operation.initialised != kInitialised || std::memcmp(&c, &d, sizeof c) != 0) return false;
    const bool has_bias = operation.epilogue == CUBLASLT_EPILOGUE_BIAS;
    if (has_bias != (operation.bias != nullptr)) return false;
    depth = operation.op_a == CUBLAS_OP_N ? a.cols : a.rows;
    return (operation.op_a == CUBLAS_OP_N ? a.rows : a.cols) == d.rows &&
           (operation.op_b == CUBLAS_OP_N ? b.rows : b.cols) == depth &&
           (operation.op_b == CUBLAS_OP_N ? b.cols : b.rows) == d.cols;
  }
};

Problem problem(cublasLtMatmulDesc_t operation, cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                cublasLtMatrixLayout_t d) {
  return {read<Operation>(operation), read<Layout>(a), read<Layout>(b), read<Layout>(d)};
}

/// What a recorded product has to be given is there when it runs, and is not asked for before.
bool on_device(const void* data, const Layout& m, std::uint32_t alignment) {
  const auto floats = static_cast<std::size_t>((m.cols - 1) * m.stride + m.rows);
  return reinterpret_cast<std::uintptr_t>(data) % alignment == 0 &&
         (simt::any_capture() || simt::holds_device(data, floats * sizeof(float)));
}

bool overlap(const void* x, const Layout& mx, const void* y, const Layout& my) {
  const auto end = [](const void* p, const Layout& m) {
    return static_cast<const float*>(p) + (m.cols - 1) * m.stride + m.rows;
  };
  return x < static_cast<const void*>(end(y, my)) && y < static_cast<const void*>(end(x, mx));
}

/// To the nearest value of 10 explicit significand bits, ties to even.
float to_tf32(float value) {
  if (!std::isfinite(value)) return value;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return std::bit_cast<float>((bits + 0xfffu + ((bits >> 13) & 1u)) & ~0x1fffu);
}

cudaError_t multiply(const Problem& p, const float* a, const float* b, float* d, void* workspace) {
  const simt::DeviceAccess access;
  if (workspace != nullptr) std::memset(workspace, 0xFF, kWorkspace);
  const bool tf32 = p.operation.compute == CUBLAS_COMPUTE_32F_FAST_TF32 && simt::gpu().sm >= 80;
  const auto operand = [tf32](float value) { return tf32 ? to_tf32(value) : value; };
  const bool a_plain = p.operation.op_a == CUBLAS_OP_N, b_plain = p.operation.op_b == CUBLAS_OP_N;
  for (std::int64_t col = 0; col < p.d.cols; ++col) {
    for (std::int64_t row = 0; row < p.d.rows; ++row) {
      float sum = 0.0f;
      for (std::int64_t k = 0; k < p.depth; ++k) {
        const float left = a[a_plain ? k * p.a.stride + row : row * p.a.stride + k];
        const float right = b[b_plain ? col * p.b.stride + k : k * p.b.stride + col];
        sum = __builtin_fmaf(operand(left), operand(right), sum);
      }
      d[col * p.d.stride + row] = p.operation.bias != nullptr ? sum + p.operation.bias[row] : sum;
    }
  }
  return cudaSuccess;
}

}  // namespace

const char* cublasLtGetStatusName(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_NOT_INITIALIZED:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case CUBLAS_STATUS_ALLOC_FAILED:
      return "CUBLAS_STATUS_ALLOC_FAILED";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_EXECUTION_FAILED:
      return "CUBLAS_STATUS_EXECUTION_FAILED";
    case CUBLAS_STATUS_NOT_SUPPORTED:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
  }
  return "unknown";
}
const char* cublasLtGetStatusString(cublasStatus_t status) { return cublasLtGetStatusName(status); }

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  if (simt::any_capture()) return CUBLAS_STATUS_NOT_INITIALIZED;  // the real one allocates
  *handle = new cublasLtContext;
  const std::lock_guard lock(handles().mutex);
  handles().alive.insert(*handle);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  const std::lock_guard lock(handles().mutex);
  if (handles().alive.erase(handle) == 0) return CUBLAS_STATUS_NOT_INITIALIZED;
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescInit(cublasLtMatmulDesc_t operation, cublasComputeType_t compute,
                                      cudaDataType scale) {
  if (scale != CUDA_R_32F) return CUBLAS_STATUS_NOT_SUPPORTED;
  return write(operation, Operation{kInitialised, compute, CUBLAS_OP_N, CUBLAS_OP_N,
                                    CUBLASLT_EPILOGUE_DEFAULT, nullptr});
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t operation,
                                              cublasLtMatmulDescAttributes_t attribute, const void* value,
                                              std::size_t bytes) {
  Operation o = read<Operation>(operation);
  if (o.initialised != kInitialised) return CUBLAS_STATUS_INVALID_VALUE;
  const cublasStatus_t status =
      attribute == CUBLASLT_MATMUL_DESC_TRANSA         ? assign(o.op_a, value, bytes)
      : attribute == CUBLASLT_MATMUL_DESC_TRANSB       ? assign(o.op_b, value, bytes)
      : attribute == CUBLASLT_MATMUL_DESC_EPILOGUE     ? assign(o.epilogue, value, bytes)
      : attribute == CUBLASLT_MATMUL_DESC_BIAS_POINTER ? assign(o.bias, value, bytes)
                                                       : CUBLAS_STATUS_NOT_SUPPORTED;
  return status == CUBLAS_STATUS_SUCCESS ? write(operation, o) : status;
}
cublasStatus_t cublasLtMatrixLayoutInit(cublasLtMatrixLayout_t layout, cudaDataType type, std::uint64_t rows,
                                        std::uint64_t cols, std::int64_t stride) {
  if (type != CUDA_R_32F) return CUBLAS_STATUS_NOT_SUPPORTED;
  return write(
      layout, Layout{kInitialised, static_cast<std::int64_t>(rows), static_cast<std::int64_t>(cols), stride});
}
cublasStatus_t cublasLtMatmulPreferenceInit(cublasLtMatmulPreference_t preference) {
  return write(preference, Preference{kInitialised, 0, CUBLASLT_REDUCTION_SCHEME_MASK, {256, 256, 256, 256}});
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void* value, std::size_t bytes) {
  Preference p = read<Preference>(preference);
  if (p.initialised != kInitialised) return CUBLAS_STATUS_INVALID_VALUE;
  const int matrix = attribute - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES;
  const cublasStatus_t status =
      attribute == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES     ? assign(p.workspace, value, bytes)
      : attribute == CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK ? assign(p.reductions, value, bytes)
                                                                : assign(p.alignment[matrix], value, bytes);
  return status == CUBLAS_STATUS_SUCCESS ? write(preference, p) : status;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int wanted,
                                              cublasLtMatmulHeuristicResult_t* results, int* found) {
  if (!valid(handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
  Problem p = problem(operation, a, b, d);
  const Preference preferred = read<Preference>(preference);
  if (!p.fits(read<Layout>(c)) || preferred.initialised != kInitialised || wanted < 1)
    return CUBLAS_STATUS_INVALID_VALUE;
  Algorithm algorithm{kInitialised, p.d.rows, p.d.cols, p.depth, {}};
  std::memcpy(algorithm.alignment, preferred.alignment, sizeof algorithm.alignment);
  write(&results[0].algo, algorithm);
  results[0].workspaceSize = p.depth >= kLongSum && preferred.workspace >= kWorkspace ? kWorkspace : 0;
  results[0].state = CUBLAS_STATUS_SUCCESS;
  *found = 1;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation, const void* alpha,
                              const void* a, cublasLtMatrixLayout_t a_layout, const void* b,
                              cublasLtMatrixLayout_t b_layout, const void* beta, const void* c,
                              cublasLtMatrixLayout_t c_layout, void* d, cublasLtMatrixLayout_t d_layout,
                              const cublasLtMatmulAlgo_t* algorithm, void* workspace,
                              std::size_t workspace_bytes, cudaStream_t stream) {
  if (!valid(handle)) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (*static_cast<const float*>(alpha) != 1.0f || *static_cast<const float*>(beta) != 0.0f)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  Problem p = problem(operation, a_layout, b_layout, d_layout);
  if (!p.fits(read<Layout>(c_layout)) || c != d) return CUBLAS_STATUS_INVALID_VALUE;
  const Algorithm chosen = read<Algorithm>(algorithm);
  if (chosen.initialised != kInitialised || chosen.rows != p.d.rows || chosen.cols != p.d.cols ||
      chosen.depth != p.depth)
    return CUBLAS_STATUS_INVALID_VALUE;
  if (!on_device(a, p.a, chosen.alignment[0]) || !on_device(b, p.b, chosen.alignment[1]) ||
      !on_device(d, p.d, chosen.alignment[3]) || overlap(a, p.a, d, p.d) || overlap(b, p.b, d, p.d))
    return CUBLAS_STATUS_INVALID_VALUE;
  const Layout bias{kInitialised, p.d.rows, 1, p.d.rows};
  if (p.operation.bias != nullptr && !on_device(p.operation.bias, bias, alignof(float)))
    return CUBLAS_STATUS_INVALID_VALUE;
  if (workspace_bytes > 0 &&
      (reinterpret_cast<std::uintptr_t>(workspace) % 16 != 0 || workspace_bytes < kWorkspace ||
       !(simt::any_capture() || simt::holds_device(workspace, workspace_bytes))))
    return CUBLAS_STATUS_INVALID_VALUE;
  void* const used = workspace_bytes > 0 ? workspace : nullptr;
  const cudaError_t error = simt::issue(stream, nullptr, [=] {
    return multiply(p, static_cast<const float*>(a), static_cast<const float*>(b), static_cast<float*>(d),
                    used);
  });
  return error == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}
