#pragma once
// A keyed bijection of [0, rows) without an index array: a Feistel network on the smallest domain of
// 2^(2 half_bits) >= rows, walked along its cycle until it falls below rows again (Black and Rogaway:
// "Ciphers with arbitrary finite domains", CT-RSA 2002). The round function is a Philox word, so CPU and GPU
// compute the same rows.
//
// Walking is sound because the network permutes the domain: from a position below rows its cycle comes back
// below rows, and distinct positions end at distinct rows. The domain is less than four times as large as
// rows (rows = 1 aside), so a position takes fewer than four walks on average.
#include <cstdint>

#include "kernels/common/philox.hpp"

namespace thalweg {

struct Feistel {
  PhiloxKey key;
  std::uint64_t epoch = 0;
  std::int64_t rows = 0;
  int half_bits = 1;  ///< 1 to 31
};

/// Few bits need more rounds: with halves of one to three bits six rounds visibly prefer some orders.
THALWEG_HD int feistel_rounds(int half_bits) { return half_bits < 4 ? 12 : 6; }

/// One round: (left, right) becomes (right, left ^ word of right).
THALWEG_HD void feistel_round(const Feistel& f, int round, std::uint32_t& left, std::uint32_t& right) {
  const PhiloxBlock counter = {{right, static_cast<std::uint32_t>(round), static_cast<std::uint32_t>(f.epoch),
                                static_cast<std::uint32_t>(f.epoch >> 32)}};
  const std::uint32_t mask = (std::uint32_t{1} << f.half_bits) - 1;
  const std::uint32_t next = left ^ (philox(counter, f.key).word[0] & mask);
  left = right;
  right = next;
}

THALWEG_HD std::uint32_t feistel_left(const Feistel& f, std::uint64_t value) {
  return static_cast<std::uint32_t>(value >> f.half_bits);
}

THALWEG_HD std::uint32_t feistel_right(const Feistel& f, std::uint64_t value) {
  return static_cast<std::uint32_t>(value) & ((std::uint32_t{1} << f.half_bits) - 1);
}

THALWEG_HD std::uint64_t feistel_joined(const Feistel& f, std::uint32_t left, std::uint32_t right) {
  return (std::uint64_t{left} << f.half_bits) | right;
}

/// One pass through the network.
THALWEG_HD std::uint64_t feistel_pass(const Feistel& f, std::uint64_t value) {
  std::uint32_t left = feistel_left(f, value), right = feistel_right(f, value);
  const int rounds = feistel_rounds(f.half_bits);
  for (int round = 0; round < rounds; ++round) feistel_round(f, round, left, right);
  return feistel_joined(f, left, right);
}

/// The row at `position` of the order; both in [0, rows).
THALWEG_HD std::int64_t feistel_row(const Feistel& f, std::int64_t position) {
  if (f.rows < 2) return position;
  std::uint64_t value = static_cast<std::uint64_t>(position);
  do {
    value = feistel_pass(f, value);
  } while (value >= static_cast<std::uint64_t>(f.rows));
  return static_cast<std::int64_t>(value);
}

}  // namespace thalweg
