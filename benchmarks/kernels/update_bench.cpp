// The optimizer step at the sizes of a small network that stays in cache (784-512-512-10) and of a model that
// streams from memory, the lazy step of a sparse model, and the gradient norm.
#include <benchmark/benchmark.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "host/runtime/device_of.hpp"
#include "host/runtime/memory.hpp"
#include "kernels/backend.hpp"
#include "kernels/update/update.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kInCache = 669706;
constexpr std::int64_t kStreaming = std::int64_t{1} << 24;

const Context& context(int threads) {
  static const Context contexts[] = {Context({.threads = 1}), Context({.threads = 2})};
  return contexts[threads - 1];
}

struct Problem {
  const Context& ctx;
  Buffer<float> param, grad, state[kMaxStates];
  Buffer<UpdateScalars> scalars;
  UpdateSegment segment;
  UpdateArgs args;

  Problem(const Context& c, Rule rule, std::int64_t n)
      : ctx(c), param(c, n), grad(c, n), state{{c, n}, {c, n}, {c, n}}, scalars(c, 1) {
    const std::vector<float> values(static_cast<std::size_t>(n), 0.01f);
    param.upload(ctx, values.data(), n);
    grad.upload(ctx, values.data(), n);
    UpdateScalars s{.beta1 = 0.9f, .one_minus_beta1 = 0.1f, .one_minus_beta2 = 0.001f, .eps = 1e-8f};
    s.group[0].lr = 1e-6f;
    scalars.upload(ctx, &s, 1);
    segment = {.offset = 0, .size = n, .used = n};
    args = {.rule = rule,
            .segments = &segment,
            .segment_count = 1,
            .scalars = scalars.data(),
            .param = param.data(),
            .grad = grad.data()};
    for (int k = 0; k < state_count(rule); ++k) {
      state[k].upload(ctx, values.data(), n);
      args.state[k] = state[k].data();
    }
  }
};

void report(benchmark::State& run, const Cost& cost) {
  run.SetBytesProcessed(run.iterations() * (cost.bytes_read + cost.bytes_written));
  run.counters["flops"] =
      benchmark::Counter(static_cast<double>(cost.flops), benchmark::Counter::kIsIterationInvariantRate);
}

std::vector<std::int64_t> numbers_of(std::initializer_list<Rule> rules) {
  std::vector<std::int64_t> numbers;
  for (const Rule rule : rules) numbers.push_back(static_cast<std::int64_t>(rule));
  return numbers;
}

/// The rule that a run's first argument numbers, which then labels the run.
Rule rule_of(benchmark::State& run) {
  const auto rule = static_cast<Rule>(run.range(0));
  run.SetLabel(std::string(name_of(rule)));
  return rule;
}

void step(benchmark::State& run) {
  const Rule rule = rule_of(run);
  const std::int64_t n = run.range(1);
  Problem p(context(static_cast<int>(run.range(2))), rule, n);
  for (auto _ : run) {
    backend_of(p.ctx).update.step(device_of(p.ctx), p.args);
    backend_of(p.ctx).memory.synchronize(device_of(p.ctx));
  }
  report(run, update_cost(rule, n));
}
BENCHMARK(step)
    ->ArgNames({"rule", "n", "threads"})
    ->ArgsProduct({numbers_of({Rule::sgd, Rule::momentum, Rule::adagrad, Rule::adam, Rule::adamw,
                               Rule::ftrl}),
                   {kInCache, kStreaming},
                   {1, 2}})
    ->UseRealTime();

void touched_step(benchmark::State& run) {
  constexpr std::int64_t kFeatures = 1000000, kTouched = 8000;  // a batch of 256 rows of 40 entries
  const Rule rule = rule_of(run);
  Problem p(context(static_cast<int>(run.range(1))), rule, kFeatures);
  std::vector<std::int32_t> list;
  for (std::int64_t t = 0; t < kTouched; ++t) list.push_back(static_cast<std::int32_t>(t * 125 + t % 97));
  const std::int64_t count = kTouched;
  Buffer<std::int32_t> features(p.ctx, kTouched);
  Buffer<std::int64_t> counts(p.ctx, 1);
  features.upload(p.ctx, list.data(), kTouched);
  counts.upload(p.ctx, &count, 1);
  p.args.touched = {features.data(), counts.data(), kTouched, kFeatures, 1};
  for (auto _ : run) {
    backend_of(p.ctx).update.step(device_of(p.ctx), p.args);
    backend_of(p.ctx).memory.synchronize(device_of(p.ctx));
  }
  report(run, update_cost(rule, kTouched));
}
BENCHMARK(touched_step)
    ->ArgNames({"rule", "threads"})
    ->ArgsProduct({numbers_of({Rule::sgd, Rule::adagrad, Rule::adam}), {1, 2}})
    ->UseRealTime();

void gradient_norm(benchmark::State& run) {
  const std::int64_t n = run.range(0);
  Problem p(context(static_cast<int>(run.range(1))), Rule::sgd, n);
  Buffer<float> out(p.ctx, 2);
  const GradientNormArgs args{.segments = &p.segment,
                              .segment_count = 1,
                              .grad = p.grad.data(),
                              .clip_norm = 1.0f,
                              .out = out.data()};
  for (auto _ : run) {
    backend_of(p.ctx).update.gradient_norm(device_of(p.ctx), args);
    backend_of(p.ctx).memory.synchronize(device_of(p.ctx));
  }
  report(run, gradient_norm_cost(n));
}
BENCHMARK(gradient_norm)
    ->ArgNames({"n", "threads"})
    ->ArgsProduct({{kInCache, kStreaming}, {1, 2}})
    ->UseRealTime();

void project_simplex(benchmark::State& run) {
  const std::int64_t n = run.range(0);
  Problem p(context(2), Rule::sgd, n);
  UpdateScalars s;
  s.group[0].constraint = Constraint::simplex;
  s.group[0].upper = 1.0f;
  p.scalars.upload(p.ctx, &s, 1);
  for (auto _ : run) {
    backend_of(p.ctx).update.project(device_of(p.ctx), {&p.segment, 1, p.scalars.data(), p.param.data()});
    backend_of(p.ctx).memory.synchronize(device_of(p.ctx));
  }
}
BENCHMARK(project_simplex)->ArgName("n")->Arg(kInCache)->UseRealTime();

}  // namespace
}  // namespace thalweg
