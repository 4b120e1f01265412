// The rows of a batch from its place in the epoch's order.
#include <benchmark/benchmark.h>

#include <vector>

#include "host/data/order.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/order/order.hpp"
#include "thalweg/context.hpp"

namespace thalweg {
namespace {

void order(benchmark::State& state) {
  const std::int64_t rows = state.range(0), count = state.range(1);
  const Context ctx({.device = "cpu"});
  const BatchPlace place{EpochOrder(rows, 1, 2, true).network(), 0};
  std::vector<std::int64_t> ids(static_cast<std::size_t>(count));
  for (auto _ : state) {
    backend_of(ctx).order.batch(device_of(ctx), {.place = &place, .count = count, .ids = ids.data()});
    benchmark::DoNotOptimize(ids.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * count);
  state.SetBytesProcessed(state.iterations() * order_cost(count).bytes_written);
}

BENCHMARK(order)
    ->ArgNames({"rows", "N"})
    ->Args({60000, 256})
    ->Args({10000000, 256})
    ->Args({10000000, 8192})
    ->UseRealTime();

}  // namespace
}  // namespace thalweg
