// Per-sample norms and clipping: the ops alone, and whole steps of an MLP and a linear model beside the plain
// step.
#include <benchmark/benchmark.h>

#include <numeric>
#include <vector>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/per_sample/per_sample.hpp"
#include "thalweg/thalweg.hpp"

namespace thalweg {
namespace {

std::vector<float> values(std::int64_t count) {
  std::vector<float> v(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < v.size(); ++i)
    v[i] = static_cast<float>(i * 2654435761u % 1000u) * 1e-3f - 0.5f;
  return v;
}

void report(benchmark::State& state, const Cost& cost) {
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * (cost.bytes_read + cost.bytes_written));
}

void dense_row_squares(benchmark::State& state) {
  const std::int64_t n = state.range(0), i = state.range(1);
  const Context ctx({.device = "cpu"});
  const std::vector<float> x = values(n * i);
  std::vector<float> squares(static_cast<std::size_t>(n));
  for (auto _ : state) {
    backend_of(ctx).per_sample.dense_row_squares(
        device_of(ctx),
        {.input = dense_rows(matrix<const float>(x.data(), n, i)), .squares = squares.data()});
    benchmark::ClobberMemory();
  }
  report(state, row_squares_cost(n, i));
}

void linear_squared_norms(benchmark::State& state) {
  const std::int64_t n = state.range(0), i = state.range(1), o = state.range(2);
  const Context ctx({.device = "cpu"});
  const std::vector<float> x = values(n * i), grad = values(n * o);
  std::vector<float> norms(static_cast<std::size_t>(n));
  for (auto _ : state) {
    backend_of(ctx).per_sample.linear_squared_norms(device_of(ctx),
                                                    {.grad_output = matrix<const float>(grad.data(), n, o),
                                                     .input = matrix<const float>(x.data(), n, i),
                                                     .squared_norms = norms.data()});
    benchmark::ClobberMemory();
  }
  report(state, linear_squared_norms_cost(n, i, o));
}

void scale_rows(benchmark::State& state) {
  const std::int64_t n = state.range(0), o = state.range(1);
  const Context ctx({.device = "cpu"});
  std::vector<float> rows = values(n * o), factors(static_cast<std::size_t>(n), 1.0f);
  for (auto _ : state) {
    backend_of(ctx).per_sample.scale_rows(device_of(ctx),
                                          {.matrix = matrix(rows.data(), n, o), .factors = factors.data()});
    benchmark::ClobberMemory();
  }
  report(state, scale_rows_cost(n, o));
}

void add_noise(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const Context ctx({.device = "cpu"});
  std::vector<float> grad = values(n);
  std::uint64_t step = 0;
  const float deviation = 1e-3f;
  for (auto _ : state) {
    backend_of(ctx).per_sample.add_noise(device_of(ctx), {.values = grad.data(),
                                                          .size = n,
                                                          .deviation = &deviation,
                                                          .key = philox_key(1, RandomPurpose::noise),
                                                          .step = &step});
    ++step;
    benchmark::ClobberMemory();
  }
  report(state, gaussian_noise_cost(n));
}

enum class Step { plain, norms, clipped, noised };

PerSampleOptions options_of(Step step) {
  switch (step) {
    case Step::plain:
      return {};
    case Step::norms:
      return {.statistics = true};
    case Step::clipped:
      return {.clip_norm = 1.0};
    case Step::noised:
      return {.clip_norm = 1.0, .noise_multiplier = 1.0};
  }
  return {};
}

void mlp_step(benchmark::State& state, Step step) {
  const std::int64_t batch = state.range(0);
  const Context ctx({.device = "cpu"});
  Dataset data;
  data.rows = batch, data.features = 784, data.target_kind = TargetKind::classes;
  data.dense_f32 = values(batch * 784);
  for (int c = 0; c < 10; ++c) data.classes.push_back(std::to_string(c));
  for (std::int64_t n = 0; n < batch; ++n) data.target.push_back(static_cast<float>(n % 10));
  Model model(ctx, resolve_model({.hidden = {512, 512}}, schema_of(data), 1));
  LearnerOptions options{.per_sample = options_of(step), .max_batch = batch};
  options.optimizer.name = Rule::sgd;
  Learner learner(model, data, options);
  std::vector<std::int64_t> rows(static_cast<std::size_t>(batch));
  std::iota(rows.begin(), rows.end(), 0);
  for (auto _ : state) benchmark::DoNotOptimize(learner.step(rows, 1e-3).loss_sum);
  state.SetItemsProcessed(state.iterations() * batch);
}

BENCHMARK(dense_row_squares)->ArgNames({"N", "I"})->Args({256, 784})->Args({256, 512})->UseRealTime();
BENCHMARK(linear_squared_norms)
    ->ArgNames({"N", "I", "O"})
    ->Args({256, 512, 512})
    ->Args({256, 512, 10})
    ->UseRealTime();
BENCHMARK(scale_rows)->ArgNames({"N", "O"})->Args({256, 512})->UseRealTime();
BENCHMARK(add_noise)->ArgName("P")->Arg(669706)->UseRealTime();
BENCHMARK_CAPTURE(mlp_step, plain, Step::plain)->ArgName("N")->Arg(256)->UseRealTime();
BENCHMARK_CAPTURE(mlp_step, norms, Step::norms)->ArgName("N")->Arg(256)->UseRealTime();
BENCHMARK_CAPTURE(mlp_step, clipped, Step::clipped)->ArgName("N")->Arg(256)->UseRealTime();
BENCHMARK_CAPTURE(mlp_step, noised, Step::noised)->ArgName("N")->Arg(256)->UseRealTime();

}  // namespace
}  // namespace thalweg
