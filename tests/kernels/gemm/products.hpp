#pragma once
// Each product of kernels/gemm by itself, as a table for every instruction set. An op picks a product by the
// shape. Here each is called on every shape that it serves.
#include <cstdint>

#include "kernels/base/device.hpp"
#include "kernels/base/isa.hpp"
#include "kernels/linear/linear.hpp"

namespace thalweg {

/// The outputs [row, row + rows) x [col, col + cols) of a tile.
struct TileExtent {
  std::int64_t row, rows, col, cols;
};

struct GemmProducts {
  std::int64_t lanes;      ///< floats of a register
  std::int64_t tile_rows;  ///< most rows of a tile
  std::int64_t panel;      ///< columns of a panel

  void (*packed_forward)(const Device&, const LinearForward&);
  void (*thin_forward)(const Device&, const LinearForward&);  ///< at most `panel` outputs
  void (*packed_input_grad)(const Device&, const LinearInputGrad&);
  void (*plain_input_grad)(const Device&, const LinearInputGrad&);  ///< a multiple of `lanes` features
  void (*short_input_grad)(const Device&, const LinearInputGrad&);
  void (*packed_parameter_grad)(const Device&, const LinearParameterGrad&);
  void (*plain_parameter_grad)(const Device&, const LinearParameterGrad&);  ///< at most tile_rows outputs
  float (*chain_dot)(const float* x, const float* w, std::int64_t n);
  /// Calls visit(to, tile) for every tile of a product of that shape.
  void (*tiles)(std::int64_t rows, std::int64_t cols, std::int64_t depth, int threads, void* to,
                void (*visit)(void*, const TileExtent&));
};

THALWEG_CPU_TABLE(GemmProducts, gemm_products)

}  // namespace thalweg
