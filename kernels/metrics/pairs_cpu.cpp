// Pairs in the right order: rows sorted by score (least-significant-digit radix sort), then one walk over the
// groups of equal scores.
#include "kernels/metrics/pairs_cpu.hpp"

#include "kernels/metrics/metrics_math.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

constexpr int kPassBits = 8, kBuckets = 1 << kPassBits, kKeyBits = 32;

/// Key in the high half, row in the low one.
std::uint64_t* sort_by_key(std::uint64_t* items, std::uint64_t* spare, std::int64_t count) {
  for (int shift = kKeyBits; shift < 2 * kKeyBits; shift += kPassBits) {
    std::int64_t place[kBuckets] = {};
    for (std::int64_t i = 0; i < count; ++i) ++place[items[i] >> shift & (kBuckets - 1)];
    std::int64_t before = 0;
    for (std::int64_t& p : place) {
      const std::int64_t here = p;
      p = before;
      before += here;
    }
    for (std::int64_t i = 0; i < count; ++i) spare[place[items[i] >> shift & (kBuckets - 1)]++] = items[i];
    std::uint64_t* const moved = spare;
    spare = items;
    items = moved;
  }
  return items;
}

}  // namespace

void count_pairs(const Device& device, const PairArgs& args) {
  const Scratch::Frame frame(device);
  auto* const items = frame.take<std::uint64_t>(args.rows);
  for (std::int64_t n = 0; n < args.rows; ++n)
    items[n] = std::uint64_t{score_key(args.scores[n])} << kKeyBits | static_cast<std::uint64_t>(n);
  const std::uint64_t* const sorted = sort_by_key(items, frame.take<std::uint64_t>(args.rows), args.rows);
  Count negatives = 0;
  for (std::int64_t i = 0; i < args.rows;) {
    Count positive = 0, negative = 0;
    for (const std::uint64_t key = sorted[i] >> kKeyBits; i < args.rows && sorted[i] >> kKeyBits == key;
         ++i) {
      const std::int64_t row = data_row(args.targets, static_cast<std::int64_t>(sorted[i] & 0xffffffffu));
      (args.targets.target[row] > 0.5f ? positive : negative) += sample_weight(args.targets, row, args.unit);
    }
    add_product(positive, 2 * negatives + negative, args.pairs->limb);  // mutant: ties-count-half
    negatives += negative;
  }
}

}  // namespace thalweg::THALWEG_ISA
