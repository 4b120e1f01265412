// The step on sparse rows: a slice goes block by block through forward, loss and gradient, while the entries
// of the block are in the first-level cache.
#include <cstdint>

#include "kernels/linear_step/linear_step_cpu.hpp"
#include "kernels/linear_step/row_losses_cpu.hpp"
#include "kernels/sparse_linear/sparse_dot.hpp"
#include "kernels/sparse_linear/sparse_gradient_cpu.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

/// Rows whose entries are still in the first-level cache when their gradient is added.
constexpr std::int64_t kRowsPerBlock = 32;
/// Rows whose losses are found together.
constexpr std::int64_t kLossRows = 8;

/// Losses and output gradients of the rows [begin, end), whose outputs are z. A function of its own: inlined,
/// the formulas of all losses would take the registers of the dot products.
[[gnu::noinline]] void finish_block(const RowLosses& rows, std::int64_t begin, std::int64_t end,
                                    const float* z) {
  std::int64_t n = begin;
  for (; n + kLossRows <= end; n += kLossRows) finish_rows<kLossRows>(rows, n, z + (n - begin));
  for (; n < end; ++n) finish_rows<1>(rows, n, z + (n - begin));
}

/// Prefetches row n and its target.
THALWEG_HD void prefetch_sample(const SparseLinearStep& args, std::int64_t n) {
  const LossTargets& targets = args.rows.targets;
  prefetch_entries(args.input, n);
  __builtin_prefetch(targets.target + (targets.ids != nullptr ? targets.ids[n] : n));
}

void step_slice(const SparseLinearStep& args, const GradientChains& chains, int slice) {
  const std::int64_t begin = args.slices.call_begin(slice), end = args.slices.call_end(slice);
  if (begin == end) return;
  float* weight = begin_chains(args.slices, chains.weight, slice, *args.touched.count);
  float* bias = chains.bias.sum != nullptr ? begin_chains(args.slices, chains.bias, slice, 1) : nullptr;
  float z[kRowsPerBlock];
  std::int64_t first = begin;  // of the block
  const auto add_block = [&](std::int64_t block_end) {
    finish_block(args.rows, first, block_end, z);
    for (; first < block_end; ++first) {
      const float slope = args.rows.grad_output[first];
      add_row(sparse_entries(args.input, first), slots_of(args.touched, args.slices, first), slope, weight);
      if (bias != nullptr) bias[0] = bias[0] + slope;
    }
  };
  walk_rows(
      args.input, begin, end, [&args](std::int64_t n) { prefetch_sample(args, n); },
      [&](std::int64_t n, SparseEntries row) {
        const float sum = sparse_dot(args.weight, row);
        z[n - first] = args.bias != nullptr ? sum + args.bias[0] : sum;
        if (n + 1 - first == kRowsPerBlock || n + 1 == end) add_block(n + 1);
      });
}

}  // namespace

void sparse_step(const Device& device, const SparseLinearStep& args) {
  const Scratch::Frame frame(device);
  const GradientChains chains =
      gradient_chains(frame, args.slices, args.grad_weight, *args.touched.count, args.grad_bias, 1);
  device.pool.run(args.slices.slices,
                  [&](std::int64_t slice, int) { step_slice(args, chains, static_cast<int>(slice)); });
  if (args.slices.finish() == SliceFinish::here)
    write_sums(device, args.slices, chains, args.touched, 1, args.input.cols);
}

}  // namespace thalweg::THALWEG_ISA
