// Sums of parts of a batch, added up.
#include <benchmark/benchmark.h>

#include <vector>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/fold/fold.hpp"
#include "thalweg/context.hpp"

namespace thalweg {
namespace {

void fold(benchmark::State& state) {
  const std::int64_t size = state.range(0);
  const auto right = static_cast<int>(state.range(1));
  const Context ctx({.device = "cpu"});
  std::vector<std::vector<float>> values(static_cast<std::size_t>(right) + 1,
                                         std::vector<float>(static_cast<std::size_t>(size), 0.5f));
  FoldArgs args{.terms = {.sum = values[0].data(), .count = right}, .size = size};
  for (int k = 0; k < right; ++k) args.terms.right[k] = values[static_cast<std::size_t>(k) + 1].data();
  for (auto _ : state) {
    backend_of(ctx).fold.add(device_of(ctx), args);
    benchmark::DoNotOptimize(values[0].data());
    benchmark::ClobberMemory();
  }
  const Cost cost = fold_cost(size, right);
  state.SetItemsProcessed(state.iterations() * size);
  state.SetBytesProcessed(state.iterations() * (cost.bytes_read + cost.bytes_written));
}

BENCHMARK(fold)
    ->ArgNames({"size", "right"})
    ->Args({7850, 1})
    ->Args({669706, 1})
    ->Args({669706, 3})
    ->UseRealTime();

}  // namespace
}  // namespace thalweg
