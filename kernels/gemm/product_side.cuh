#pragma once
// One operand of a matrix product: where a piece of it lies in shared memory, and how a thread reads its part
// there. Pieces keep their orientation in memory, so that 16 bytes move at a time.
#include <cstdint>

#include "kernels/gemm/row_source.cuh"

namespace thalweg {

enum class LineAlong {
  depth,  ///< a line of memory holds consecutive terms of the sum
  width,  ///< a line of memory holds consecutive outputs
};

template <class Source_, LineAlong kAlong_, int kWidth_, int kPerThread_, class Shape>
struct Side {
  using Source = Source_;
  static constexpr LineAlong kAlong = kAlong_;
  static constexpr int kWidth = kWidth_, kPerThread = kPerThread_;
  static constexpr bool kDeepLines = kAlong == LineAlong::depth;
  static constexpr int kLines = kDeepLines ? kWidth : Shape::kDepth;
  static constexpr int kPositions = kDeepLines ? Shape::kDepth : kWidth;
  static constexpr int kGroup = kPerThread < 4 ? kPerThread : 4;

  // 16 bytes after all lines that fill the 32 banks once. Eight lines read at one position are then in
  // different banks, and so are whole lines written one after the other.
  static constexpr int kLinesPerRow = kPositions < 32 ? 32 / kPositions : 1;
  static constexpr int kPad = kDeepLines ? 4 : 0;
  /// Where an element lies in a piece.
  static constexpr __device__ __forceinline__ int place(int line, int position) {
    return line * kPositions + line / kLinesPerRow * kPad + position;
  }
  static constexpr int kFloats = kLines * kPositions + kLines / kLinesPerRow * kPad;

  /// The index within the tile of output i of thread t along this side.
  static constexpr __device__ __forceinline__ int output(int t, int i) {
    if (kDeepLines || kPerThread % 4 != 0) return t + i * (kWidth / kPerThread);
    return i / 4 * 4 * (kWidth / kPerThread) + 4 * t + i % 4;
  }

  /// Where the first term of output 0 of thread t lies in a piece.
  static constexpr __device__ __forceinline__ int place_of_thread(int t) {
    return kDeepLines ? place(t, 0) : output(t, 0);
  }
  /// Where a term of output i lies from there on: the same for all threads.
  static constexpr __device__ __forceinline__ int place_of_output(int i, int term) {
    static_assert(kWidth / kPerThread % kLinesPerRow == 0,
                  "outputs of a thread are whole rows of banks apart");
    return kDeepLines ? place(output(0, i), term) : place(term, output(0, i));
  }

  /// value[k][i]: term k of the thread's outputs from number `group` on; own: its output 0 at term 0.
  template <int kTerms>
  static __device__ __forceinline__ void load(const float* own, int group, float (&value)[kTerms][kGroup]) {
    if constexpr (kDeepLines && kTerms == 4) {
#pragma unroll
      for (int i = 0; i < kGroup; ++i) {
        const float4 v = load4(own + place_of_output(group + i, 0));
        value[0][i] = v.x, value[1][i] = v.y, value[2][i] = v.z, value[3][i] = v.w;
      }
    } else if constexpr (!kDeepLines && kPerThread % 4 == 0) {
#pragma unroll
      for (int k = 0; k < kTerms; ++k) {
        const float4 v = load4(own + place_of_output(group, k));
        value[k][0] = v.x, value[k][1] = v.y, value[k][2] = v.z, value[k][3] = v.w;
      }
    } else {
#pragma unroll
      for (int k = 0; k < kTerms; ++k) {
#pragma unroll
        for (int i = 0; i < kGroup; ++i) value[k][i] = own[place_of_output(group + i, k)];
      }
    }
  }
};

}  // namespace thalweg
