// Dropout on the activations of a hidden layer.
#include <benchmark/benchmark.h>

#include <vector>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/dropout/dropout.hpp"
#include "thalweg/context.hpp"

namespace thalweg {
namespace {

void dropout(benchmark::State& state) {
  const std::int64_t rows = state.range(0), cols = state.range(1);
  const Context ctx({.device = "cpu"});
  std::vector<float> units(static_cast<std::size_t>(rows * cols), 0.5f), output(units.size());
  const std::uint64_t step = 17;
  DropoutArgs args = dropout_args(0.5, 1, 0);
  args.input = matrix<const float>(units.data(), rows, cols);
  args.output = matrix(output.data(), rows, cols);
  args.step = &step;
  for (auto _ : state) {
    backend_of(ctx).dropout.apply(device_of(ctx), args);
    benchmark::DoNotOptimize(output.data());
    benchmark::ClobberMemory();
  }
  const Cost cost = dropout_cost(rows * cols);
  state.SetItemsProcessed(state.iterations() * rows * cols);
  state.SetBytesProcessed(state.iterations() * (cost.bytes_read + cost.bytes_written));
}

BENCHMARK(dropout)
    ->ArgNames({"N", "U"})
    ->Args({128, 512})
    ->Args({1024, 512})
    ->Args({4096, 1024})
    ->UseRealTime();

}  // namespace
}  // namespace thalweg
