// Batch normalisation of the activations of a hidden layer, forward and backward.
#include <benchmark/benchmark.h>

#include <vector>

#include "kernels/common/backend.hpp"
#include "thalweg/context.hpp"

namespace thalweg {
namespace {

struct Buffers {
  std::vector<float> x, y, dy, dx, weight, bias, grad_weight, grad_bias, mean, rstd, running_mean,
      running_variance;

  Buffers(std::int64_t rows, std::int64_t cols)
      : x(static_cast<std::size_t>(rows * cols)), y(x.size()), dy(x.size(), 0.25f), dx(x.size()) {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 2654435761u % 1000u) * 1e-3f;
    const auto columns = static_cast<std::size_t>(cols);
    weight.assign(columns, 1.0f), bias.assign(columns, 0.0f);
    grad_weight.resize(columns), grad_bias.resize(columns);
    mean.assign(static_cast<std::size_t>(cols), 0.5f), rstd.assign(mean.size(), 3.0f);
    running_mean.assign(columns, 0.0f), running_variance.assign(columns, 1.0f);
  }
};

void report(benchmark::State& state, const Cost& cost) {
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * (cost.bytes_read + cost.bytes_written));
}

void batch_norm_forward(benchmark::State& state) {
  const std::int64_t rows = state.range(0), cols = state.range(1);
  const Context ctx({.device = "cpu"});
  Buffers b(rows, cols);
  for (auto _ : state) {
    ctx.backend().batch_norm.forward(ctx, {.input = matrix<const float>(b.x.data(), rows, cols),
                                           .weight = b.weight.data(),
                                           .bias = b.bias.data(),
                                           .output = matrix(b.y.data(), rows, cols),
                                           .mean = b.mean.data(),
                                           .rstd = b.rstd.data(),
                                           .running_mean = b.running_mean.data(),
                                           .running_variance = b.running_variance.data()});
    benchmark::ClobberMemory();
  }
  report(state, batch_norm_forward_cost(rows, cols));
}

void batch_norm_backward(benchmark::State& state) {
  const std::int64_t rows = state.range(0), cols = state.range(1);
  const Context ctx({.device = "cpu"});
  Buffers b(rows, cols);
  for (auto _ : state) {
    ctx.backend().batch_norm.backward(ctx, {.grad_output = matrix<const float>(b.dy.data(), rows, cols),
                                            .input = matrix<const float>(b.x.data(), rows, cols),
                                            .weight = b.weight.data(),
                                            .mean = b.mean.data(),
                                            .rstd = b.rstd.data(),
                                            .grad_input = matrix(b.dx.data(), rows, cols),
                                            .grad_weight = b.grad_weight.data(),
                                            .grad_bias = b.grad_bias.data()});
    benchmark::ClobberMemory();
  }
  report(state, batch_norm_backward_cost(rows, cols));
}

void hidden_layers(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"N", "C"})->Args({128, 512})->Args({1024, 512})->Args({4096, 1024})->UseRealTime();
}

BENCHMARK(batch_norm_forward)->Apply(hidden_layers);
BENCHMARK(batch_norm_backward)->Apply(hidden_layers);

}  // namespace
}  // namespace thalweg
