#pragma once
// Dense rows in memory: where they lie, and asking for them before they are read.
#include <cstdint>

#include "kernels/common/hd.hpp"
#include "thalweg/tensor.hpp"

#ifndef THALWEG_ISA
#error "rows_cpu.hpp is for files that are compiled once per instruction set"
#endif

namespace thalweg::THALWEG_ISA {

constexpr std::int64_t kLineBytes = 64;

THALWEG_HD std::int64_t element_bytes(const DenseRows& x) { return x.dtype == DType::f32 ? 4 : 1; }
THALWEG_HD std::int64_t row_bytes(const DenseRows& x) { return x.cols * element_bytes(x); }

/// Where row n lies in memory.
THALWEG_HD const char* row_address(const DenseRows& x, std::int64_t n) {
  return static_cast<const char*>(x.data) + (x.ids ? x.ids[n] : n) * x.stride * element_bytes(x);
}

/// The row of a call that a thread begins with where each takes a share of neighbouring rows.
THALWEG_HD std::int64_t share_begin(std::int64_t rows, int thread, int threads) {
  return rows * thread / threads;
}

}  // namespace thalweg::THALWEG_ISA
