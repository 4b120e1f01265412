#pragma once
// A product of two matrices by cuBLASLt.
// The library stores matrices by columns. A row-major [rows, cols] matrix of stride s is its [cols, rows]
// matrix of leading dimension s, and row-major C = A B is its C^T = B^T A^T. No matrix is ever transposed in
// memory.
#include <cublasLt.h>
#include <cuda_runtime.h>

#include <cstdint>
#include <string>

#include "kernels/base/device.hpp"
#include "kernels/base/launch.cuh"
#include "kernels/gemm/row_source.cuh"

namespace thalweg::library {

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

inline std::uint32_t alignment_of(const void* address) {
  std::uint32_t bytes = kScratchAlignment;
  while (!aligned_to(address, bytes)) bytes /= 2;
  return bytes;
}

inline Factor factor(const float* data, std::int64_t rows, std::int64_t cols, std::int64_t stride,
                     cublasOperation_t op) {
  return {data, rows, cols, stride, op, alignment_of(data)};
}

inline void check_library(cublasStatus_t status, const char* op) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw DeviceError(std::string(op) + ": cuBLASLt: " + cublasLtGetStatusName(status) + ": " +
                    cublasLtGetStatusString(status));
}

inline cublasComputeType_t compute_type(const Device& device) {
  return device.properties.compute_major >= 8 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
}

inline cublasLtHandle_t handle_of(const Device& device) {
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

}  // namespace thalweg::library
