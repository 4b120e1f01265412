#pragma once
// One operand of a matrix product: how a block copies a piece of it into shared memory, and how a thread
// reads its part there. Pieces keep their orientation in memory, so that 16 bytes move at a time.
#include <cstdint>
#include <type_traits>

#include "kernels/gemm/row_source.cuh"

namespace thalweg {

/// A block's tile of kRows x kCols outputs, kRowsPerThread x kColsPerThread of them in each thread's
/// registers; kDepth terms of each sum at a time, kStages of those pieces in shared memory.
template <int kRows_, int kCols_, int kDepth_, int kRowsPerThread_, int kColsPerThread_, int kStages_,
          int kBlocksPerSm_>
struct TileShape {
  static constexpr int kRows = kRows_, kCols = kCols_, kDepth = kDepth_;
  static constexpr int kRowsPerThread = kRowsPerThread_, kColsPerThread = kColsPerThread_;
  static constexpr int kStages = kStages_, kBlocksPerSm = kBlocksPerSm_;
  static constexpr int kThreadRows = kRows / kRowsPerThread, kThreadCols = kCols / kColsPerThread;
  static constexpr int kThreads = kThreadRows * kThreadCols;
  /// Groups of four terms multiplied without a branch between them. No more for large tiles: what is read
  /// ahead takes registers that the sums need.
  static constexpr int kUnroll = kRowsPerThread * kColsPerThread >= 32 ? 1 : 2;
  static_assert(kThreadRows % 4 == 0 && kThreadCols % 8 == 0 && kDepth % 4 == 0);
};

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
  // An odd number of 16-byte units: eight lines read at one position are in different banks.
  static constexpr int kPitch = kDeepLines ? kPositions + 4 : kPositions;
  static constexpr int kFloats = kLines * kPitch;
  static constexpr int kGroup = kPerThread < 4 ? kPerThread : 4;

  /// The index within the tile of output i of thread t along this side.
  static constexpr __device__ __forceinline__ int output(int t, int i) {
    if (kDeepLines || kPerThread % 4 != 0) return t + i * (kWidth / kPerThread);
    return i / 4 * 4 * (kWidth / kPerThread) + 4 * t + i % 4;
  }

  /// value[k][i]: term first + k of the thread's outputs from number `group` on.
  template <int kTerms>
  static __device__ __forceinline__ void load(const float* piece, int t, int group, int first,
                                              float (&value)[kTerms][kGroup]) {
    if constexpr (kDeepLines && kTerms == 4) {
#pragma unroll
      for (int i = 0; i < kGroup; ++i) {
        const float4 v = load4(piece + output(t, group + i) * kPitch + first);
        value[0][i] = v.x, value[1][i] = v.y, value[2][i] = v.z, value[3][i] = v.w;
      }
    } else if constexpr (!kDeepLines && kPerThread % 4 == 0) {
#pragma unroll
      for (int k = 0; k < kTerms; ++k) {
        const float4 v = load4(piece + (first + k) * kPitch + output(t, group));
        value[k][0] = v.x, value[k][1] = v.y, value[k][2] = v.z, value[k][3] = v.w;
      }
    } else {
#pragma unroll
      for (int k = 0; k < kTerms; ++k) {
#pragma unroll
        for (int i = 0; i < kGroup; ++i) {
          const int along = output(t, group + i), term = first + k;
          value[k][i] = piece[kDeepLines ? along * kPitch + term : term * kPitch + along];
        }
      }
    }
  }
};

/// The part of an operand that a piece of kDepth terms covers.
struct Piece {
  std::int64_t line, line_end, position, position_end;
};

/// Copies pieces into shared memory, four elements of a line at a time. The copy of a piece starts in
/// begin(). It is complete after the wait for the copies and finish(). Elements outside the operand become
/// zero.
template <class Side, int kThreads>
class Loader {
  static constexpr int kQuadsPerLine = Side::kPositions / 4;
  static constexpr int kQuads = Side::kLines * kQuadsPerLine;
  static constexpr int kQuadsPerThread = (kQuads + kThreads - 1) / kThreads;
  static constexpr bool kConverted = std::is_same_v<typename Side::Source, ConvertedRows>;
  using Line = typename Side::Source::Line;

 public:
  __device__ __forceinline__ Loader(const typename Side::Source& source, std::int64_t line,
                                    std::int64_t line_end)
      : source_(source) {
    if constexpr (Side::kDeepLines) {
#pragma unroll
      for (int q = 0; q < kQuadsPerThread; ++q)
        line_[q] = line + line_of(q) < line_end ? source.line(line + line_of(q)) : Line{};
    }
  }

  __device__ __forceinline__ void begin(const Piece& from, float* to) {
#pragma unroll
    for (int q = 0; q < kQuadsPerThread; ++q) {
      if (!has(q)) break;
      const int count = count_of(q, from);
      const std::int64_t at = from.position + position_of(q);
      Line line{};
      if (count > 0) {
        if constexpr (Side::kDeepLines) {
          line = line_[q];
        } else {
          line = source_.line(from.line + line_of(q));
        }
      }
      if constexpr (kConverted) {
        raw_[q] = source_.raw(line, at, count);
      } else {
        copy(line, at, count, to + line_of(q) * Side::kPitch + position_of(q));
      }
    }
  }

  __device__ __forceinline__ void finish([[maybe_unused]] const Piece& from, [[maybe_unused]] float* to) {
    if constexpr (kConverted) {
#pragma unroll
      for (int q = 0; q < kQuadsPerThread; ++q) {
        if (!has(q)) break;
        store4(to + line_of(q) * Side::kPitch + position_of(q),
               source_.quad_of(raw_[q], from.position + position_of(q), count_of(q, from)));
      }
    }
  }

 private:
  static __device__ __forceinline__ int quad(int q) { return static_cast<int>(threadIdx.x) + q * kThreads; }
  static __device__ __forceinline__ bool has(int q) { return kQuads % kThreads == 0 || quad(q) < kQuads; }
  static __device__ __forceinline__ int line_of(int q) { return quad(q) / kQuadsPerLine; }
  static __device__ __forceinline__ int position_of(int q) { return quad(q) % kQuadsPerLine * 4; }
  static __device__ __forceinline__ int count_of(int q, const Piece& from) {
    return from.line + line_of(q) < from.line_end
               ? count_before(from.position_end, from.position + position_of(q), 4)
               : 0;
  }

  __device__ __forceinline__ void copy(const float* line, std::int64_t at, int count, float* to) const {
    const float* from = count > 0 ? line + at : source_.data;
    if (source_.vector) {
      copy_async<16>(to, from, 4 * count);
    } else {
#pragma unroll
      for (int i = 0; i < 4; ++i)
        copy_async<4>(to + i, i < count ? from + i : source_.data, i < count ? 4 : 0);
    }
  }

  const typename Side::Source& source_;
  Line line_[Side::kDeepLines ? kQuadsPerThread : 1];
  uint4 raw_[kConverted ? kQuadsPerThread : 1];
};

}  // namespace thalweg
