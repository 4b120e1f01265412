#pragma once
// Sums over the batch, by columns (docs/numerics.md, "Sums over the batch"): for every column c of a
// [rows, cols] matrix of terms, one chain per slice over its rows in order, then the tree over the slices.
//
// A task owns one slice of one block of columns, so threads share out slices and columns and never a chain.
//   begin   a slice's chain starts from +0 in the call that brings its first row and is taken up from
//           partials in every later one
//   tree    run by the call that finishes, on a copy: partials are left as they are
#include <cstdint>
#include <utility>

#include "kernels/base/device.hpp"
#include "kernels/base/gradient_chains.hpp"
#include "kernels/base/slice_tree_cpu.hpp"
#include "kernels/base/tasks_cpu.hpp"

namespace thalweg::THALWEG_ISA {

/// Columns of one task: 256 bytes of a row, and few enough chains to stay in registers.
constexpr std::int64_t kColumnBlock = 64;

/// The chains of rows [begin, end) over columns [col, col + count), count <= kColumnBlock.
template <std::size_t... K, class Step>
THALWEG_HD void column_chains(std::index_sequence<K...>, std::int64_t begin, std::int64_t end,
                              std::int64_t col, std::int64_t count, bool continues,
                              float* const (&partial)[sizeof...(K)], const Step& step) {
  float chain[sizeof...(K)][kColumnBlock] = {};
  if (continues) {
    for (std::size_t k = 0; k < sizeof...(K); ++k) {
      for (std::int64_t c = 0; c < count; ++c) chain[k][c] = partial[k][col + c];
    }
  }
  if (count == kColumnBlock) {
    for (std::int64_t row = begin; row < end; ++row) {
      for (std::int64_t c = 0; c < kColumnBlock; ++c) step(row, col + c, chain[K][c]...);
    }
  } else {
    for (std::int64_t row = begin; row < end; ++row) {
      for (std::int64_t c = 0; c < count; ++c) step(row, col + c, chain[K][c]...);
    }
  }
  for (std::size_t k = 0; k < sizeof...(K); ++k) {
    for (std::int64_t c = 0; c < count; ++c) partial[k][col + c] = chain[k][c];
  }
}

/// K sums per column in one pass. step(row, col, chain of sum 0, ... chain of sum K - 1) advances the chains
/// of column col by one row, counted within the call.
template <std::size_t K, class Step>
void column_sums(const Device& device, const BatchSlices& slices, std::int64_t cols,
                 const BatchSum (&sums)[K], const Step& step) {
  const std::int64_t blocks = (cols + kColumnBlock - 1) / kColumnBlock;
  const int count = slices.slices;
  const Scratch::Frame frame(device);
  BatchSum chains[K];
  const std::int64_t floats = chain_floats(slices, cols);
  float* const scratch = frame.take<float>(static_cast<std::int64_t>(K) * floats);
  for (std::size_t k = 0; k < K; ++k)
    chains[k] = with_chains(scratch + static_cast<std::int64_t>(k) * floats, slices, sums[k], cols);

  for_tasks(device.pool, blocks * count, slices.rows * cols, [&](std::int64_t task) {
    const int s = static_cast<int>(task % count);
    const std::int64_t begin = slices.call_begin(s), end = slices.call_end(s);
    if (begin == end) return;
    const std::int64_t col = task / count * kColumnBlock;
    float* partial[K];
    for (std::size_t k = 0; k < K; ++k) partial[k] = chains[k].chain(s);
    column_chains(std::make_index_sequence<K>{}, begin, end, col,
                  cols - col < kColumnBlock ? cols - col : kColumnBlock, slices.continues(s), partial, step);
  });

  if (slices.finish() == SliceFinish::later) return;
  const std::uint64_t with_rows = slices.with_rows();
  for_tasks(device.pool, blocks, count * cols, [&](std::int64_t block) {
    const std::int64_t end = (block + 1) * kColumnBlock < cols ? (block + 1) * kColumnBlock : cols;
    for (std::size_t k = 0; k < K; ++k)
      SliceSums(count, with_rows, chains[k]).write(chains[k].sum, block * kColumnBlock, end);
  });
}

}  // namespace thalweg::THALWEG_ISA
