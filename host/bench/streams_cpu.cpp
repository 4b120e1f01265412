#include "host/bench/streams.hpp"
#include "kernels/base/simd.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

using bench::kFmaChains;
using bench::kMostStates;
using bench::kStreamStep;

constexpr int kVectors = kStreamStep / kLanes;
constexpr std::int64_t kLine = 16;  // floats of a cache line
/// The first line of a row is prefetched this many rows before its other lines. By then the address of its
/// page has been looked up.
constexpr std::int64_t kFirstLineAhead = 4;

/// Independent sums, so that additions do not wait for each other.
constexpr int kSums = 8;
static_assert(kVectors % kSums == 0);

THALWEG_HD void add_step(const float* from, Vec* sums) {
  for (int v = 0; v < kVectors; ++v) sums[v % kSums] += load(from + v * kLanes);
}

THALWEG_HD float total(const Vec* sums) {
  float sum = 0;
  for (int v = 0; v < kSums; ++v) {
    for (int i = 0; i < kLanes; ++i) sum += sums[v][i];
  }
  return sum;
}

float read(const float* from, std::int64_t count) {
  Vec sums[kSums] = {};
  for (std::int64_t j = 0; j < count; j += kStreamStep) add_step(from + j, sums);
  return total(sums);
}

float read_rows(const float* base, const std::int64_t* ids, std::int64_t rows, std::int64_t columns,
                std::int64_t ahead) {
  Vec sums[kSums] = {};
  for (std::int64_t n = 0; n < rows; ++n) {
    const float* row = base + ids[n] * columns;
    const float* next = base + ids[n + ahead < rows ? n + ahead : n] * columns;
    if (ahead > 0 && n + ahead + kFirstLineAhead < rows)
      __builtin_prefetch(base + ids[n + ahead + kFirstLineAhead] * columns, 0, 2);
    std::int64_t j = 0;
    for (; j + kStreamStep <= columns; j += kStreamStep) {
      if (ahead > 0) {
        for (std::int64_t line = 0; line < kStreamStep; line += kLine)
          __builtin_prefetch(next + j + line, 0, 2);
      }
      add_step(row + j, sums);
    }
    for (; j + kLanes <= columns; j += kLanes) sums[0] += load(row + j);
    sums[1] += load_first(row + j, columns - j);
  }
  return total(sums);
}

/// Adding +0 changes -0, so the compiler cannot replace the loop by a call of memcpy.
void copy(float* to, const float* from, std::int64_t count) {
  for (std::int64_t j = 0; j < count; j += kLanes) store(to + j, load(from + j) + Vec{});
}

void copy_streaming(float* to, const float* from, std::int64_t count) {
  for (std::int64_t j = 0; j < count; j += kLanes) {
#if defined(__AVX512F__)
    _mm512_stream_ps(to + j, _mm512_loadu_ps(from + j));
#elif defined(__AVX2__)
    _mm256_stream_ps(to + j, _mm256_loadu_ps(from + j));
#else
    store(to + j, load(from + j) + Vec{});
#endif
  }
}

void triad(float* to, const float* a, const float* b, std::int64_t count) {
  const Vec scale = broadcast(0.5f);
  for (std::int64_t j = 0; j < count; j += kLanes) store(to + j, fma(scale, load(b + j), load(a + j)));
}

template <int States>
void update_streams(float* param, const float* grad, float* const* state, std::int64_t count,
                    std::int64_t ahead) {
  const Vec keep = broadcast(0.5f);
  float* s[kMostStates] = {};
  for (int k = 0; k < States; ++k) s[k] = state[k];
  for (std::int64_t line = 0; line < count; line += kLine) {
    if (ahead > 0) {
      __builtin_prefetch(param + line + ahead, 1);
      __builtin_prefetch(grad + line + ahead, 0);
      for (int k = 0; k < States; ++k) __builtin_prefetch(s[k] + line + ahead, 1);
    }
    for (std::int64_t j = line; j < line + kLine; j += kLanes) {
      Vec change = load(grad + j);
      for (int k = 0; k < States; ++k) {
        change = fma(keep, load(s[k] + j), change);
        store(s[k] + j, change);
      }
      store(param + j, fma(keep, change, load(param + j)));
    }
  }
}

void update(int states, float* param, const float* grad, float* const* state, std::int64_t count,
            std::int64_t ahead) {
  switch (states) {
    case 0:
      return update_streams<0>(param, grad, state, count, ahead);
    case 1:
      return update_streams<1>(param, grad, state, count, ahead);
    case 2:
      return update_streams<2>(param, grad, state, count, ahead);
    default:
      return update_streams<3>(param, grad, state, count, ahead);
  }
}

/// Factors and chains from memory, so that the compiler cannot know that they are equal and one would do.
float fma_rounds(std::int64_t rounds, const float* zeros) {
  Vec chain[kFmaChains];
  for (int c = 0; c < kFmaChains; ++c) chain[c] = load(zeros + (1 + c) * kLanes);
  const Vec factor = load(zeros);
  for (std::int64_t k = 0; k < rounds; ++k) {
    for (int c = 0; c < kFmaChains; ++c) chain[c] = fma(factor, factor, chain[c]);
  }
  Vec sum{};
  for (int c = 0; c < kFmaChains; ++c) sum += chain[c];
  float result = 0;
  for (int i = 0; i < kLanes; ++i) result += sum[i];
  return result;
}

}  // namespace

extern const bench::StreamOps streams_cpu{.lanes = kLanes,
                                          .read = &read,
                                          .read_rows = &read_rows,
                                          .copy = &copy,
                                          .copy_streaming = &copy_streaming,
                                          .triad = &triad,
                                          .update = &update,
                                          .fma = &fma_rounds};

}  // namespace thalweg::THALWEG_ISA
