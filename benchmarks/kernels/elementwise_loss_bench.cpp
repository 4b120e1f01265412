// Elementwise losses on the cpu backend, rows gathered through ids as in training. Arguments: kind, rows,
// outputs.
#include <benchmark/benchmark.h>

#include <vector>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/elementwise_loss/elementwise_loss.hpp"

namespace {

using namespace thalweg;

void evaluate(benchmark::State& state) {
  const Context ctx({.device = "cpu", .threads = 1});
  const std::int64_t rows = state.range(1), outputs = state.range(2);
  std::vector<float> output(static_cast<std::size_t>(rows * outputs)), gradient(output.size());
  std::vector<float> target(static_cast<std::size_t>(rows)), losses(target.size());
  std::vector<std::int64_t> ids(target.size());
  for (std::size_t i = 0; i < output.size(); ++i) output[i] = static_cast<float>(i % 1021) / 128.0f - 4.0f;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    target[i] = static_cast<float>(i % 2);
    ids[i] = static_cast<std::int64_t>(i * 31 % ids.size());
  }
  const ElementwiseLossArgs args{.loss = {static_cast<LossKind>(state.range(0)), 0.5f},
                                 .output = matrix<const float>(output.data(), rows, outputs),
                                 .targets = {.target = target.data(), .ids = ids.data()},
                                 .losses = losses.data(),
                                 .grad_output = matrix(gradient.data(), rows, outputs)};
  for (auto _ : state) backend_of(ctx).elementwise_loss.evaluate(device_of(ctx), args);
  const Cost cost = elementwise_loss_cost(rows, outputs);
  state.SetBytesProcessed(state.iterations() * (cost.bytes_read + cost.bytes_written));
  state.SetItemsProcessed(state.iterations() * rows);
}

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"kind", "rows", "outputs"});
  for (const auto& [loss, name] : kNames<Loss>) {
    const auto kind = traits_of(loss).elementwise;
    if (!kind) continue;
    for (const int rows : {256, 65536}) bench->Args({static_cast<int>(*kind), rows, 1});
  }
  for (const int outputs : {10, 1000}) bench->Args({static_cast<int>(LossKind::hinge), 256, outputs});
}

BENCHMARK(evaluate)->Apply(shapes);

}  // namespace
