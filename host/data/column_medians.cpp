// The middle numbers are found digit by digit, the highest first: a pass over the rows counts the next digit
// of the numbers that begin with the digits found so far.
#include "host/data/column_medians.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "host/data/feature_rows.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kColumnsAtOnce = 1024, kReadBytes = std::int64_t{1} << 20;
constexpr int kKeyBits = 32;
constexpr int kDigitBits[] = {11, 11, 10};
constexpr std::size_t kMostValues = std::size_t{1} << 11;
constexpr std::uint32_t kSign = 0x80000000;

/// Ascends with the number.
std::uint32_t key_of(float number) {
  const auto bits = std::bit_cast<std::uint32_t>(number);
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

float number_of(std::uint32_t key) { return std::bit_cast<float>((key & kSign) != 0 ? key & ~kSign : ~key); }

/// The number of one rank in a column.
class Ranked {
 public:
  explicit Ranked(std::int64_t rank) : rank_(rank), counts_(kMostValues) {}

  void count(std::uint32_t key, int digit_shift, int digit_bits) {
    const std::uint64_t wide = key;
    if (wide >> (digit_shift + digit_bits) != prefix_) return;
    ++counts_[(wide >> digit_shift) & ((1U << digit_bits) - 1)];
  }
  /// All rows are counted.
  void end_digit(int digit_bits) {
    std::size_t value = 0;
    while (rank_ >= counts_[value]) rank_ -= counts_[value++];
    prefix_ = prefix_ << digit_bits | value;
    std::fill(counts_.begin(), counts_.end(), 0);
  }
  double number() const { return number_of(static_cast<std::uint32_t>(prefix_)); }

 private:
  std::int64_t rank_;
  std::uint64_t prefix_ = 0;
  std::vector<std::int64_t> counts_;
};

class Middle {
 public:
  explicit Middle(std::int64_t count) : low_((count - 1) / 2), high_(count / 2) {}

  void count(float number, int digit_shift, int digit_bits) {
    const std::uint32_t key = key_of(number);
    low_.count(key, digit_shift, digit_bits);
    high_.count(key, digit_shift, digit_bits);
  }
  void end_digit(int digit_bits) {
    low_.end_digit(digit_bits);
    high_.end_digit(digit_bits);
  }
  float median() const { return static_cast<float>((low_.number() + high_.number()) / 2); }

 private:
  Ranked low_, high_;
};

/// Calls use(row) with the cells of each row that counts.
template <class Use>
void for_each_counted(const RowStore& rows, std::span<const float> weights, const Use& use) {
  const StoredForm& form = rows.form();
  const std::int64_t block = rows_within(form, kReadBytes);
  FeatureRows read;
  for (std::int64_t first = 0; first < form.rows; first += read.rows) {
    read.clear();
    rows.read(first, std::min(block, form.rows - first), read);
    for (std::int64_t r = 0; r < read.rows; ++r)
      if (weights.empty() || weights[static_cast<std::size_t>(first + r)] != 0)
        use(read.f32.data() + r * form.features);
  }
}

}  // namespace

std::vector<float> column_medians(const RowStore& rows, std::span<const std::int64_t> present,
                                  std::span<const float> weights) {
  const std::int64_t columns = std::ssize(present);
  std::vector<float> medians;
  for (std::int64_t first = 0; first < columns; first += kColumnsAtOnce) {
    const std::int64_t end = std::min(columns, first + kColumnsAtOnce);
    std::vector<Middle> middles;
    for (std::int64_t c = first; c < end; ++c)
      middles.emplace_back(std::max<std::int64_t>(present[static_cast<std::size_t>(c)], 1));
    int shift = kKeyBits;
    for (const int bits : kDigitBits) {
      shift -= bits;
      for_each_counted(rows, weights, [&](const float* row) {
        for (std::int64_t c = first; c < end; ++c)
          middles[static_cast<std::size_t>(c - first)].count(row[c], shift, bits);
      });
      for (Middle& middle : middles) middle.end_digit(bits);
    }
    for (std::int64_t c = first; c < end; ++c)
      medians.push_back(present[static_cast<std::size_t>(c)] == 0
                            ? std::nanf("")
                            : middles[static_cast<std::size_t>(c - first)].median());
  }
  return medians;
}

}  // namespace thalweg
