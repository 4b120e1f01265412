#pragma once
// Runs of an order on the CPU, several times as fast as position by position.
#include <cstdint>

#include "kernels/base/feistel.hpp"

namespace thalweg {

/// A run of positions on its way through the network, all of them once and then those that are not below rows
/// yet. A round waits for its multiplication, so eight words or registers of words go side by side: with
/// AVX-512, AVX2 and neither four take 15 to 35 % longer, and sixteen are faster only with long runs.
/// Pass::keep moves those that walk on to the front and counts them.
template <class Pass>
struct Walk {
  using Word = typename Pass::Word;
  static constexpr int kSide = 8, kGroup = kSide * sizeof(Word) / sizeof(std::uint64_t);
  static constexpr int kMost = 1024;  ///< positions: what they take fits the first cache
  static_assert(kMost % kGroup == 0, "the last group lies within the arrays");

  // Without values: they are written first, and zeros would take longer than a short run.
  THALWEG_HD explicit Walk(const Feistel& keyed) : network(keyed) {}

  const Feistel& network;
  alignas(64) std::uint64_t value[kMost];
  alignas(64) std::int64_t index[kMost];

  /// rows[i] = feistel_row(network, first + i) for i in [0, count); count <= kMost.
  THALWEG_HD void run(std::int64_t first, int count, std::int64_t* rows) {
    for (int w = 0; w < (count + kGroup - 1) / kGroup * kGroup; ++w) {
      value[w] = static_cast<std::uint64_t>(first + w);  // mutant: first-position
      index[w] = w;
    }
    walk(count, rows);
  }

  /// The same of the positions that `rows` holds.
  THALWEG_HD void run_on(int count, std::int64_t* rows) {
    for (int w = 0; w < (count + kGroup - 1) / kGroup * kGroup; ++w) {
      value[w] = w < count ? static_cast<std::uint64_t>(rows[w]) : 0;
      index[w] = w;
    }
    walk(count, rows);
  }

  THALWEG_HD void walk(int count, std::int64_t* rows) {
    for (int walking = count; walking > 0; walking = Pass::keep(network, walking, value, index)) {
      for (int w = 0; w < walking; w += kGroup) {
        if (walking - w > kGroup / 2) {
          group<kSide>(value + w);
        } else {
          group<kSide / 2>(value + w);
        }
      }
      // A position that is still walking is written again after its next pass.
      for (int w = 0; w < walking; ++w) rows[index[w]] = static_cast<std::int64_t>(value[w]);
    }
  }

  template <int side>
  THALWEG_HD void group(std::uint64_t* values) const {
    Word words[side];
    __builtin_memcpy(words, values, sizeof words);
    feistel_pass<typename Pass::Product, side>(network, words);
    __builtin_memcpy(values, words, sizeof words);
  }
};

struct PlainPass {
  using Word = std::uint64_t;
  using Product = FeistelProduct;

  /// Nobody can guess who walks on, so there is no branch on it.
  THALWEG_HD static int keep(const Feistel& network, int walking, std::uint64_t* value, std::int64_t* index) {
    int kept = 0;
    for (int w = 0; w < walking; ++w) {
      const std::uint64_t at = value[w];
      index[kept] = index[w];  // mutant: walker-index
      value[kept] = at;
      kept += at >= static_cast<std::uint64_t>(network.rows) ? 1 : 0;  // mutant: cycle-walking
    }
    return kept;
  }
};

/// rows[i] = feistel_row(network, first + i) for i in [0, count).
template <class Pass = PlainPass>
THALWEG_HD void feistel_rows(const Feistel& network, std::int64_t first, std::int64_t count,
                             std::int64_t* rows) {
  if (network.rows < 2) {
    for (std::int64_t i = 0; i < count; ++i) rows[i] = first + i;  // mutant: first-row
    return;
  }
  Walk<Pass> walk(network);
  for (std::int64_t i = 0; i < count; i += walk.kMost) {
    const std::int64_t rest = count - i;
    walk.run(first + i, static_cast<int>(rest < walk.kMost ? rest : walk.kMost), rows + i);
  }
}

/// rows[i] = feistel_row(network, rows[i]) for i in [0, count).
template <class Pass = PlainPass>
THALWEG_HD void feistel_rows_at(const Feistel& network, std::int64_t count, std::int64_t* rows) {
  if (network.rows < 2) return;
  Walk<Pass> walk(network);
  for (std::int64_t i = 0; i < count; i += walk.kMost) {
    const std::int64_t rest = count - i;
    walk.run_on(static_cast<int>(rest < walk.kMost ? rest : walk.kMost), rows + i);
  }
}

}  // namespace thalweg
