#pragma once
// Products whose terms lie along k, and what is done to each finished sum before it leaves the chip.
#include "kernels/activation/activation_math.hpp"
#include "kernels/base/launch.cuh"
#include "kernels/base/quads.cuh"
#include "kernels/gemm/product_tile.cuh"
#include "kernels/gemm/tiles.hpp"

namespace thalweg {

/// rows x cols sums of terms [0, depth), from +0.
template <class A, class B>
struct ProductArgs {
  A a;  ///< [rows] side
  B b;  ///< [cols] side, its lines in order
  std::int64_t rows, cols, depth;
  Matrix out;
  bool out_vector;  ///< four outputs of a row from a multiple of 4 on are aligned to 16 bytes
};

/// Forward: the bias, then the activation.
struct ForwardEpilogue {
  const float* bias;  ///< [cols] or null
  FusedActivation activation;
  Matrix before;  ///< what the activation was applied to; data == null: not kept
  bool bias_vector, before_vector;

  __device__ __forceinline__ float4 finish(std::int64_t row, std::int64_t col, int count, float4 sum) const {
    if (bias != nullptr) {
      const float4 b = load_quad(bias + col, count, bias_vector);
      sum = make_float4(sum.x + b.x, sum.y + b.y, sum.z + b.z, sum.w + b.w);
    }
    if (before.data != nullptr) store_quad(before.row(row) + col, sum, count, before_vector);
    if (!activation.present) return sum;
    return with_activation(activation.kind, [&](auto kind) {
      constexpr Activation kKind = decltype(kind)::value;
      return make_float4(activate<kKind>(sum.x), activate<kKind>(sum.y), activate<kKind>(sum.z),
                         activate<kKind>(sum.w));
    });
  }
};

/// Input gradient: the derivative of the activation that the input came from.
struct GradientEpilogue {
  FusedActivation activation;
  ConstMatrix kept;
  bool kept_vector;

  __device__ __forceinline__ float4 finish(std::int64_t row, std::int64_t col, int count, float4 sum) const {
    if (!activation.present) return sum;
    const float4 at = load_quad(kept.row(row) + col, count, kept_vector);
    return with_activation(activation.kind, [&](auto kind) {
      constexpr Activation kKind = decltype(kind)::value;
      return make_float4(activation_gradient<kKind>(at.x, sum.x), activation_gradient<kKind>(at.y, sum.y),
                         activation_gradient<kKind>(at.z, sum.z), activation_gradient<kKind>(at.w, sum.w));
    });
  }
};

// product: out[r, c] = f(sum over k of a(r, k) * b(c, k)), f the epilogue.
// math         forward (a = input rows, b = weight rows): bias, then activation; input_grad (a = grad_output
//              rows, b = weight columns): times the derivative of the activation below
// shapes       rows x cols outputs, depth terms; any sizes >= 1, any strides
// bytes        reads 4 depth (rows ceil(cols / kCols) + cols ceil(rows / kRows)) through L2, writes 4 rows
//              cols, the epilogue as much again each way at most; flops 2 rows cols depth (compute bound)
// launch       Shape::kThreads threads, a block per tile, static shared memory of kStages pieces
// determinism  exact: one fma chain per output over ascending k, no split of k, no atomics
// contract     no aliasing of out with a or b; what an epilogue reads and writes may be out itself
template <class Shape, class SideA, class SideB, class Epilogue>
__global__ void __launch_bounds__(Shape::kThreads, Shape::kBlocksPerSm)
    product_kernel(ProductArgs<typename SideA::Source, typename SideB::Source> p, Epilogue epilogue) {
  using Tile = ProductTile<Shape, SideA, SideB>;
  SHARED(buffers, typename Tile::Buffers);
  const ProductBlock block = block_of_tile<Shape>(p.rows, p.cols, 0, p.depth);
  Tile tile;
  tile.run(p.a, p.b.in_order(), block, buffers, [](const float*, int) {});
  tile.store_outputs(block, buffers, [&](std::int64_t row, std::int64_t col, int count, float4 sum) {
    store_quad(p.out.row(row) + col, epilogue.finish(row, col, count, sum), count, p.out_vector);
  });
}

template <LineAlong kAlongB, class A, class Epilogue>
void launch_product(const Device& device, const char* op, const ProductArgs<A, Lines>& args,
                    const Epilogue& epilogue) {
  with_tile(device.properties, args.rows, args.cols, 1, [&](auto shape) {
    using Shape = decltype(shape);
    using SideA = Side<A, LineAlong::depth, Shape::kRows, Shape::kRowsPerThread, Shape>;
    using SideB = Side<Lines, kAlongB, Shape::kCols, Shape::kColsPerThread, Shape>;
    launch(device.stream, {blocks_for(tiles_of<Shape>(args.rows, args.cols), 1), Shape::kThreads}, op,
           product_kernel<Shape, SideA, SideB, Epilogue>, args, epilogue);
  });
}

}  // namespace thalweg
