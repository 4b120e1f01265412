#pragma once
// What the benchmarks of the normalisation layers share: a hidden layer's activations and what is measured of
// them.
#include <benchmark/benchmark.h>

#include <vector>

#include "kernels/base/cost.hpp"

namespace thalweg {

/// Activations and gradients [rows, cols], and a mean and deviation for each of `groups` rows or columns.
struct NormBuffers {
  std::vector<float> x, y, dy, dx, weight, bias, grad_weight, grad_bias, mean, rstd;

  NormBuffers(std::int64_t rows, std::int64_t cols, std::int64_t groups)
      : x(static_cast<std::size_t>(rows * cols)), y(x.size()), dy(x.size(), 0.25f), dx(x.size()) {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 2654435761u % 1000u) * 1e-3f;
    const auto columns = static_cast<std::size_t>(cols);
    weight.assign(columns, 1.0f), bias.assign(columns, 0.0f);
    grad_weight.resize(columns), grad_bias.resize(columns);
    mean.assign(static_cast<std::size_t>(groups), 0.5f), rstd.assign(mean.size(), 3.0f);
  }
};

inline void report_norm(benchmark::State& state, const Cost& cost) {
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * (cost.bytes_read + cost.bytes_written));
}

inline void hidden_layers(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"N", "C"})->Args({128, 512})->Args({1024, 512})->Args({4096, 1024})->UseRealTime();
}

}  // namespace thalweg
