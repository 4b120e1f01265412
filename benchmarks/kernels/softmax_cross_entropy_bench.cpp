// Softmax and cross entropy on the cpu backend: ten digits, a thousand classes, a vocabulary. Arguments:
// rows, classes.
#include <benchmark/benchmark.h>

#include <vector>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.hpp"

namespace {

using namespace thalweg;

std::vector<float> logits_of(std::int64_t size) {
  std::vector<float> logits(static_cast<std::size_t>(size));
  for (std::int64_t i = 0; i < size; ++i)
    logits[static_cast<std::size_t>(i)] = static_cast<float>(i * 7919 % 1021) / 64.0f - 8.0f;
  return logits;
}

void cross_entropy(benchmark::State& state, float smoothing) {
  const Context ctx({.device = "cpu", .threads = 1});
  const std::int64_t rows = state.range(0), classes = state.range(1);
  const std::vector<float> logits = logits_of(rows * classes);
  std::vector<float> gradient(logits.size()), target(static_cast<std::size_t>(rows)), losses(target.size());
  for (std::size_t i = 0; i < target.size(); ++i)
    target[i] = static_cast<float>(static_cast<std::int64_t>(i) % classes);
  const SoftmaxCrossEntropyArgs args{.logits = matrix(logits.data(), rows, classes),
                                     .targets = {.target = target.data()},
                                     .label_smoothing = smoothing,
                                     .losses = losses.data(),
                                     .grad_logits = matrix(gradient.data(), rows, classes)};
  for (auto _ : state) backend_of(ctx).softmax_cross_entropy.evaluate(device_of(ctx), args);
  const Cost cost = softmax_cross_entropy_cost(rows, classes);
  state.SetBytesProcessed(state.iterations() * (cost.bytes_read + cost.bytes_written));
  state.SetItemsProcessed(state.iterations() * rows);
}

void softmax(benchmark::State& state) {
  const Context ctx({.device = "cpu", .threads = 1});
  const std::int64_t rows = state.range(0), classes = state.range(1);
  const std::vector<float> logits = logits_of(rows * classes);
  std::vector<float> probabilities(logits.size());
  const SoftmaxArgs args{.logits = matrix(logits.data(), rows, classes),
                         .probabilities = matrix(probabilities.data(), rows, classes)};
  for (auto _ : state) backend_of(ctx).softmax_cross_entropy.softmax(device_of(ctx), args);
  state.SetBytesProcessed(state.iterations() * rows * classes * 8);
  state.SetItemsProcessed(state.iterations() * rows);
}

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"rows", "classes"})
      ->Args({256, 10})
      ->Args({8192, 10})
      ->Args({256, 1000})
      ->Args({64, 32000});
}

BENCHMARK_CAPTURE(cross_entropy, plain, 0.0f)->Apply(shapes);
BENCHMARK_CAPTURE(cross_entropy, smoothed, 0.1f)->Apply(shapes);
BENCHMARK(softmax)->Apply(shapes);

}  // namespace
