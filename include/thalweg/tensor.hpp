#pragma once
// Views of rows and matrices. A view owns nothing. Its memory is that of the backend of the Context: host
// memory for cpu and reference, device memory for cuda. Example: tensor_example in examples/tour.cpp.
#include <cstdint>
#include <type_traits>

namespace thalweg {

/// Row-major matrix: element (r, c) is data[r * stride + c].
template <class T>
struct MatrixView {
  T* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t stride = 0;

  constexpr T* row(std::int64_t r) const { return data + r * stride; }
  constexpr operator MatrixView<const T>() const requires(!std::is_const_v<T>) {
    return {data, rows, cols, stride};
  }
};
using Matrix = MatrixView<float>;
using ConstMatrix = MatrixView<const float>;

template <class T>
constexpr MatrixView<T> matrix(T* data, std::int64_t rows, std::int64_t cols) {
  return {data, rows, cols, cols};
}

enum class DType : std::int32_t { f32, u8 };

/// The rows of a batch, in place in their data set: nothing is gathered or converted before use.
/// Feature j of batch row n is x = data[ids[n] * stride + j], read as fma(float(x), scale[j], shift[j]).
struct DenseRows {
  const void* data = nullptr;
  DType dtype = DType::f32;
  std::int64_t rows = 0;  ///< rows of this batch (or micro-batch)
  std::int64_t cols = 0;
  std::int64_t stride = 0;            ///< elements between consecutive rows of the data set
  const std::int64_t* ids = nullptr;  ///< [rows] data-set row of each batch row; null: batch row n is row n
  const float* scale = nullptr;       ///< [cols]; null (together with shift): x is read as float(x)
  const float* shift = nullptr;       ///< [cols]
};

constexpr DenseRows dense_rows(ConstMatrix m) {
  return {.data = m.data, .dtype = DType::f32, .rows = m.rows, .cols = m.cols, .stride = m.stride};
}

/// The rows of a batch, in place in their CSR data set. Row n of the batch holds the entries offsets[id] ..
/// offsets[id + 1] of columns and values, with id = ids[n] (or n). Columns ascend strictly inside a row.
struct SparseRows {
  const std::int64_t* offsets = nullptr;
  const std::int32_t* columns = nullptr;
  const float* values = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  const std::int64_t* ids = nullptr;

  constexpr std::int64_t id(std::int64_t n) const { return ids ? ids[n] : n; }
};

}  // namespace thalweg
