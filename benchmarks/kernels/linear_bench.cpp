// The linear layer on the shapes of an MLP 784-512-512-10, against the machine's own FMA peak.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "host/runtime/device_of.hpp"
#include "host/runtime/memory.hpp"
#include "kernels/backend.hpp"
#include "kernels/base/parallel.hpp"
#include "kernels/linear/linear.hpp"

namespace thalweg {
namespace {

/// All threads of the machine, or one.
const Context& context(std::int64_t threads) {
  static const Context one{{.device = "cpu", .threads = 1}};
  static const Context all{{.device = "cpu", .threads = 0}};
  return threads == 1 ? one : all;
}

std::vector<float> ramp(std::int64_t size) {
  std::vector<float> values(static_cast<std::size_t>(size));
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = static_cast<float>(k % 251) * 0.008f - 1.0f;
  return values;
}

#if defined(__x86_64__)
constexpr std::int64_t kPeakRounds = 20000;
constexpr int kPeakChains = 12;

/// Twelve independent fma chains in registers, in assembly because nothing else should be measured. All are
/// zero: a denormal would take the slow path.
#define THALWEG_FMA_CHAINS(r)                                                                                \
  asm volatile("vxorps %%xmm12, %%xmm12, %%xmm12\n" THALWEG_FMA(r, 0) THALWEG_FMA(r, 1) THALWEG_FMA(r, 2)    \
                   THALWEG_FMA(r, 3) THALWEG_FMA(r, 4) THALWEG_FMA(r, 5) THALWEG_FMA(r, 6) THALWEG_FMA(r, 7) \
                       THALWEG_FMA(r, 8) THALWEG_FMA(r, 9) THALWEG_FMA(r, 10) THALWEG_FMA(r, 11)::           \
                           : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", \
                             "xmm10", "xmm11", "xmm12")
#define THALWEG_FMA(r, c) "vfmadd231ps %%" r "mm12, %%" r "mm12, %%" r "mm" #c "\n"

void fma_chains(bool wide) {
  asm volatile("vzeroall" ::
                   : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                     "xmm11", "xmm12");
  for (std::int64_t k = 0; k < kPeakRounds; ++k) {
    if (wide) {
      THALWEG_FMA_CHAINS("z");
    } else {
      THALWEG_FMA_CHAINS("y");
    }
  }
}

void fma_peak(benchmark::State& state) {
  const Context& ctx = context(state.range(0));
  const bool wide = __builtin_cpu_supports("avx512f") != 0;
  const std::int64_t tasks = 8 * ctx.threads();
  for (auto _ : state) device_of(ctx).pool.run(tasks, [&](std::int64_t, int) { fma_chains(wide); });
  const double flops = 2.0 * (wide ? 16 : 8) * kPeakChains * static_cast<double>(kPeakRounds * tasks);
  state.counters["flops"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(fma_peak)->ArgName("threads")->Arg(1)->Arg(0)->UseRealTime();
#endif

/// One layer at one batch size, in memory of the backend.
struct Layer {
  const Context& ctx;
  std::int64_t rows, in, out;
  Buffer<float> x, weight, bias, y, grad_weight, grad_bias;

  explicit Layer(const benchmark::State& state)
      : ctx(context(state.range(3))),
        rows(state.range(0)),
        in(state.range(1)),
        out(state.range(2)),
        x(ctx, ramp(rows * in)),
        weight(ctx, ramp(out * in)),
        bias(ctx, ramp(out)),
        y(ctx, ramp(rows * out)),
        grad_weight(ctx, out * in),
        grad_bias(ctx, out) {}

  void report(benchmark::State& state) const {
    const auto flops = static_cast<double>(linear_forward_cost(rows, in, out).flops);
    state.counters["flops"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
  }
};

void forward(benchmark::State& state) {
  Layer l(state);
  for (auto _ : state) {
    backend_of(l.ctx).linear.forward(device_of(l.ctx),
                                     {.input = dense_rows(matrix<const float>(l.x.data(), l.rows, l.in)),
                                      .weight = l.weight.data(),
                                      .bias = l.bias.data(),
                                      .output = matrix(l.y.data(), l.rows, l.out)});
  }
  l.report(state);
}

void input_grad(benchmark::State& state) {
  Layer l(state);
  for (auto _ : state) {
    backend_of(l.ctx).linear.input_grad(device_of(l.ctx),
                                        {.grad_output = matrix<const float>(l.y.data(), l.rows, l.out),
                                         .weight = l.weight.data(),
                                         .grad_input = matrix(l.x.data(), l.rows, l.in)});
    benchmark::ClobberMemory();
  }
  l.report(state);
}

void parameter_grad(benchmark::State& state) {
  Layer l(state);
  for (auto _ : state) {
    backend_of(l.ctx).linear.parameter_grad(
        device_of(l.ctx), {.input = dense_rows(matrix<const float>(l.x.data(), l.rows, l.in)),
                           .grad_output = matrix<const float>(l.y.data(), l.rows, l.out),
                           .slices = whole_batch(l.rows),
                           .grad_weight = {.sum = l.grad_weight.data()},
                           .grad_bias = {.sum = l.grad_bias.data()}});
  }
  l.report(state);
}

void mlp_layers(benchmark::internal::Benchmark* b) {
  b->ArgNames({"rows", "in", "out", "threads"})->UseRealTime();
  for (std::int64_t threads : {1, 0}) {
    for (std::int64_t rows : {128, 256, 1024}) {
      b->Args({rows, 784, 512, threads});
      b->Args({rows, 512, 512, threads});
      b->Args({rows, 512, 10, threads});
    }
  }
}
BENCHMARK(forward)->Apply(mlp_layers);
BENCHMARK(input_grad)->Apply(mlp_layers);
BENCHMARK(parameter_grad)->Apply(mlp_layers);

}  // namespace
}  // namespace thalweg
