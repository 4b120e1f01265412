#pragma once
// Runs of an order on the CPU, several times as fast as position by position.
#include <cstdint>

#include "kernels/common/feistel.hpp"

namespace thalweg {

/// Positions on their way through the network side by side: a round waits for ten multiplications one after
/// the other, and one position alone would leave the processor idle meanwhile.
struct Walkers {
  static constexpr int kWalkers = 16;

  const Feistel network;
  std::int64_t first, count, next = 0;
  std::int64_t* rows;
  std::int64_t index[kWalkers];
  std::uint64_t value[kWalkers];

  /// Sends walker w to the next position; without one it walks on, and nobody looks.
  THALWEG_HD void start(int w) {
    index[w] = next < count ? next++ : -1;
    value[w] = index[w] < 0 ? 0 : static_cast<std::uint64_t>(first + index[w]);
  }

  THALWEG_HD void pass() {
    std::uint32_t left[kWalkers], right[kWalkers];
    for (int w = 0; w < kWalkers; ++w) {
      left[w] = feistel_left(network, value[w]);
      right[w] = feistel_right(network, value[w]);
    }
    const int rounds = feistel_rounds(network.half_bits);
    for (int round = 0; round < rounds; ++round) {
      for (int w = 0; w < kWalkers; ++w) feistel_round(network, round, left[w], right[w]);
    }
    for (int w = 0; w < kWalkers; ++w) value[w] = feistel_joined(network, left[w], right[w]);
  }

  THALWEG_HD void run() {
    for (int w = 0; w < kWalkers; ++w) start(w);
    for (std::int64_t left = count; left > 0;) {
      pass();
      for (int w = 0; w < kWalkers; ++w) {
        if (index[w] < 0 || value[w] >= static_cast<std::uint64_t>(network.rows)) continue;
        rows[index[w]] = static_cast<std::int64_t>(value[w]);
        start(w);
        --left;
      }
    }
  }
};

/// rows[i] = feistel_row(network, first + i) for i in [0, count).
THALWEG_HD void feistel_rows(const Feistel& network, std::int64_t first, std::int64_t count,
                             std::int64_t* rows) {
  if (network.rows < 2) {
    for (std::int64_t i = 0; i < count; ++i) rows[i] = first + i;
    return;
  }
  Walkers walkers{.network = network, .first = first, .count = count, .rows = rows};
  walkers.run();
}

}  // namespace thalweg
