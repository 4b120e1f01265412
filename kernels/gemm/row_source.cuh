#pragma once
// The sources that the kernels of the linear layer read. They are matrices in memory line by line, and rows
// of a data set that are converted on the way.
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/base/ptx.cuh"
#include "thalweg/tensor.hpp"

namespace thalweg {

/// The number of elements from `from` on, out of `wanted`, that lie before `end`.
__device__ __forceinline__ int count_before(std::int64_t end, std::int64_t from, int wanted) {
  const std::int64_t left = end - from;
  return left <= 0 ? 0 : left < wanted ? static_cast<int>(left) : wanted;
}

/// Floats used as they are: line l begins at data + (ids ? ids[l] : l) * stride.
struct Lines {
  const float* data;
  std::int64_t stride;
  const std::int64_t* ids;
  bool vector;  ///< every line begins at a multiple of 16 bytes

  /// The same lines where none are chosen by ids, so that the compiler leaves out that way of reading.
  __device__ __forceinline__ Lines in_order() const { return {data, stride, nullptr, vector}; }

  using Line = const float*;
  __device__ __forceinline__ Line line(std::int64_t l) const {
    return data + (ids != nullptr ? ids[l] : l) * stride;
  }
  /// Elements [at, at + count) of a line, count <= 4; the rest is zero. `at` is a multiple of 4.
  __device__ __forceinline__ float4 quad(Line from, std::int64_t at, int count) const {
    if (vector && count == 4) return load4(from + at);
    return make_float4(count > 0 ? from[at] : 0.0f, count > 1 ? from[at + 1] : 0.0f,
                       count > 2 ? from[at + 2] : 0.0f, count > 3 ? from[at + 3] : 0.0f);
  }
};

/// Rows of bytes or floats, read as fma(float(raw), scale[j], shift[j]) where there is a scale.
struct ConvertedRows {
  const void* data;
  std::int64_t stride;
  const std::int64_t* ids;
  const float* scale;
  const float* shift;
  bool bytes;
  bool vector;        ///< four elements of a line from a multiple of 4 on are aligned to their size
  bool scale_vector;  ///< scale and shift are there, on 16 bytes

  using Line = std::int64_t;  ///< elements before the line
  __device__ __forceinline__ Line line(std::int64_t l) const {
    return (ids != nullptr ? ids[l] : l) * stride;
  }

  /// Where an element lies, and how far apart elements are.
  __device__ __forceinline__ const unsigned char* address(std::int64_t element) const {
    return static_cast<const unsigned char*>(data) + (bytes ? element : 4 * element);
  }

  /// `count` elements from an address on in their stored form: four bytes in one word if possible, otherwise
  /// an element in each word. It is separate from quad_of, so that other work can overlap the load.
  __device__ __forceinline__ uint4 raw(const unsigned char* from, int count) const {
    uint4 word = make_uint4(0, 0, 0, 0);
    if (bytes) {
      if (vector && count == 4) return make_uint4(*reinterpret_cast<const unsigned*>(from), 0, 0, 0);
      if (count > 0) word.x = from[0];
      if (count > 1) word.y = from[1];
      if (count > 2) word.z = from[2];
      if (count > 3) word.w = from[3];
      return word;
    }
    if (vector && count == 4) return *reinterpret_cast<const uint4*>(from);
    const auto* p = reinterpret_cast<const unsigned*>(from);
    if (count > 0) word.x = p[0];
    if (count > 1) word.y = p[1];
    if (count > 2) word.z = p[2];
    if (count > 3) word.w = p[3];
    return word;
  }

  /// The features that raw brought, `at` the first one's column.
  __device__ __forceinline__ float4 quad_of(uint4 word, std::int64_t at, int count) const {
    if (bytes && vector && count == 4) {
      const unsigned all = word.x;
      word = make_uint4(all & 255u, (all >> 8) & 255u, (all >> 16) & 255u, all >> 24);
    }
    return make_float4(count > 0 ? feature(word.x, at) : 0.0f, count > 1 ? feature(word.y, at + 1) : 0.0f,
                       count > 2 ? feature(word.z, at + 2) : 0.0f,
                       count > 3 ? feature(word.w, at + 3) : 0.0f);
  }
  __device__ __forceinline__ float4 quad(Line from, std::int64_t at, int count) const {
    return quad_of(raw(address(from + at), count), at, count);
  }

 private:
  __device__ __forceinline__ float feature(unsigned word, std::int64_t at) const {
    const float value = bytes ? static_cast<float>(word) : __uint_as_float(word);
    return scale != nullptr ? __fmaf_rn(value, scale[at], shift[at]) : value;
  }
};

inline bool aligned_to(const void* address, std::uintptr_t bytes) {
  return reinterpret_cast<std::uintptr_t>(address) % bytes == 0;
}

/// Whether four elements of a row from a multiple of 4 on are aligned to 16 bytes.
inline bool vector_rows(const float* data, std::int64_t stride) {
  return aligned_to(data, 16) && stride % 4 == 0;
}

inline Lines make_lines(const float* data, std::int64_t stride, const std::int64_t* ids = nullptr) {
  return {data, stride, ids, vector_rows(data, stride)};
}
inline bool is_converted(const DenseRows& x) { return x.dtype == DType::u8 || x.scale != nullptr; }
inline Lines make_lines(const DenseRows& x) {
  return make_lines(static_cast<const float*>(x.data), x.stride, x.ids);
}
inline ConvertedRows make_converted(const DenseRows& x) {
  const bool bytes = x.dtype == DType::u8;
  return {x.data,
          x.stride,
          x.ids,
          x.scale,
          x.shift,
          bytes,
          aligned_to(x.data, bytes ? 4 : 16) && x.stride % 4 == 0,
          x.scale != nullptr && aligned_to(x.scale, 16) && aligned_to(x.shift, 16)};
}

/// f(rows as they are to be read): one kernel for rows that can be copied, one for those that are converted.
template <class F>
void with_rows(const DenseRows& x, F f) {
  if (is_converted(x)) {
    f(make_converted(x));
  } else {
    f(make_lines(x));
  }
}

}  // namespace thalweg
