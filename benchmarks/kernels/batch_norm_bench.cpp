// Batch normalisation of the activations of a hidden layer, forward and backward.
#include "benchmarks/kernels/norm_bench.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/batch_norm/batch_norm.hpp"
#include "thalweg/context.hpp"

namespace thalweg {
namespace {

void batch_norm_forward(benchmark::State& state) {
  const std::int64_t rows = state.range(0), cols = state.range(1);
  const Context ctx({.device = "cpu"});
  NormBuffers b(rows, cols, cols);
  std::vector<float> running_mean(b.weight.size(), 0.0f), running_variance(b.weight.size(), 1.0f);
  for (auto _ : state) {
    backend_of(ctx).batch_norm.forward(device_of(ctx), {.input = matrix<const float>(b.x.data(), rows, cols),
                                                        .weight = b.weight.data(),
                                                        .bias = b.bias.data(),
                                                        .output = matrix(b.y.data(), rows, cols),
                                                        .mean = b.mean.data(),
                                                        .rstd = b.rstd.data(),
                                                        .running_mean = running_mean.data(),
                                                        .running_variance = running_variance.data()});
    benchmark::ClobberMemory();
  }
  report_norm(state, batch_norm_forward_cost(rows, cols));
}

void batch_norm_backward(benchmark::State& state) {
  const std::int64_t rows = state.range(0), cols = state.range(1);
  const Context ctx({.device = "cpu"});
  NormBuffers b(rows, cols, cols);
  for (auto _ : state) {
    backend_of(ctx).batch_norm.backward(device_of(ctx),
                                        {.grad_output = matrix<const float>(b.dy.data(), rows, cols),
                                         .input = matrix<const float>(b.x.data(), rows, cols),
                                         .weight = b.weight.data(),
                                         .mean = b.mean.data(),
                                         .rstd = b.rstd.data(),
                                         .grad_input = matrix(b.dx.data(), rows, cols),
                                         .grad_weight = b.grad_weight.data(),
                                         .grad_bias = b.grad_bias.data()});
    benchmark::ClobberMemory();
  }
  report_norm(state, batch_norm_backward_cost(rows, cols));
}

BENCHMARK(batch_norm_forward)->Apply(hidden_layers);
BENCHMARK(batch_norm_backward)->Apply(hidden_layers);

}  // namespace
}  // namespace thalweg
