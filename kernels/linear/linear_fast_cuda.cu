#include <cublasLt.h>
#include <cuda_runtime.h>

#include "kernels/activation/activation.hpp"
#include "kernels/base/launch.cuh"
#include "kernels/base/slices_cuda.cuh"
#include "kernels/base/warp.cuh"
#include "kernels/gemm/row_source.cuh"
#include "kernels/linear/linear_fast.cuh"

namespace thalweg {
namespace {

// cuBLASLt stores matrices by columns. A row-major [rows, cols] matrix of stride s is its [cols, rows] matrix
// of leading dimension s, and row-major C = A B is its C^T = B^T A^T. No matrix is ever transposed in memory.

/// One of the two factors, as cuBLASLt sees it before `op`.
struct Factor {
  const float* data = nullptr;
  std::int64_t rows = 0, cols = 0, stride = 0;
  cublasOperation_t op = CUBLAS_OP_N;
  std::uint32_t alignment = 0;  ///< alignment of data, in bytes
};

/// out = op(a) op(b), plus bias[row] where there is one.
struct Product {
  const char* name;
  Factor a, b;
  float* out;
  std::int64_t rows, cols, stride;
  const float* bias;
};

constexpr std::int64_t kScratchAlignment = 256;
constexpr std::uint64_t kMostWorkspace = std::uint64_t{32} << 20;  // what cuBLAS itself takes on sm_90

std::uint32_t alignment_of(const void* address) {
  std::uint32_t bytes = kScratchAlignment;
  while (!aligned_to(address, bytes)) bytes /= 2;
  return bytes;
}

Factor factor(const float* data, std::int64_t rows, std::int64_t cols, std::int64_t stride,
              cublasOperation_t op) {
  return {data, rows, cols, stride, op, alignment_of(data)};
}

void check_library(cublasStatus_t status, const char* op) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw DeviceError(std::string(op) + ": cuBLASLt: " + cublasLtGetStatusName(status) + ": " +
                    cublasLtGetStatusString(status));
}

cublasComputeType_t compute_type(const Device& device) {
  return device.properties.compute_major >= 8 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
}

cublasLtHandle_t handle_of(const Device& device) {
  return static_cast<cublasLtHandle_t>(device.matrix_library);
}

/// The description of a product for cuBLASLt, and the algorithm that it selects. The algorithm depends on the
/// shapes, the alignments and the device alone.
class ProductPlan {
 public:
  ProductPlan(const Device& device, const Product& p) : handle_(handle_of(device)), name_(p.name) {
    describe(device, p);
    choose(p);
  }
  ProductPlan(const ProductPlan&) = delete;
  ProductPlan& operator=(const ProductPlan&) = delete;

  std::int64_t workspace_bytes() const { return static_cast<std::int64_t>(chosen_.workspaceSize); }

  void run(const Device& device, const Product& p, void* workspace) {
    const detail::ProfilerRange range(name_);
    const float one = 1.0f, zero = 0.0f;
    check_library(
        cublasLtMatmul(handle_, &operation_, &one, p.a.data, &a_, p.b.data, &b_, &zero, p.out, &out_, p.out,
                       &out_, &chosen_.algo, chosen_.workspaceSize > 0 ? workspace : nullptr,
                       chosen_.workspaceSize, static_cast<cudaStream_t>(device.stream)),
        name_);
  }

 private:
  template <class T>
  void set(cublasLtMatmulDescAttributes_t attribute, const T& value) {
    check_library(cublasLtMatmulDescSetAttribute(&operation_, attribute, &value, sizeof value), name_);
  }
  template <class T>
  void prefer(cublasLtMatmulPreferenceOpaque_t& preference, cublasLtMatmulPreferenceAttributes_t attribute,
              const T& value) {
    check_library(cublasLtMatmulPreferenceSetAttribute(&preference, attribute, &value, sizeof value), name_);
  }
  void lay_out(cublasLtMatrixLayoutOpaque_t& layout, std::int64_t rows, std::int64_t cols,
               std::int64_t stride) {
    check_library(cublasLtMatrixLayoutInit(&layout, CUDA_R_32F, static_cast<std::uint64_t>(rows),
                                           static_cast<std::uint64_t>(cols), stride),
                  name_);
  }

  void describe(const Device& device, const Product& p) {
    check_library(cublasLtMatmulDescInit(&operation_, compute_type(device), CUDA_R_32F), name_);
    set(CUBLASLT_MATMUL_DESC_TRANSA, static_cast<std::int32_t>(p.a.op));
    set(CUBLASLT_MATMUL_DESC_TRANSB, static_cast<std::int32_t>(p.b.op));
    if (p.bias != nullptr) {
      set(CUBLASLT_MATMUL_DESC_EPILOGUE, static_cast<std::uint32_t>(CUBLASLT_EPILOGUE_BIAS));
      set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, p.bias);
    }
    lay_out(a_, p.a.rows, p.a.cols, p.a.stride);
    lay_out(b_, p.b.rows, p.b.cols, p.b.stride);
    lay_out(out_, p.rows, p.cols, p.stride);
  }

  void choose(const Product& p) {
    cublasLtMatmulPreferenceOpaque_t preference;
    check_library(cublasLtMatmulPreferenceInit(&preference), name_);
    prefer(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, kMostWorkspace);
    // A sum that is split goes through the workspace in float32 and is added up in a fixed order.
    prefer(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
           static_cast<std::uint32_t>(CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE));
    prefer(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, p.a.alignment);
    prefer(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, p.b.alignment);
    prefer(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignment_of(p.out));
    prefer(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignment_of(p.out));
    int found = 0;
    const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(handle_, &operation_, &a_, &b_, &out_, &out_,
                                                                 &preference, 1, &chosen_, &found);
    check_library(status != CUBLAS_STATUS_SUCCESS ? status
                  : found == 0                    ? CUBLAS_STATUS_NOT_SUPPORTED
                                                  : chosen_.state,
                  name_);
  }

  cublasLtHandle_t handle_;
  const char* name_;
  cublasLtMatmulDescOpaque_t operation_;
  cublasLtMatrixLayoutOpaque_t a_, b_, out_;
  cublasLtMatmulHeuristicResult_t chosen_{};
};

constexpr int kGatherThreads = 256;

// gather_rows: the rows of a batch as the product reads them.
// math         to[n, i] = input[ids[n], i], converted and scaled as DenseRows says
// shapes       input [N, I] f32 or u8; to [N, pitch] f32, pitch = I rounded up to 4, the rest of a row zero
// bytes        reads N I (4 or 1), writes 4 N pitch (memory bound)
// launch       256 threads = 8 warps, a warp per row, four elements per lane and turn, no shared memory
// determinism  exact: every element is one thread's
// contract     N, I >= 1; to begins at a multiple of 16 bytes
template <class Source>
__global__ void __launch_bounds__(kGatherThreads)
    gather_rows_kernel(Source input, std::int64_t rows, std::int64_t cols, std::int64_t pitch, float* to) {
  const std::int64_t row = std::int64_t{blockIdx.x} * (kGatherThreads / kWarp) + warp_index();
  if (row >= rows) return;
  const auto line = input.line(row);
  for (std::int64_t at = lane_index() * 4; at < pitch; at += kWarp * 4)
    store4(to + row * pitch + at, input.quad(line, at, count_before(cols, at, 4)));
}

/// Rows that lie as the product needs them are read in place; others go through scratch memory.
struct PlacedRows {
  bool gathered;
  std::int64_t stride, floats;  ///< floats of scratch

  explicit PlacedRows(const DenseRows& x)
      : gathered(is_converted(x) || x.ids != nullptr),
        stride(gathered ? (x.cols + 3) / 4 * 4 : x.stride),
        floats(gathered ? x.rows * stride : 0) {}

  Factor as_factor(const DenseRows& x) const {
    if (!gathered) return factor(static_cast<const float*>(x.data), x.cols, x.rows, stride, CUBLAS_OP_N);
    return {nullptr, x.cols, x.rows, stride, CUBLAS_OP_N, kScratchAlignment};
  }

  /// Writes the rows to `to` if they need it and tells the factor where they are.
  void place(const Device& device, const DenseRows& x, float* to, Factor& rows) const {
    if (!gathered) return;
    with_rows(x, [&](auto input) {
      launch(device.stream, {blocks_for(x.rows, kGatherThreads / kWarp), kGatherThreads},
             "linear_gather_rows", gather_rows_kernel<decltype(input)>, input, x.rows, x.cols, stride, to);
    });
    rows.data = to;
  }
};

/// The terms of grad_bias, added in the order of exact numerics.
struct BiasSource {
  static constexpr int kTerms = 1;
  ConstMatrix grad_output;

  __device__ __forceinline__ void enter(std::int64_t col) { grad_output.data += col; }
  __device__ __forceinline__ Terms<1> read(std::int64_t row) const { return {{*grad_output.row(row)}}; }
  template <int>
  static __device__ __forceinline__ float step(const Terms<1>& g, float chain) {
    return chain + g.value[0];
  }
};

}  // namespace

void linear_forward_fast(const Device& device, const LinearForward& a) {
  const PlacedRows placed(a.input);
  const Matrix sums = linear_sums(a);
  const std::int64_t features = a.input.cols, outputs = a.output.cols;
  Product p{.name = "linear_forward",
            .a = factor(a.weight, features, outputs, features, CUBLAS_OP_T),
            .b = placed.as_factor(a.input),
            .out = sums.data,
            .rows = outputs,
            .cols = sums.rows,
            .stride = sums.stride,
            .bias = a.bias};
  ProductPlan plan(device, p);
  const Scratch::Frame frame(device);
  placed.place(device, a.input, frame.take<float>(placed.floats), p.b);
  plan.run(device, p, frame.take_bytes(plan.workspace_bytes()));
  apply_activation(device, activation_cuda, a);
}

void linear_input_grad_fast(const Device& device, const LinearInputGrad& a) {
  const std::int64_t rows = a.grad_input.rows, features = a.grad_input.cols, outputs = a.grad_output.cols;
  const Product p{.name = "linear_input_grad",
                  .a = factor(a.weight, features, outputs, features, CUBLAS_OP_N),
                  .b = factor(a.grad_output.data, outputs, rows, a.grad_output.stride, CUBLAS_OP_N),
                  .out = a.grad_input.data,
                  .rows = features,
                  .cols = rows,
                  .stride = a.grad_input.stride,
                  .bias = nullptr};
  ProductPlan plan(device, p);
  const Scratch::Frame frame(device);
  plan.run(device, p, frame.take_bytes(plan.workspace_bytes()));
  apply_derivative(device, activation_cuda, a);
}

void linear_parameter_grad_fast(const Device& device, const LinearParameterGrad& a) {
  const PlacedRows placed(a.input);
  const std::int64_t rows = a.input.rows, features = a.input.cols, outputs = a.grad_output.cols;
  Product p{.name = "linear_parameter_grad",
            .a = placed.as_factor(a.input),
            .b = factor(a.grad_output.data, outputs, rows, a.grad_output.stride, CUBLAS_OP_T),
            .out = a.grad_weight.sum,
            .rows = features,
            .cols = outputs,
            .stride = features,
            .bias = nullptr};
  ProductPlan plan(device, p);
  const Scratch::Frame frame(device);
  placed.place(device, a.input, frame.take<float>(placed.floats), p.a);
  plan.run(device, p, frame.take_bytes(plan.workspace_bytes()));
  if (a.grad_bias.sum == nullptr) return;
  const BatchSum bias_sum[1] = {a.grad_bias};
  column_sums(device, "linear_grad_bias", a.slices, outputs, bias_sum, BiasSource{a.grad_output},
              StoreSums<1>{{a.grad_bias.sum}});
}

}  // namespace thalweg
