#pragma once
// Dense rows in memory, and shares of them.
#include <cstdint>

#include "kernels/base/hd.hpp"
#include "thalweg/tensor.hpp"

#ifndef THALWEG_ISA
#error "rows_cpu.hpp is for files that are compiled once per instruction set"
#endif

namespace thalweg::THALWEG_ISA {

constexpr std::int64_t kLineBytes = 64;

THALWEG_HD std::int64_t element_bytes(const DenseRows& x) { return x.dtype == DType::f32 ? 4 : 1; }
THALWEG_HD std::int64_t row_bytes(const DenseRows& x) { return x.cols * element_bytes(x); }

/// The address of row n.
THALWEG_HD const char* row_address(const DenseRows& x, std::int64_t n) {
  return static_cast<const char*>(x.data) + (x.ids ? x.ids[n] : n) * x.stride * element_bytes(x);
}

/// One of `count` equal shares of a number of neighbouring things.
struct Share {
  std::int64_t number, count;

  THALWEG_HD std::int64_t begin(std::int64_t things) const { return things * number / count; }
  THALWEG_HD std::int64_t end(std::int64_t things) const { return things * (number + 1) / count; }
};

}  // namespace thalweg::THALWEG_ISA
