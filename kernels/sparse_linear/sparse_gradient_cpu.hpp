#pragma once
// The parameter gradient of sparse rows on the cpu: the chains of a slice take in its rows, then the tree
// over the slices gives the sums of the touched weights.
#include <cstdint>

#include "kernels/base/gradient_chains.hpp"
#include "kernels/base/parallel.hpp"
#include "kernels/base/slice_tree_cpu.hpp"
#include "kernels/sparse_linear/sparse_entries.hpp"
#include "kernels/sparse_linear/sparse_linear.hpp"

namespace thalweg::THALWEG_ISA {

constexpr std::int64_t kSumsPerTask = 1024;  // a multiple of every kLanes

/// The chains of a slice, `size` of them, at +0 unless an earlier call has begun them.
THALWEG_HD float* begin_chains(const BatchSlices& slices, const BatchSum& sum, int slice, std::int64_t size) {
  float* chain = sum.chain(slice);
  if (!slices.continues(slice)) __builtin_memset(chain, 0, static_cast<std::size_t>(size) * sizeof(float));
  return chain;
}

/// visit(i, position of sum i in the dense gradient) for the compact sums [begin, end).
template <class Visit>
THALWEG_HD void for_each_weight(std::int64_t begin, std::int64_t end, const std::int32_t* touched,
                                std::int64_t outputs, std::int64_t features, Visit visit) {
  if (outputs == 1) {
    for (std::int64_t i = begin; i < end; ++i) visit(i, static_cast<std::int64_t>(touched[i]));
    return;
  }
  std::int64_t slot = begin / outputs, o = begin % outputs;
  for (std::int64_t i = begin; i < end; ++i) {
    visit(i, o * features + touched[slot]);
    if (++o == outputs) {
      o = 0;
      ++slot;
    }
  }
}

/// The tree over the slices for every touched weight, and for the biases.
inline void write_sums(const Device& device, const BatchSlices& slices, const GradientChains& chains,
                       const TouchedFeatures& touched, std::int64_t outputs, std::int64_t features) {
  const std::int64_t size = *touched.count * outputs;
  const std::uint64_t with_rows = slices.with_rows();
  const SliceSums weights(slices.slices, with_rows, chains.weight);
  float* const grad_weight = chains.weight.sum;
  device.pool.run(
      (size + kSumsPerTask - 1) / kSumsPerTask, [&, size, outputs, features](std::int64_t task, int) {
        const std::int64_t begin = task * kSumsPerTask;
        const std::int64_t end = begin + kSumsPerTask < size ? begin + kSumsPerTask : size;
        // The gradient's elements lie scattered: they are on their way while the tree runs.
        for_each_weight(begin, end, touched.features, outputs, features,
                        [&](std::int64_t, std::int64_t at) { __builtin_prefetch(grad_weight + at, 1); });
        float sums[kSumsPerTask];
        for (std::int64_t i = begin; i < end; i += kLanes)
          store(sums + (i - begin), weights.at(i, end - i < kLanes ? end - i : kLanes));
        for_each_weight(begin, end, touched.features, outputs, features,
                        [&](std::int64_t i, std::int64_t at) { grad_weight[at] = sums[i - begin]; });
      });
  if (chains.bias.sum != nullptr)
    SliceSums(slices.slices, with_rows, chains.bias).write(chains.bias.sum, 0, outputs);
}

/// Adds one row to the chains of its features (one output).
THALWEG_HD void add_row(SparseEntries row, const std::int32_t* __restrict__ slots, float grad_output,
                        float* __restrict__ chain) {
  for (std::int64_t j = 0; j < row.count; ++j)
    chain[slots[j]] = fma(grad_output, row.values[j], chain[slots[j]]);
}

/// The same for several outputs, whose chains lie side by side.
THALWEG_HD void add_row(SparseEntries row, const std::int32_t* slots, const float* __restrict__ grad_output,
                        std::int64_t outputs, float* __restrict__ chains) {
  for (std::int64_t j = 0; j < row.count; ++j) {
    float* __restrict__ chain = chains + slots[j] * outputs;
    const float value = row.values[j];
    for (std::int64_t o = 0; o < outputs; ++o) chain[o] = fma(grad_output[o], value, chain[o]);
  }
}

/// The slots of row n of a call.
THALWEG_HD const std::int32_t* slots_of(const TouchedFeatures& touched, const BatchSlices& slices,
                                        std::int64_t n) {
  return touched.slots + touched.row_begin[touched.first_row + slices.first + n];
}

}  // namespace thalweg::THALWEG_ISA
