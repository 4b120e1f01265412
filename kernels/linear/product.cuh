#pragma once
// Matrix products in which every output is one chain of fma over ascending terms (docs/numerics.md, "Matrix
// products" and "Sums over the batch"), so neither the tile nor the number of blocks changes a bit. A piece
// that is not full is multiplied term by term: a term of zeros is not the same as no term when a chain stands
// at -0.
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/common/shared.cuh"
#include "kernels/common/slices.hpp"
#include "kernels/linear/product_side.cuh"

namespace thalweg {

/// rows x cols sums of terms [depth, depth_end), from +0.
template <class A, class B>
struct ProductArgs {
  A a;  ///< [rows] side
  B b;  ///< [cols] side
  std::int64_t rows, cols, depth;
  float* out;
  std::int64_t out_stride;
  const float* bias;  ///< [cols], added to each finished sum; or null
  bool out_vector;    ///< four outputs of a row from a multiple of 4 on are aligned to 16 bytes
};

template <class Shape, class SideA, class SideB>
struct alignas(16) ProductBuffers {
  float a[Shape::kStages][SideA::kFloats];
  float b[Shape::kStages][SideB::kFloats];
};

/// The outputs and terms of one block.
struct ProductBlock {
  std::int64_t row, row_end, col, col_end, depth, depth_end;
};

/// Blocks are counted along a row of tiles first: neighbours share the lines of `a`.
template <class Shape>
__device__ __forceinline__ ProductBlock block_of_tile(std::int64_t rows, std::int64_t cols,
                                                      std::int64_t depth, std::int64_t depth_end) {
  const auto col_tiles = static_cast<unsigned>((cols + Shape::kCols - 1) / Shape::kCols);
  return {std::int64_t{blockIdx.x / col_tiles} * Shape::kRows,
          rows,
          std::int64_t{blockIdx.x % col_tiles} * Shape::kCols,
          cols,
          depth,
          depth_end};
}

template <class Shape, class SideA, class SideB>
class ProductTile {
 public:
  using Buffers = ProductBuffers<Shape, SideA, SideB>;
  float acc[Shape::kRowsPerThread][Shape::kColsPerThread] = {};

  /// A warp is 4 threads along the rows and 8 along the columns: fragments of both sides are read without
  /// conflicts, and outputs leave in whole sectors.
  __device__ __forceinline__ ProductTile() {
    constexpr int kWarpsAlongCols = Shape::kThreadCols / 8;
    const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
    thread_row_ = warp / kWarpsAlongCols * 4 + lane / 8;
    thread_col_ = warp % kWarpsAlongCols * 8 + lane % 8;
  }

  /// Continues the chains by the block's terms. each(piece of a, terms) is called once per piece, in order.
  template <class EachPiece>
  __device__ __forceinline__ void run(const typename SideA::Source& a, const typename SideB::Source& b,
                                      const ProductBlock& block, Buffers& buffers, EachPiece each) {
    Loader<SideA, Shape::kThreads> load_a(a, block.row, block.row_end);
    Loader<SideB, Shape::kThreads> load_b(b, block.col, block.col_end);
    const int pieces = static_cast<int>((block.depth_end - block.depth + Shape::kDepth - 1) / Shape::kDepth);
    const auto piece_a = [&](int p) { return piece<SideA>(block, block.row, block.row_end, p); };
    const auto piece_b = [&](int p) { return piece<SideB>(block, block.col, block.col_end, p); };
#pragma unroll
    for (int p = 0; p < Shape::kStages - 1; ++p) {
      if (p < pieces) {
        load_a.begin(piece_a(p), buffers.a[p]);
        load_b.begin(piece_b(p), buffers.b[p]);
        load_a.finish(piece_a(p), buffers.a[p]);
        load_b.finish(piece_b(p), buffers.b[p]);
      }
      commit_copies();
    }
    int stage = 0, next_stage = Shape::kStages - 1;
    for (int p = 0; p < pieces; ++p) {
      wait_copies<Shape::kStages - 2>();
      __syncthreads();  // piece p is seen by all, and nobody reads piece p - 1 any more
      const int next = p + Shape::kStages - 1;
      if (next < pieces) {
        load_a.begin(piece_a(next), buffers.a[next_stage]);
        load_b.begin(piece_b(next), buffers.b[next_stage]);
      }
      commit_copies();
      const int terms =
          count_before(block.depth_end, block.depth + std::int64_t{p} * Shape::kDepth, Shape::kDepth);
      each(buffers.a[stage], terms);
      multiply(buffers.a[stage], buffers.b[stage], terms);
      if (next < pieces) {
        load_a.finish(piece_a(next), buffers.a[next_stage]);
        load_b.finish(piece_b(next), buffers.b[next_stage]);
      }
      stage = stage + 1 == Shape::kStages ? 0 : stage + 1;
      next_stage = next_stage + 1 == Shape::kStages ? 0 : next_stage + 1;
    }
  }

  /// f(row, col, sum) for each of the thread's outputs in the block.
  template <class F>
  __device__ __forceinline__ void each_output(const ProductBlock& block, F f) {
#pragma unroll
    for (int i = 0; i < Shape::kRowsPerThread; ++i) {
      const std::int64_t row = block.row + SideA::output(thread_row_, i);
      if (row >= block.row_end) continue;
#pragma unroll
      for (int j = 0; j < Shape::kColsPerThread; ++j) {
        const std::int64_t col = block.col + SideB::output(thread_col_, j);
        if (col < block.col_end) f(row, col, acc[i][j]);
      }
    }
  }

  /// Writes output (row, col) to out[row * stride + col]; `vector`: four columns from a multiple of 4 on are
  /// aligned to 16 bytes.
  __device__ __forceinline__ void store(const ProductBlock& block, float* out, std::int64_t stride,
                                        bool vector) {
    if constexpr (!SideB::kDeepLines && SideB::kGroup == 4) {
      if (vector && block.col + Shape::kCols <= block.col_end) {
#pragma unroll
        for (int i = 0; i < Shape::kRowsPerThread; ++i) {
          const std::int64_t row = block.row + SideA::output(thread_row_, i);
          if (row >= block.row_end) continue;
          float* to = out + row * stride + block.col;
#pragma unroll
          for (int j = 0; j < Shape::kColsPerThread; j += 4)
            store4(to + SideB::output(thread_col_, j),
                   make_float4(acc[i][j], acc[i][j + 1], acc[i][j + 2], acc[i][j + 3]));
        }
        return;
      }
    }
    each_output(block, [&](std::int64_t row, std::int64_t col, float sum) { out[row * stride + col] = sum; });
  }

 private:
  template <class S>
  static __device__ __forceinline__ Piece piece(const ProductBlock& block, std::int64_t width,
                                                std::int64_t width_end, int p) {
    const std::int64_t depth = block.depth + std::int64_t{p} * Shape::kDepth;
    if constexpr (S::kDeepLines) return {width, width_end, depth, block.depth_end};
    return {depth, block.depth_end, width, width_end};
  }

  __device__ __forceinline__ void multiply(const float* a, const float* b, int terms) {
    if (terms == Shape::kDepth) {
#pragma unroll Shape::kUnroll
      for (int first = 0; first < Shape::kDepth; first += 4) multiply_terms<4>(a, b, first);
    } else {
#pragma unroll 1
      for (int first = 0; first < terms; ++first) multiply_terms<1>(a, b, first);
    }
  }

  template <int kTerms>
  __device__ __forceinline__ void multiply_terms(const float* a, const float* b, int first) {
#pragma unroll
    for (int col = 0; col < Shape::kColsPerThread; col += SideB::kGroup) {
      float right[kTerms][SideB::kGroup];
      SideB::template load<kTerms>(b, thread_col_, col, first, right);
#pragma unroll
      for (int row = 0; row < Shape::kRowsPerThread; row += SideA::kGroup) {
        float left[kTerms][SideA::kGroup];
        SideA::template load<kTerms>(a, thread_row_, row, first, left);
#pragma unroll
        for (int k = 0; k < kTerms; ++k) {
#pragma unroll
          for (int i = 0; i < SideA::kGroup; ++i) {
#pragma unroll
            for (int j = 0; j < SideB::kGroup; ++j)
              acc[row + i][col + j] = __fmaf_rn(left[k][i], right[k][j], acc[row + i][col + j]);
          }
        }
      }
    }
  }

  int thread_row_, thread_col_;
};

// product: out[r, c] = sum over k of a(r, k) * b(c, k), then the bias.
// math         forward (a = input rows, b = weight rows) and input_grad (a = grad_output rows, b = weight
//              columns)
// shapes       rows x cols outputs, depth terms; any sizes >= 1, any strides
// bytes        reads 4 depth (rows ceil(cols / kCols) + cols ceil(rows / kRows)) through L2, writes 4 rows
//              cols; flops 2 rows cols depth (compute bound)
// launch       Shape::kThreads threads, a block per tile, static shared memory of kStages pieces
// determinism  exact: one fma chain per output over ascending k, no split of k, no atomics
// contract     no aliasing of out with a or b
template <class Shape, class SideA, class SideB>
__global__ void __launch_bounds__(Shape::kThreads, Shape::kBlocksPerSm)
    product_kernel(ProductArgs<typename SideA::Source, typename SideB::Source> p) {
  using Tile = ProductTile<Shape, SideA, SideB>;
  SHARED(buffers, typename Tile::Buffers);
  const ProductBlock block = block_of_tile<Shape>(p.rows, p.cols, 0, p.depth);
  Tile tile;
  tile.run(p.a, p.b, block, buffers, [](const float*, int) {});
  if (p.bias != nullptr) {
    tile.each_output(block, [&](std::int64_t, std::int64_t col, float& sum) { sum = sum + p.bias[col]; });
  }
  tile.store(block, p.out, p.out_stride, p.out_vector);
}

/// Sums over the batch of a call: grad_weight and, unless grad_bias.partials is null, grad_bias. The chains
/// are in the partials on return.
template <class B>
struct SliceProductArgs {
  Lines grad_output;  ///< [N, O]
  B input;            ///< [N, I]
  std::int64_t outputs, features;
  BatchSlices slices;
  int first_slice;
  BatchSum grad_weight, grad_bias;  ///< partials and partial_stride
  bool partial_vector;              ///< as ProductArgs::out_vector
};

// slice_product: the chains of grad_weight and grad_bias for the slices that a call touches.
// math         chain[o, i] = fma(grad_output[n, o], input[n, i], chain) over the slice's rows n in order,
// from
//              +0 or from where an earlier call left it; bias chain[o] = chain + grad_output[n, o]
// shapes       grad_output [N, O] f32; input [N, I] f32 or u8, gathered; partials [slices][O, I], [slices][O]
// bytes        reads 4 N (O ceil(I / kCols) + I ceil(O / kRows)) through L2, writes 4 slices O I; flops 2 N O
// I launch       Shape::kThreads threads, a block per tile of O x I and touched slice (grid y); the blocks of
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
    tile.each_output(block, [&](std::int64_t row, std::int64_t col, float& chain) {
      chain = partial[row * p.features + col];
    });
  }
  const int along = static_cast<int>(threadIdx.x);
  const bool has_bias = p.grad_bias.partials != nullptr && block.col == 0 && along < SideA::kWidth &&
                        block.row + along < block.row_end;
  float* bias_partial = p.grad_bias.partials + slice * p.grad_bias.partial_stride + block.row + along;
  float bias = has_bias && continues ? *bias_partial : 0.0f;
  tile.run(p.grad_output, p.input, block, buffers, [&](const float* piece, int terms) {
    if (!has_bias) return;
    for (int k = 0; k < terms; ++k) bias = bias + piece[k * SideA::kPitch + along];
  });
  tile.store(block, partial, p.features, p.partial_vector);
  if (has_bias) *bias_partial = bias;
}

}  // namespace thalweg
