#pragma once
// The index of a batch by sorting its entries.
#include <cstdint>

#include "kernels/base/scratch.hpp"
#include "kernels/sparse_linear/sparse_entries.hpp"
#include "kernels/sparse_linear/sparse_linear.hpp"

#ifndef THALWEG_ISA
#error "sorted_index_cpu.hpp is for files that are compiled once per instruction set"
#endif

namespace thalweg::THALWEG_ISA {

/// One stable pass of the radix sort, by the eight bits from `shift` up.
inline void sort_pass(const std::uint64_t* from, std::uint64_t* to, std::int64_t count, int shift) {
  std::int64_t begin[257] = {};
  for (std::int64_t i = 0; i < count; ++i) ++begin[((from[i] >> shift) & 255) + 1];
  for (int digit = 0; digit < 256; ++digit) begin[digit + 1] += begin[digit];
  for (std::int64_t i = 0; i < count; ++i) to[begin[(from[i] >> shift) & 255]++] = from[i];
}

/// Fills features, slots and count from pairs of a feature (upper half) and its entry (lower half).
inline void index_by_sorting(const Device& device, const SparseIndexArgs& args, std::int64_t entries) {
  const SparseRows& input = args.input;
  const Scratch::Frame frame(device);
  auto *pairs = frame.take<std::uint64_t>(entries), *other = frame.take<std::uint64_t>(entries);
  std::uint64_t entry = 0;
  for (std::int64_t n = 0; n < input.rows; ++n) {
    const SparseEntries row = sparse_entries(input, n);
    for (std::int64_t j = 0; j < row.count; ++j, ++entry)
      pairs[entry] = static_cast<std::uint64_t>(row.columns[j]) << 32 | entry;
  }
  const auto largest = static_cast<std::uint64_t>(input.cols - 1) << 32;
  for (int shift = 32; shift < 64 && largest >> shift != 0; shift += 8) {
    sort_pass(pairs, other, entries, shift);
    std::uint64_t* sorted = other;
    other = pairs;
    pairs = sorted;
  }
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < entries; ++i) {
    const auto feature = static_cast<std::int32_t>(pairs[i] >> 32);
    if (count == 0 || args.touched.features[count - 1] != feature) args.touched.features[count++] = feature;
    args.touched.slots[static_cast<std::uint32_t>(pairs[i])] = static_cast<std::int32_t>(count - 1);
  }
  *args.touched.count = count;
}

}  // namespace thalweg::THALWEG_ISA
