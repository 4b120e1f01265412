#pragma once
// A keyed bijection of [0, rows) without an index array: a generalised Feistel network on the smallest domain
// of 2^bits >= rows, walked along its cycle until it falls below rows again (Black and Rogaway: "Ciphers with
// arbitrary finite domains", CT-RSA 2002). Walking is sound because the network permutes the domain: from a
// position below rows its cycle comes back below rows, and distinct positions end at distinct rows. From 33
// rows on the domain is less than twice as large as rows, so a position takes fewer than two passes on
// average.
//
// The network is the one of Mitchell, Stokes, Frank and Holmes ("Bandwidth-Optimal Random Shuffling for
// GPUs", ACM TOPC 9(1), 2022; arXiv 2106.06161): halves of any number of bits and one multiplication a round.
// A round multiplies one half by an odd number, which permutes it, and changes the other half by the
// product's upper word, which is a function of the first: so a round is a bijection. Three things differ from
// the paper:
//
// - The halves take turns. Where the paper has them change places instead, bits shift from half to half if
//   their lengths differ, which costs almost twice as much, and domains of five bits are mixed visibly worse.
// - A half is multiplied together with its whole key word, so that the bits of the key above the half's own
//   choose among round functions; and every other round adds where the paper has XOR. Without both, all
//   networks are permutations of the same parity, and half of the orders of 2^k rows would never come.
// - There are fewer rounds. Over ten million epochs ten rounds still prefer some pairs of 50 or 64 rows,
//   twelve hardly, sixteen do not.
#include <cstdint>

#include "kernels/base/hd.hpp"

namespace thalweg {

struct Feistel {
  static constexpr int kRounds = 16;
  /// With halves of two bits some pairs of rows come more often than others, after 24 rounds too.
  static constexpr int kLeastBits = 6;

  std::uint32_t key[kRounds] = {};
  std::int64_t rows = 0;
  int left_bits = 3, right_bits = 3;  ///< bits of a value's upper and lower half, up to 31
};

/// The multiplier of a round, that of Philox2x32.
constexpr std::uint32_t kFeistelMultiplier = 0xD256D193u;

/// The product of a word's low 32 bits, in 64. Registers of words have their own.
struct FeistelProduct {
  THALWEG_HD static std::uint64_t of(std::uint64_t word) {
    return std::uint64_t{kFeistelMultiplier} * static_cast<std::uint32_t>(word);
  }
};

THALWEG_HD std::uint32_t feistel_mask(int bits) { return (std::uint32_t{1} << bits) - 1; }

/// Two rounds, one for each half. What lies above a half's own bits is anything: the masks remove it.
template <class Product, class Word>
THALWEG_HD void feistel_rounds(const Feistel& f, int round, Word& left, Word& right) {
  const Word by_left = Product::of((left & feistel_mask(f.left_bits)) ^ f.key[round]);
  right ^= by_left >> 32;
  left = by_left;
  const Word by_right = Product::of((right & feistel_mask(f.right_bits)) ^ f.key[round + 1]);
  left += by_right >> 32;
  right = by_right;
}

/// One pass through the network for each of `side` words, or registers of words, side by side.
template <class Product, int side, class Word>
THALWEG_HD void feistel_pass(const Feistel& f, Word* value) {
  Word left[side], right[side];
  for (int i = 0; i < side; ++i) {
    left[i] = value[i] >> f.right_bits;
    right[i] = value[i];
  }
  for (int round = 0; round < Feistel::kRounds; round += 2) {
    for (int i = 0; i < side; ++i) feistel_rounds<Product>(f, round, left[i], right[i]);
  }
  for (int i = 0; i < side; ++i) {
    value[i] =
        ((left[i] & feistel_mask(f.left_bits)) << f.right_bits) | (right[i] & feistel_mask(f.right_bits));
  }
}

/// The row at `position` of the order; both in [0, rows).
THALWEG_HD std::int64_t feistel_row(const Feistel& f, std::int64_t position) {
  if (f.rows < 2) return position;
  std::uint64_t value = static_cast<std::uint64_t>(position);
  do {
    feistel_pass<FeistelProduct, 1>(f, &value);
  } while (value >= static_cast<std::uint64_t>(f.rows));
  return static_cast<std::int64_t>(value);
}

}  // namespace thalweg
