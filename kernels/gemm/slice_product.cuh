#pragma once
// The chains of a gradient over the rows of a batch, slice by slice.
#include "kernels/base/chains.hpp"
#include "kernels/base/gradient_chains.hpp"
#include "kernels/base/launch.cuh"
#include "kernels/base/quads.cuh"
#include "kernels/gemm/product_tile.cuh"
#include "kernels/gemm/tiles.hpp"

namespace thalweg {

/// Sums over the batch of a call: grad_weight and, unless grad_bias.partials is null, grad_bias. The chains
/// are in the partials on return.
template <class B>
struct SliceProductArgs {
  Lines grad_output;  ///< [N, O], its lines in order
  B input;            ///< [N, I]
  std::int64_t outputs, features;
  BatchSlices slices;
  int first_slice;
  BatchSum grad_weight, grad_bias;  ///< partials and partial_stride
  bool partial_vector;              ///< as ProductArgs::out_vector, for the partial sums
};

// slice_product: the chains of grad_weight and grad_bias for the slices that a call touches.
// math         chain[o, i] = fma(grad_output[n, o], input[n, i], chain) over the slice's rows n in order,
//              from +0 or from where an earlier call left it; bias chain[o] = chain + grad_output[n, o]
// shapes       grad_output [N, O] f32; input [N, I] f32 or u8, gathered; partials [slices][O, I], [slices][O]
// bytes        reads 4 N (O ceil(I / kCols) + I ceil(O / kRows)) through L2, writes 4 slices O I; flops
//              2 N O I
// launch       Shape::kThreads threads, a block per tile of O x I and touched slice (grid y); the blocks of
//              the first tile column also sum the bias from the pieces they hold
// determinism  exact: a chain belongs to one thread; no atomics
// contract     O, I >= 1; slices [first_slice, first_slice + grid y) contain all rows of the call
template <class Shape, class SideA, class SideB>
__global__ void __launch_bounds__(Shape::kThreads, Shape::kBlocksPerSm)
    slice_product_kernel(SliceProductArgs<typename SideB::Source> p) {
  static_assert(!SideA::kDeepLines && !SideB::kDeepLines && SideA::kWidth <= Shape::kThreads);
  using Tile = ProductTile<Shape, SideA, SideB>;
  SHARED(buffers, typename Tile::Buffers);
  const int slice = p.first_slice + static_cast<int>(blockIdx.y);
  const bool continues = p.slices.continues(slice);
  const ProductBlock block =
      block_of_tile<Shape>(p.outputs, p.features, p.slices.call_begin(slice), p.slices.call_end(slice));
  float* partial = p.grad_weight.partials + slice * p.grad_weight.partial_stride;
  Tile tile;
  if (continues) {
    tile.load_outputs(block, buffers, [&](std::int64_t row, std::int64_t col, int count) {
      return load_quad(partial + row * p.features + col, count, p.partial_vector);
    });
  }
  const int along = static_cast<int>(threadIdx.x);
  const bool has_bias = p.grad_bias.partials != nullptr && block.col == 0 && along < SideA::kWidth &&
                        block.row + along < block.row_end;
  float* bias_partial = p.grad_bias.partials + slice * p.grad_bias.partial_stride + block.row + along;
  float bias = has_bias && continues ? *bias_partial : 0.0f;
  tile.run(p.grad_output.in_order(), p.input, block, buffers, [&](const float* piece, int terms) {
    if (!has_bias) return;
    if (terms == Shape::kDepth) {
#pragma unroll 4
      for (int k = 0; k < Shape::kDepth; ++k) bias = bias + piece[SideA::place(k, along)];
    } else {
#pragma unroll 1
      for (int k = 0; k < terms; ++k) bias = bias + piece[SideA::place(k, along)];
    }
  });
  tile.store_outputs(block, buffers, [&](std::int64_t row, std::int64_t col, int count, float4 chains) {
    store_quad(partial + row * p.features + col, chains, count, p.partial_vector);
  });
  if (has_bias) *bias_partial = bias;
}

template <class Shape, class Source>
void launch_slice_product(const Device& device, const SliceProductArgs<Source>& args, int slices) {
  using SideA = Side<Lines, LineAlong::width, Shape::kRows, Shape::kRowsPerThread, Shape>;
  using SideB = Side<Source, LineAlong::width, Shape::kCols, Shape::kColsPerThread, Shape>;
  const unsigned tiles = blocks_for(tiles_of<Shape>(args.outputs, args.features), 1);
  launch(device.stream, {dim3(tiles, static_cast<unsigned>(slices)), Shape::kThreads},
         "linear_parameter_grad", slice_product_kernel<Shape, SideA, SideB>, args);
}

/// Continues the chains of the slices that a call touches, its rows read as Source.
template <class Source>
void launch_slice_products(const Device& device, const Source& rows, std::int64_t features,
                           const ConstMatrix& grad_output, const BatchSlices& slices,
                           const GradientChains& chains) {
  const TouchedSlices touched = touched_slices(slices);
  const SliceProductArgs<Source> args{
      make_lines(grad_output.data, grad_output.stride),
      rows,
      grad_output.cols,
      features,
      slices,
      touched.first,
      chains.weight,
      chains.bias,
      vector_rows(chains.weight.partials, chains.weight.partial_stride) && features % 4 == 0};
  if (args.outputs <= kFewOutputs) return launch_slice_product<FewTile>(device, args, touched.count);
  with_tile(device.properties, args.outputs, args.features, touched.count,
            [&](auto shape) { launch_slice_product<decltype(shape)>(device, args, touched.count); });
}

}  // namespace thalweg
