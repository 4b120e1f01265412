// The sums behind the metrics of an evaluation.
#include <benchmark/benchmark.h>

#include <vector>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/metrics/metrics.hpp"
#include "thalweg/context.hpp"

namespace thalweg {
namespace {

/// Reproducible numbers in [-1, 1).
std::vector<float> numbers(std::int64_t count) {
  std::vector<float> values;
  std::uint32_t state = 1;
  for (std::int64_t i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    values.push_back(static_cast<float>(state >> 8) * 0x1p-23f - 1.0f);
  }
  return values;
}

std::vector<float> classes(std::int64_t count, int classes) {
  std::vector<float> targets;
  for (const float x : numbers(count))
    targets.push_back(static_cast<float>(static_cast<int>((x + 1) * 0.499f * static_cast<float>(classes))));
  return targets;
}

void report(benchmark::State& state, std::int64_t rows, const Cost& cost) {
  state.SetItemsProcessed(state.iterations() * rows);
  state.SetBytesProcessed(state.iterations() * (cost.bytes_read + cost.bytes_written));
}

void metric_sum(benchmark::State& state) {
  const Context ctx({.device = "cpu"});
  const std::vector<float> values = numbers(state.range(0));
  ExactSum sum{};
  for (auto _ : state) {
    backend_of(ctx).metrics.sum(device_of(ctx),
                                {.values = values.data(), .count = state.range(0), .sum = &sum});
    benchmark::DoNotOptimize(sum);
  }
  report(state, state.range(0), metric_sum_cost(state.range(0)));
}

void residuals(benchmark::State& state) {
  const Context ctx({.device = "cpu"});
  const std::int64_t rows = state.range(0);
  const std::vector<float> output = numbers(rows), target = classes(rows, 2);
  ExactSum sums[2] = {};
  for (auto _ : state) {
    backend_of(ctx).metrics.residuals(device_of(ctx), {.output = matrix<const float>(output.data(), rows, 1),
                                                       .targets = {.target = target.data()},
                                                       .squared = &sums[0],
                                                       .absolute = &sums[1]});
    benchmark::DoNotOptimize(sums);
  }
  report(state, rows, residuals_cost(rows));
}

void confusion(benchmark::State& state) {
  const Context ctx({.device = "cpu"});
  const std::int64_t rows = state.range(0), outputs = state.range(1);
  const std::vector<float> output = numbers(rows * outputs),
                           target = classes(rows, static_cast<int>(outputs));
  std::vector<Count> cells(static_cast<std::size_t>(outputs * outputs));
  for (auto _ : state) {
    backend_of(ctx).metrics.confusion(device_of(ctx),
                                      {.output = matrix<const float>(output.data(), rows, outputs),
                                       .targets = {.target = target.data()},
                                       .classes = outputs,
                                       .unit = -30,
                                       .confusion = cells.data()});
    benchmark::DoNotOptimize(cells.data());
  }
  report(state, rows, confusion_cost(rows, outputs));
}

void pairs(benchmark::State& state) {
  const Context ctx({.device = "cpu"});
  const std::int64_t rows = state.range(0);
  const std::vector<float> scores = numbers(rows), target = classes(rows, 2);
  PairCount count{};
  for (auto _ : state) {
    backend_of(ctx).metrics.pairs(device_of(ctx), {.scores = scores.data(),
                                                   .rows = rows,
                                                   .targets = {.target = target.data()},
                                                   .unit = weight_unit(static_cast<double>(rows)),
                                                   .pairs = &count});
    benchmark::DoNotOptimize(count);
  }
  report(state, rows, pairs_cost(rows));
}

BENCHMARK(metric_sum)->ArgName("N")->Arg(1024)->Arg(1 << 20)->UseRealTime();
BENCHMARK(residuals)->ArgName("N")->Arg(1024)->Arg(1 << 20)->UseRealTime();
BENCHMARK(confusion)->ArgNames({"N", "K"})->Args({1024, 10})->Args({1024, 1000})->UseRealTime();
BENCHMARK(pairs)->ArgName("N")->Arg(16384)->Arg(1 << 20)->UseRealTime();

}  // namespace
}  // namespace thalweg
