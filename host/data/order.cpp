#include "host/data/order.hpp"

#include <string>

#include "kernels/order/order_math.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kMaxRows = std::int64_t{1} << 62;

int half_bits_for(std::int64_t rows) {
  int half_bits = 1;
  while ((std::int64_t{1} << (2 * half_bits)) < rows) ++half_bits;
  return half_bits;
}

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
  feistel_rows(shuffle_ ? network_ : Feistel{}, first, count, rows);
}

}  // namespace thalweg
