#pragma once
// The sparse logistic workload: rows of 40 entries out of 1e6 features whose frequencies follow Zipf's law,
// taken in a scattered order from a data set of 32 MB.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "host/runtime/device_of.hpp"
#include "host/runtime/memory.hpp"
#include "kernels/backend.hpp"
#include "kernels/sparse_linear/sparse_linear.hpp"

namespace thalweg::bench {

constexpr std::int64_t kRows = 100'000, kFeatures = 1'000'000, kRowEntries = 40;

struct Data {
  std::vector<std::int64_t> offsets{0};
  std::vector<std::int32_t> columns;
  std::vector<float> values, target;

  Data() {
    std::mt19937_64 engine(1);
    const auto uniform = [&] { return static_cast<double>(engine() >> 11) * 0x1p-53; };
    std::vector<std::int32_t> row;
    for (std::int64_t n = 0; n < kRows; ++n) {
      row.clear();
      while (row.size() < kRowEntries) {  // rank r with density 1 / r: r = I^u
        const double rank = std::exp(uniform() * std::log(static_cast<double>(kFeatures)));
        const auto feature = static_cast<std::int32_t>(std::min(rank - 1.0, kFeatures - 1.0));
        if (std::find(row.begin(), row.end(), feature) == row.end()) row.push_back(feature);
      }
      std::sort(row.begin(), row.end());
      columns.insert(columns.end(), row.begin(), row.end());
      offsets.push_back(static_cast<std::int64_t>(columns.size()));
      target.push_back(static_cast<float>(engine() & 1));
    }
    for (std::size_t e = 0; e < columns.size(); ++e) values.push_back(static_cast<float>(uniform()));
  }
};

inline const Data& data() {
  static const Data instance;
  return instance;
}

/// A context with the data set and room for batches of `batch` rows.
struct Workload {
  Context ctx;
  std::int64_t batch, entries, at = 0;
  Buffer<std::int64_t> offsets, ids, row_begin, count;
  Buffer<std::int32_t> columns, features, slots;
  Buffer<float> values, target, scale, weight, bias, losses, grad_output, grad_weight, grad_bias;

  Workload(const benchmark::State& state)
      : ctx({.threads = static_cast<int>(state.range(1))}),
        batch(state.range(0)),
        entries(batch * kRowEntries),
        offsets(ctx, data().offsets),
        ids(ctx, shuffled_rows()),
        row_begin(ctx, batch + 1),
        count(ctx, 1),
        columns(ctx, data().columns),
        features(ctx, entries),
        slots(ctx, entries),
        values(ctx, data().values),
        target(ctx, data().target),
        scale(ctx, std::vector<float>{1.0f / static_cast<float>(batch)}),
        weight(ctx, std::vector<float>(kFeatures, 0.01f)),
        bias(ctx, std::vector<float>(1, 0.1f)),
        losses(ctx, batch),
        grad_output(ctx, batch),
        grad_weight(ctx, std::vector<float>(kFeatures, 0.0f)),
        grad_bias(ctx, 1) {}

  static std::vector<std::int64_t> shuffled_rows() {
    std::vector<std::int64_t> rows(kRows);
    for (std::int64_t n = 0; n < kRows; ++n) rows[static_cast<std::size_t>(n)] = n;
    std::mt19937_64 engine(2);
    std::shuffle(rows.begin(), rows.end(), engine);
    return rows;
  }
  void next_batch() { at = at + 2 * batch <= kRows ? at + batch : 0; }
  SparseRows input() const {
    return {offsets.data(), columns.data(), values.data(), batch, kFeatures, ids.data() + at};
  }
  TouchedFeatures touched() const {
    return {.features = features.data(),
            .count = count.data(),
            .row_begin = row_begin.data(),
            .slots = slots.data(),
            .capacity = entries,
            .entries_capacity = entries};
  }
  void index() const {
    backend_of(ctx).sparse_linear.index(device_of(ctx), {.input = input(), .touched = touched()});
  }
  void forward() const {
    backend_of(ctx).sparse_linear.forward(device_of(ctx), {.input = input(),
                                                           .weight = weight.data(),
                                                           .bias = bias.data(),
                                                           .output = matrix(losses.data(), batch, 1)});
  }
};

inline void report(benchmark::State& state, const Workload& work, Cost cost) {
  const auto per_second = [&](std::int64_t amount) {
    return benchmark::Counter(static_cast<double>(amount) * static_cast<double>(state.iterations()),
                              benchmark::Counter::kIsRate);
  };
  state.counters["rows/s"] = per_second(work.batch);
  state.counters["bytes/s"] = per_second(cost.bytes_read + cost.bytes_written);
}

inline void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"batch", "threads"})->ArgsProduct({{256, 4096}, {1, 2}})->UseRealTime();
}

}  // namespace thalweg::bench
