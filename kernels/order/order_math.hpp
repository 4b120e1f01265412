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

  /// Sends walker w to the next position, if there is one.
  THALWEG_HD bool start(int w) {
    if (next == count) return false;
    index[w] = next;
    value[w] = static_cast<std::uint64_t>(first + next);
    ++next;
    return true;
  }

  THALWEG_HD void run() {
    while (walking < kWalkers && start(walking)) ++walking;
    while (walking > 0) {
      Pass::run(network, value, walking);
      for (int w = walking - 1; w >= 0; --w) {  // backwards: who takes the place of w has been looked at
        if (value[w] >= static_cast<std::uint64_t>(network.rows)) continue;
        rows[index[w]] = static_cast<std::int64_t>(value[w]);
        if (start(w)) continue;
        --walking;
        index[w] = index[walking];
        value[w] = value[walking];
      }
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
