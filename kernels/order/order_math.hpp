#pragma once
// Runs of an order on the CPU, several times as fast as position by position.
#include <cstdint>

#include "kernels/common/feistel.hpp"

namespace thalweg {

/// Positions on their way through the network side by side: a round waits for ten multiplications one after
/// the other, and one position alone would leave the processor idle meanwhile. Pass::run sends the first
/// `walking` of kWalkers values once through the network.
template <class Pass>
struct Walkers {
  static constexpr int kWalkers = Pass::kWalkers;

  const Feistel network;
  std::int64_t first, count, next = 0;
  std::int64_t* rows;
  int walking = 0;
  std::int64_t index[kWalkers];
  alignas(64) std::uint64_t value[kWalkers] = {};

  /// Sends walkers to the positions that follow.
  THALWEG_HD void start() {
    for (; walking < kWalkers && next < count; ++walking, ++next) {
      index[walking] = next;
      value[walking] = static_cast<std::uint64_t>(first + next);
    }
  }

  /// Keeps the walkers that are not below rows yet. Nobody can guess who is, so there is no branch on it:
  /// what is written for one who walks on is written again.
  THALWEG_HD void keep() {
    int kept = 0;
    for (int w = 0; w < walking; ++w) {
      const std::uint64_t at = value[w];
      rows[index[w]] = static_cast<std::int64_t>(at);
      index[kept] = index[w];
      value[kept] = at;
      kept += at >= static_cast<std::uint64_t>(network.rows) ? 1 : 0;
    }
    walking = kept;
  }

  THALWEG_HD void run() {
    for (start(); walking > 0; start()) {
      Pass::run(network, value, walking);
      keep();
    }
  }
};

struct PlainPass {
  static constexpr int kWalkers = 16;

  THALWEG_HD static void run(const Feistel& network, std::uint64_t* value, int walking) {
    std::uint32_t left[kWalkers], right[kWalkers];
    for (int w = 0; w < walking; ++w) {
      left[w] = feistel_left(network, value[w]);
      right[w] = feistel_right(network, value[w]);
    }
    const int rounds = feistel_rounds(network.half_bits);
    for (int round = 0; round < rounds; ++round) {
      for (int w = 0; w < walking; ++w) feistel_round(network, round, left[w], right[w]);
    }
    for (int w = 0; w < walking; ++w) value[w] = feistel_joined(network, left[w], right[w]);
  }
};

/// rows[i] = feistel_row(network, first + i) for i in [0, count).
template <class Pass = PlainPass>
THALWEG_HD void feistel_rows(const Feistel& network, std::int64_t first, std::int64_t count,
                             std::int64_t* rows) {
  if (network.rows < 2) {
    for (std::int64_t i = 0; i < count; ++i) rows[i] = first + i;
    return;
  }
  Walkers<Pass> walkers{.network = network, .first = first, .count = count, .rows = rows, .index = {}};
  walkers.run();
}

}  // namespace thalweg
