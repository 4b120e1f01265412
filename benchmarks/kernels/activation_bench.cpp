// Activations on the cpu backend: a hidden layer of a small batch, of a large one, and a buffer beyond the
// caches. Arguments: kind, elements, threads.
#include <benchmark/benchmark.h>

#include <vector>

#include "host/runtime/device_of.hpp"
#include "kernels/activation/activation.hpp"
#include "kernels/backend.hpp"

namespace {

using namespace thalweg;

std::vector<float> spread(std::int64_t size) {
  std::vector<float> values(static_cast<std::size_t>(size));
  for (std::int64_t i = 0; i < size; ++i)
    values[static_cast<std::size_t>(i)] = static_cast<float>(i % 1021) / 128.0f - 4.0f;
  return values;
}

void report(benchmark::State& state, const Cost& cost) {
  state.SetBytesProcessed(state.iterations() * (cost.bytes_read + cost.bytes_written));
  state.SetItemsProcessed(state.iterations() * state.range(1));
}

void forward(benchmark::State& state) {
  const Context ctx({.device = "cpu", .threads = static_cast<int>(state.range(2))});
  const std::vector<float> input = spread(state.range(1));
  std::vector<float> output(input.size());
  const ActivationForward args{.kind = static_cast<Activation>(state.range(0)),
                               .size = state.range(1),
                               .input = input.data(),
                               .output = output.data()};
  for (auto _ : state) backend_of(ctx).activation.forward(device_of(ctx), args);
  report(state, activation_cost(args.size));
}

void backward(benchmark::State& state) {
  const Context ctx({.device = "cpu", .threads = static_cast<int>(state.range(2))});
  const std::vector<float> kept = spread(state.range(1)), grad_output = kept;
  std::vector<float> grad_input(kept.size());
  const ActivationBackward args{.kind = static_cast<Activation>(state.range(0)),
                                .size = state.range(1),
                                .input = kept.data(),
                                .output = kept.data(),
                                .grad_output = grad_output.data(),
                                .grad_input = grad_input.data()};
  for (auto _ : state) backend_of(ctx).activation.backward(device_of(ctx), args);
  report(state, activation_backward_cost(args.size));
}

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"kind", "n", "threads"})->UseRealTime();
  for (const auto& [activation, name] : kNames<Activation>) {
    const auto kind = static_cast<std::int64_t>(activation);
    for (const int n : {64 * 512, 1024 * 512, 1 << 24}) bench->Args({kind, n, 1});
    bench->Args({kind, 1024 * 512, 2});
  }
}

BENCHMARK(forward)->Apply(shapes);
BENCHMARK(backward)->Apply(shapes);

}  // namespace
