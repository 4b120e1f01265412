#include "host/data/order.hpp"

#include <algorithm>
#include <string>

#include "kernels/base/philox.hpp"
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

Feistel network_of(std::int64_t rows, std::uint64_t seed, std::uint64_t epoch) {
  const int bits = bits_for(rows);
  Feistel network{.rows = rows, .left_bits = bits / 2, .right_bits = bits - bits / 2};
  const PhiloxKey key = philox_key(seed, RandomPurpose::order);  // mutant: order-key
  static_assert(Feistel::kRounds % 4 == 0, "a block of Philox keys four rounds");
  for (std::uint32_t round = 0; round < Feistel::kRounds; round += 4) {
    const PhiloxBlock block = philox(
        {{round / 4, 0, static_cast<std::uint32_t>(epoch), static_cast<std::uint32_t>(epoch >> 32)}}, key);
    std::copy_n(block.word, 4, network.key + round);  // mutant: key-per-round
  }
  return network;
}

}  // namespace

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
