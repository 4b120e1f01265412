#pragma once
// How a block brings the pieces of an operand into shared memory, four elements of a line at a time. Whole
// pieces follow each other at a constant distance, so a thread keeps pointers and advances them. What may lie
// outside the operand is looked at in the last, partial piece alone.
#include <cstdint>
#include <type_traits>

#include "kernels/base/quads.cuh"
#include "kernels/gemm/product_side.cuh"

namespace thalweg {

/// What a block multiplies of an operand: terms [depth, depth_end) of outputs from `width` on, which end
/// before width_end.
struct OperandPart {
  std::int64_t width, width_end, depth, depth_end;
};

/// The quads of a thread in a piece: one position of kQuads lines, the same in each piece.
template <class Side, int kThreads>
class ThreadQuads {
 protected:
  static constexpr bool kDeepLines = Side::kDeepLines;
  static constexpr int kDepth = kDeepLines ? Side::kPositions : Side::kLines;
  static constexpr int kQuadsPerLine = Side::kPositions / 4;
  static constexpr int kQuads = Side::kLines * kQuadsPerLine / kThreads;
  static constexpr int kLinesApart = kThreads / kQuadsPerLine;
  static_assert(kThreads % kQuadsPerLine == 0 && kQuads * kThreads == Side::kLines * kQuadsPerLine);
  static_assert(kLinesApart % Side::kLinesPerRow == 0);

  __device__ __forceinline__ explicit ThreadQuads(const OperandPart& part)
      : part_(part),
        line_(static_cast<int>(threadIdx.x) / kQuadsPerLine),
        position_(static_cast<int>(threadIdx.x) % kQuadsPerLine * 4) {}

  __device__ __forceinline__ int place(int q) const {
    return Side::place(line_, position_) + q * Side::place(kLinesApart, 0);
  }

  /// The line of quad q in the first piece. For an output that does not exist it is that of the last one:
  /// what its sums become goes nowhere.
  __device__ __forceinline__ std::int64_t first_line(int q) const {
    if constexpr (!kDeepLines) return part_.depth + line_ + q * kLinesApart;
    const std::int64_t line = part_.width + line_ + q * kLinesApart, last = part_.width_end - 1;
    return line < last ? line : last;
  }

  /// The place of the quads in their lines, in the first piece. Quads of outputs that do not exist are those
  /// at the beginning of the lines.
  __device__ __forceinline__ std::int64_t first_at() const {
    const std::int64_t at = (kDeepLines ? part_.depth : part_.width) + position_;
    return kDeepLines || at < part_.width_end ? at : 0;
  }

  /// Elements of a quad of a whole piece.
  __device__ __forceinline__ int count() const {
    return kDeepLines ? 4 : count_before(part_.width_end, first_at(), 4);
  }

  /// f(place in the piece, line, place in the line, count) for the quads of the partial piece of `rest`
  /// terms.
  template <class F>
  __device__ __forceinline__ void each_of_rest(int rest, F f) const {
    const std::int64_t depth = part_.depth_end - rest;
    const std::int64_t at = (kDeepLines ? depth : part_.width) + position_;
    const int here = count_before(kDeepLines ? part_.depth_end : part_.width_end, at, 4);
#pragma unroll 1
    for (int q = 0; q < kQuads; ++q) {
      const std::int64_t line = (kDeepLines ? part_.width : depth) + line_ + q * kLinesApart;
      f(place(q), line, at, line < (kDeepLines ? part_.width_end : part_.depth_end) ? here : 0);
    }
  }

  OperandPart part_;
  int line_, position_;
};

/// Copies lines of floats. begin() starts the copy of the next piece, which is there after the wait for
/// copies.
template <class Side, int kThreads>
class LineLoader : ThreadQuads<Side, kThreads> {
  using Base = ThreadQuads<Side, kThreads>;
  using Base::kDeepLines, Base::kDepth, Base::kQuads, Base::kLinesApart;

 public:
  __device__ __forceinline__ LineLoader(const Lines& source, const OperandPart& part)
      : Base(part), source_(source), count_(Base::count()) {
    if (kDeepLines || source.ids == nullptr) {
#pragma unroll
      for (int q = 0; q < kQuads; ++q) from_[q] = source.line(Base::first_line(q)) + Base::first_at();
    } else {
      ids_ = source.ids + Base::first_line(0);
    }
  }

  __device__ __forceinline__ void begin(float* to) {
    if (!kDeepLines && source_.ids != nullptr) {
#pragma unroll
      for (int q = 0; q < kQuads; ++q)
        from_[q] = source_.data + ids_[q * kLinesApart] * source_.stride + Base::first_at();
      ids_ += kDepth;
    }
    if (source_.vector && (kDeepLines || count_ == 4)) {
#pragma unroll
      for (int q = 0; q < kQuads; ++q) copy_async<16>(to + Base::place(q), from_[q]);
    } else {
      // A loop, because the compiler would issue short ways with the other one, switched off.
#pragma unroll 1
      for (int i = 0; i < 4; ++i) {
#pragma unroll
        for (int q = 0; q < kQuads; ++q) copy_one(from_[q], i, count_, to + Base::place(q));
      }
    }
    if (!kDeepLines && source_.ids != nullptr) return;
#pragma unroll
    for (int q = 0; q < kQuads; ++q) from_[q] += kDeepLines ? kDepth : kDepth * source_.stride;
  }

  __device__ __forceinline__ void begin_rest(int rest, float* to) const {
    Base::each_of_rest(rest, [&](int place, std::int64_t line, std::int64_t at, int count) {
      const float* from = count > 0 ? source_.line(line) + at : source_.data;
      if (source_.vector) {
        copy_async<16>(to + place, from, 4 * count);
      } else {
        for (int i = 0; i < 4; ++i) copy_one(from, i, count, to + place);
      }
    });
  }

  __device__ __forceinline__ void finish(float*) const {}
  __device__ __forceinline__ void finish_rest(int, float*) const {}

 private:
  /// Element i of a quad of `count` elements; zero if there is none.
  static __device__ __forceinline__ void copy_one(const float* from, int i, int count, float* to) {
    copy_async<4>(to + i, i < count ? from + i : from, i < count ? 4 : 0);
  }

  const Lines& source_;
  int count_;
  const float* from_[kQuads];
  const std::int64_t* ids_ = nullptr;
};

/// Converts rows on the way: begin() reads the next piece, finish() writes it into shared memory.
template <class Side, int kThreads>
class ConvertingLoader : ThreadQuads<Side, kThreads> {
  using Base = ThreadQuads<Side, kThreads>;
  using Base::kDeepLines, Base::kDepth, Base::kQuads, Base::kLinesApart;

 public:
  __device__ __forceinline__ ConvertingLoader(const ConvertedRows& source, const OperandPart& part)
      : Base(part), source_(source), count_(Base::count()), column_(Base::first_at()) {
    if (kDeepLines || source.ids == nullptr) {
#pragma unroll
      for (int q = 0; q < kQuads; ++q) from_[q] = source.address(source.line(Base::first_line(q)) + column_);
    } else {
      ids_ = source.ids + Base::first_line(0);
    }
    if constexpr (!kDeepLines) read_scale();
  }

  __device__ __forceinline__ void begin(float*) {
    if (!kDeepLines && source_.ids != nullptr) {
#pragma unroll
      for (int q = 0; q < kQuads; ++q)
        from_[q] = source_.address(ids_[q * kLinesApart] * source_.stride + column_);
      ids_ += kDepth;
    }
    if (!whole_quads()) {
#pragma unroll
      for (int q = 0; q < kQuads; ++q) raw_[q] = source_.raw(from_[q], count_);
    } else if (source_.bytes) {
#pragma unroll
      for (int q = 0; q < kQuads; ++q) raw_[q].x = *reinterpret_cast<const unsigned*>(from_[q]);
    } else {
#pragma unroll
      for (int q = 0; q < kQuads; ++q) raw_[q] = *reinterpret_cast<const uint4*>(from_[q]);
    }
    const std::int64_t step = kDeepLines ? kDepth : kDepth * source_.stride;
#pragma unroll
    for (int q = 0; q < kQuads; ++q) from_[q] += source_.bytes ? step : 4 * step;
    if constexpr (kDeepLines) {
      read_scale();
      column_ += kDepth;
    }
  }

  __device__ __forceinline__ void finish(float* to) const {
    if (!source_.bytes) {
      store(to, [](uint4 w) {
        return make_float4(__uint_as_float(w.x), __uint_as_float(w.y), __uint_as_float(w.z),
                           __uint_as_float(w.w));
      });
    } else if (whole_quads()) {
      store(to, [](uint4 w) { return floats(w.x & 255u, (w.x >> 8) & 255u, (w.x >> 16) & 255u, w.x >> 24); });
    } else {
      store(to, [](uint4 w) { return floats(w.x, w.y, w.z, w.w); });
    }
  }

  __device__ __forceinline__ void begin_rest(int, float*) const {}
  __device__ __forceinline__ void finish_rest(int rest, float* to) const {
    Base::each_of_rest(rest, [&](int place, std::int64_t line, std::int64_t at, int count) {
      store4(to + place, source_.quad(count > 0 ? source_.line(line) : 0, at, count));
    });
  }

 private:
  __device__ __forceinline__ bool whole_quads() const {
    return source_.vector && (kDeepLines || count_ == 4);
  }

  static __device__ __forceinline__ float4 floats(unsigned x, unsigned y, unsigned z, unsigned w) {
    return make_float4(static_cast<float>(x), static_cast<float>(y), static_cast<float>(z),
                       static_cast<float>(w));
  }

  /// Rows without a scale are bytes, and fma(byte, 1, 0) is the byte: they take the same way.
  __device__ __forceinline__ void read_scale() {
    if (source_.scale == nullptr) return;
    scale_ = load_quad(source_.scale + column_, count_, source_.scale_vector);
    shift_ = load_quad(source_.shift + column_, count_, source_.scale_vector);
  }

  template <class F>
  __device__ __forceinline__ void store(float* to, F values) const {
#pragma unroll
    for (int q = 0; q < kQuads; ++q) {
      const float4 v = values(raw_[q]);
      store4(to + Base::place(q),
             make_float4(__fmaf_rn(v.x, scale_.x, shift_.x), __fmaf_rn(v.y, scale_.y, shift_.y),
                         __fmaf_rn(v.z, scale_.z, shift_.z), __fmaf_rn(v.w, scale_.w, shift_.w)));
    }
  }

  const ConvertedRows& source_;
  int count_;
  std::int64_t column_;
  const unsigned char* from_[kQuads];
  const std::int64_t* ids_ = nullptr;
  uint4 raw_[kQuads];
  float4 scale_ = make_float4(1.0f, 1.0f, 1.0f, 1.0f), shift_ = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
};

template <class Side, int kThreads>
using Loader = std::conditional_t<std::is_same_v<typename Side::Source, ConvertedRows>,
                                  ConvertingLoader<Side, kThreads>, LineLoader<Side, kThreads>>;

}  // namespace thalweg
