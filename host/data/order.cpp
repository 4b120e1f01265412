#include "host/data/order.hpp"

#include <string>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kMaxRows = std::int64_t{1} << 62;

int half_bits_for(std::int64_t rows) {
  int half_bits = 1;
  while ((std::int64_t{1} << (2 * half_bits)) < rows) ++half_bits;
  return half_bits;
}

/// Positions on their way through the network side by side: a round waits for ten multiplications one after
/// the other, and one position alone would leave the processor idle meanwhile.
class Walkers {
 public:
  Walkers(const Feistel& network, std::int64_t first, std::int64_t count, std::int64_t* rows)
      : network_(network), first_(first), count_(count), rows_(rows) {}

  void run() {
    for (int w = 0; w < kWalkers; ++w) start(w);
    for (std::int64_t left = count_; left > 0;) {
      pass();
      for (int w = 0; w < kWalkers; ++w) {
        if (index_[w] < 0 || value_[w] >= static_cast<std::uint64_t>(network_.rows)) continue;
        rows_[index_[w]] = static_cast<std::int64_t>(value_[w]);
        start(w);
        --left;
      }
    }
  }

 private:
  static constexpr int kWalkers = 16;

  /// Sends walker w to the next position; without one it walks on, and nobody looks.
  void start(int w) {
    index_[w] = next_ < count_ ? next_++ : -1;
    value_[w] = index_[w] < 0 ? 0 : static_cast<std::uint64_t>(first_ + index_[w]);
  }

  void pass() {
    std::uint32_t left[kWalkers], right[kWalkers];
    for (int w = 0; w < kWalkers; ++w) {
      left[w] = feistel_left(network_, value_[w]);
      right[w] = feistel_right(network_, value_[w]);
    }
    const int rounds = feistel_rounds(network_.half_bits);
    for (int round = 0; round < rounds; ++round) {
      for (int w = 0; w < kWalkers; ++w) feistel_round(network_, round, left[w], right[w]);
    }
    for (int w = 0; w < kWalkers; ++w) value_[w] = feistel_joined(network_, left[w], right[w]);
  }

  const Feistel network_;
  std::int64_t first_, count_, next_ = 0;
  std::int64_t* rows_;
  std::int64_t index_[kWalkers];
  std::uint64_t value_[kWalkers];
};

}  // namespace

EpochOrder::EpochOrder(std::int64_t rows, std::uint64_t seed, std::uint64_t epoch, bool shuffle)
    : shuffle_(shuffle) {
  if (rows < 0 || rows > kMaxRows) {
    throw ShapeError("order of an epoch: got " + std::to_string(rows) + " rows; expected 0 to 2^62");
  }
  network_ = {.key = philox_key(seed, RandomPurpose::order),
              .epoch = epoch,
              .rows = rows,
              .half_bits = half_bits_for(rows)};
}

std::int64_t EpochOrder::operator()(std::int64_t position) const {
  return shuffle_ ? feistel_row(network_, position) : position;
}

void EpochOrder::fill(std::int64_t first, std::int64_t count, std::int64_t* rows) const {
  if (shuffle_ && network_.rows > 1) {
    Walkers(network_, first, count, rows).run();
  } else {
    for (std::int64_t i = 0; i < count; ++i) rows[i] = first + i;
  }
}

}  // namespace thalweg
