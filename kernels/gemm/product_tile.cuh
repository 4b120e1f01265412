#pragma once
// A block's tile of a matrix product in which every output is one chain of fma over ascending terms
// (docs/numerics.md, "Matrix products" and "Sums over the batch"), so neither the tile nor the number of
// blocks changes a bit. A partial piece is multiplied term by term, because adding a zero term changes a
// chain at -0.
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/base/shared.cuh"
#include "kernels/gemm/piece_loader.cuh"
#include "kernels/gemm/product_side.cuh"

namespace thalweg {

template <class Shape, class SideA, class SideB>
struct ProductPieces {
  float a[Shape::kStages][SideA::kFloats];
  float b[Shape::kStages][SideB::kFloats];
};

/// How a tile passes from registers to memory and back: through shared memory, a group of its rows at a time.
/// There a thread has four neighbouring columns of a row, whatever it holds in registers. Memory therefore
/// moves 16 bytes at a time, and the code for an output appears once.
template <class Shape, class SideA, class SideB>
struct TilePasses {
  static constexpr int kMostFloats = 9216;  // 36 KiB, about as much as the pieces take
  // Eight rows further on is eight banks further on: threads with columns of their own write four rows at
  // once.
  static constexpr int kPitch = Shape::kCols + (SideB::kDeepLines ? 8 : 0);
  static constexpr int kCount = Shape::kRows * kPitch <= kMostFloats ? 1 : 2;
  static constexpr int kRows = Shape::kRows / kCount;                    // rows of the tile
  static constexpr int kRowsPerThread = Shape::kRowsPerThread / kCount;  // rows of a thread
  static constexpr int kQuadsPerRow = Shape::kCols / 4, kQuads = kRows * kQuadsPerRow;
  static constexpr int kFloats = kRows * kPitch;
  static_assert(kFloats <= kMostFloats && kRowsPerThread % SideA::kGroup == 0);
};

template <class Shape, class SideA, class SideB>
union alignas(16) ProductBuffers {
  ProductPieces<Shape, SideA, SideB> pieces;
  float outputs[TilePasses<Shape, SideA, SideB>::kFloats];
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
  using Passes = TilePasses<Shape, SideA, SideB>;
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
    const std::int64_t depth = block.depth_end - block.depth;
    const int whole = static_cast<int>(depth / Shape::kDepth), rest = static_cast<int>(depth % Shape::kDepth);
    const int count = whole + (rest > 0 ? 1 : 0);
    Loader<SideA, Shape::kThreads> load_a(a, {block.row, block.row_end, block.depth, block.depth_end});
    Loader<SideB, Shape::kThreads> load_b(b, {block.col, block.col_end, block.depth, block.depth_end});
    auto& pieces = buffers.pieces;
    int stage = 0, next_stage = 0;
    // One loop both prefetches pieces and multiplies them, because its body is long.
#pragma unroll 1
    for (int p = 1 - Shape::kStages; p < count; ++p) {
      if (p >= 0) {
        wait_copies<Shape::kStages - 2>();
        __syncthreads();  // piece p is seen by all, and nobody reads piece p - 1 any more
      }
      const int next = p + Shape::kStages - 1;
      if (next < whole) {
        load_a.begin(pieces.a[next_stage]);
        load_b.begin(pieces.b[next_stage]);
      } else if (next < count) {
        load_a.begin_rest(rest, pieces.a[next_stage]);
        load_b.begin_rest(rest, pieces.b[next_stage]);
      }
      commit_copies();
      if (p >= 0) {
        each(pieces.a[stage], p < whole ? Shape::kDepth : rest);
        multiply(pieces.a[stage], pieces.b[stage], p < whole ? Shape::kDepth : rest);
        stage = stage + 1 == Shape::kStages ? 0 : stage + 1;
      }
      if (next < whole) {
        load_a.finish(pieces.a[next_stage]);
        load_b.finish(pieces.b[next_stage]);
      } else if (next < count) {
        load_a.finish_rest(rest, pieces.a[next_stage]);
        load_b.finish_rest(rest, pieces.b[next_stage]);
      }
      next_stage = next_stage + 1 == Shape::kStages ? 0 : next_stage + 1;
    }
  }

  /// from(row, col, count) returns the chains of four columns from col on, of which `count` exist.
  template <class From>
  __device__ __forceinline__ void load_outputs(const ProductBlock& block, Buffers& buffers, From from) {
#pragma unroll 1
    for (int pass = 0; pass < Passes::kCount; ++pass) {
      each_quad(block, pass, [&](std::int64_t row, std::int64_t col, int count, int at) {
        store4(buffers.outputs + at, from(row, col, count));
      });
      __syncthreads();
      each_in_pass(pass, [&](float* own, int at) {
        if constexpr (kOwnsQuads) {
          const float4 v = load4(buffers.outputs + at);
          own[0] = v.x, own[1] = v.y, own[2] = v.z, own[3] = v.w;
        } else {
          *own = buffers.outputs[at];
        }
      });
      __syncthreads();  // the next pass, or the first pieces, take the place of this one
    }
  }

  /// to(row, col, count, sums) takes the sums of four columns from col on, of which `count` exist.
  template <class To>
  __device__ __forceinline__ void store_outputs(const ProductBlock& block, Buffers& buffers, To to) {
#pragma unroll 1
    for (int pass = 0; pass < Passes::kCount; ++pass) {
      __syncthreads();  // nobody reads the pieces, or the last pass, any more
      each_in_pass(pass, [&](const float* own, int at) {
        if constexpr (kOwnsQuads) {
          store4(buffers.outputs + at, make_float4(own[0], own[1], own[2], own[3]));
        } else {
          buffers.outputs[at] = *own;
        }
      });
      __syncthreads();
      each_quad(block, pass, [&](std::int64_t row, std::int64_t col, int count, int at) {
        to(row, col, count, load4(buffers.outputs + at));
      });
    }
  }

 private:
  /// Whether a thread's outputs are groups of four neighbouring columns.
  static constexpr bool kOwnsQuads = !SideB::kDeepLines && SideB::kGroup == 4;

  /// f(output or four outputs of this thread, their place in the pass).
  template <class F>
  __device__ __forceinline__ void each_in_pass(int pass, F f) {
#pragma unroll
    for (int p = 0; p < Passes::kCount; ++p) {
      if (p != pass) continue;  // registers have no index: each pass is written out
#pragma unroll
      for (int r = 0; r < Passes::kRowsPerThread; ++r) {
        const int i = p * Passes::kRowsPerThread + r;
        const int row = (SideA::output(thread_row_, i) - p * Passes::kRows) * Passes::kPitch;
#pragma unroll
        for (int j = 0; j < Shape::kColsPerThread; j += kOwnsQuads ? 4 : 1)
          f(&acc[i][j], row + SideB::output(thread_col_, j));
      }
    }
  }

  /// f(row, col, count, place in the pass) for the thread's groups of four columns that exist in the block.
  template <class F>
  static __device__ __forceinline__ void each_quad(const ProductBlock& block, int pass, F f) {
#pragma unroll 1
    for (int quad = static_cast<int>(threadIdx.x); quad < Passes::kQuads; quad += Shape::kThreads) {
      const int line = quad / Passes::kQuadsPerRow, along = quad % Passes::kQuadsPerRow * 4;
      const std::int64_t row = block.row + pass * Passes::kRows + line, col = block.col + along;
      if (row < block.row_end && col < block.col_end)
        f(row, col, count_before(block.col_end, col, 4), line * Passes::kPitch + along);
    }
  }

  __device__ __forceinline__ void multiply(const float* a, const float* b, int terms) {
    a += SideA::place_of_thread(thread_row_);
    b += SideB::place_of_thread(thread_col_);
    if (terms == Shape::kDepth) {
#pragma unroll Shape::kUnroll
      for (int group = 0; group < Shape::kDepth / 4; ++group) multiply_terms<4>(a, b);
    } else {
#pragma unroll 1
      for (int term = 0; term < terms; ++term) multiply_terms<1>(a, b);
    }
  }

  /// Takes in the next kTerms terms of the thread's outputs.
  template <int kTerms>
  __device__ __forceinline__ void multiply_terms(const float*& a, const float*& b) {
#pragma unroll
    for (int col = 0; col < Shape::kColsPerThread; col += SideB::kGroup) {
      float right[kTerms][SideB::kGroup];
      SideB::template load<kTerms>(b, col, right);
#pragma unroll
      for (int row = 0; row < Shape::kRowsPerThread; row += SideA::kGroup) {
        float left[kTerms][SideA::kGroup];
        SideA::template load<kTerms>(a, row, left);
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
    a += SideA::place_of_output(0, kTerms);
    b += SideB::place_of_output(0, kTerms);
  }

  int thread_row_, thread_col_;
};

}  // namespace thalweg
