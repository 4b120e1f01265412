#include "host/data/order.hpp"

#include <algorithm>
#include <string>

#include "kernels/order/order_math.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kMaxRows = std::int64_t{1} << 62;

/// The bits of a domain that holds the rows.
int bits_for(std::int64_t rows) {
  int bits = Feistel::kLeastBits;
  while ((std::int64_t{1} << bits) < rows) ++bits;  // mutant: domain-holds-rows
  return bits;
}

/// What kFeistelMultiplier times it has the low half 1.
constexpr std::uint32_t inverse_multiplier() {
  std::uint32_t inverse = 1;  // right in one bit; each turn doubles the bits
  for (int bits = 1; bits < 32; bits *= 2) inverse *= 2 - kFeistelMultiplier * inverse;
  return inverse;
}
static_assert(kFeistelMultiplier * inverse_multiplier() == 1);

/// The half before a round that multiplied it, keyed, by kFeistelMultiplier; `upper` becomes the upper word
/// of the product.
std::uint32_t before_product(std::uint32_t half, std::uint32_t key, int bits, std::uint32_t& upper) {
  const std::uint32_t before = (half * inverse_multiplier() ^ key) & feistel_mask(bits);
  upper = static_cast<std::uint32_t>(FeistelProduct::of(before ^ key) >> 32);
  return before;
}

/// Undoes feistel_pass.
std::int64_t pass_back(const Feistel& f, std::int64_t value) {
  auto left = static_cast<std::uint32_t>(value >> f.right_bits);
  std::uint32_t right = static_cast<std::uint32_t>(value) & feistel_mask(f.right_bits), upper = 0;
  for (int round = Feistel::kRounds - 2; round >= 0; round -= 2) {
    right = before_product(right, f.key[round + 1], f.right_bits, upper);
    left = (left - upper) & feistel_mask(f.left_bits);
    left = before_product(left, f.key[round], f.left_bits, upper);
    right = (right ^ upper) & feistel_mask(f.right_bits);
  }
  return (static_cast<std::int64_t>(left) << f.right_bits) | right;
}

Feistel network_of(std::int64_t rows, std::uint64_t seed, std::uint64_t epoch) {
  const PhiloxKey key = philox_key(seed, RandomPurpose::order);  // mutant: order-key
  return feistel_network(
      rows, key, {{0, 0, static_cast<std::uint32_t>(epoch), static_cast<std::uint32_t>(epoch >> 32)}});
}

}  // namespace

Feistel feistel_network(std::int64_t rows, PhiloxKey key, PhiloxBlock counter) {
  const int bits = bits_for(rows);
  Feistel network{.rows = rows, .left_bits = bits / 2, .right_bits = bits - bits / 2};
  static_assert(Feistel::kRounds % 4 == 0, "a block of Philox keys four rounds");
  for (int round = 0; round < Feistel::kRounds; round += 4) {
    const PhiloxBlock block = philox(counter, key);
    std::copy_n(block.word, 4, network.key + round);  // mutant: key-per-round
    ++counter.word[0];
  }
  return network;
}

std::int64_t feistel_position(const Feistel& network, std::int64_t row) {
  if (network.rows < 2) return row;
  do {
    row = pass_back(network, row);
  } while (row >= network.rows);
  return row;
}

EpochOrder::EpochOrder(std::int64_t rows, std::uint64_t seed, std::uint64_t epoch, bool shuffle)
    : shuffle_(shuffle) {
  if (rows < 0 || rows > kMaxRows) {  // mutant: rows-bounded
    throw ShapeError("order of an epoch: got " + std::to_string(rows) + " rows; expected 0 to 2^62");
  }
  network_ = network_of(rows, seed, epoch);
}

std::int64_t EpochOrder::operator()(std::int64_t position) const {
  return shuffle_ ? feistel_row(network_, position) : position;  // mutant: row-in-file-order
}

void EpochOrder::fill(std::int64_t first, std::int64_t count, std::int64_t* rows) const {
  feistel_rows(shuffle_ ? network_ : Feistel{}, first, count, rows);  // mutant: batch-in-file-order
}

}  // namespace thalweg
