#pragma once
// What the tests of the sparse linear layer share: a CSR data set and a batch of it, on the host and in the
// memory of a context.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/sparse_linear/sparse_linear.hpp"
#include "tests/support/backends.hpp"

namespace thalweg::test {

using Floats = std::vector<float>;

/// A CSR data set and the batch taken from it, on the host.
struct Problem {
  std::int64_t cols = 0;
  std::vector<std::int64_t> offsets{0};
  std::vector<std::int32_t> columns;
  Floats values;
  std::vector<std::int64_t> ids;  ///< data-set rows of the batch
  std::int64_t outputs = 1;
  Floats weight, bias, grad_output;

  std::int64_t rows() const { return static_cast<std::int64_t>(ids.size()); }
  std::int64_t batch_entries() const {
    std::int64_t entries = 0;
    for (const std::int64_t id : ids) entries += offsets[id + 1] - offsets[id];
    return entries;
  }
  /// With values that differ.
  void add_row(const std::set<std::int32_t>& features) {
    columns.insert(columns.end(), features.begin(), features.end());
    while (values.size() < columns.size()) values.push_back(static_cast<float>(values.size()));
    offsets.push_back(static_cast<std::int64_t>(columns.size()));
  }
};

struct Shape {
  std::int64_t rows, cols, outputs;
  int row_entries;        ///< rows hold between 0 and twice as many
  bool integers = false;  ///< small integers: every sum is exact
};

/// Every fifth row is empty, every row that is not holds feature 0, and the batch takes the data set's rows
/// in another order than they lie in.
inline Problem make_problem(const Shape& shape, std::uint64_t seed = 1) {
  std::mt19937_64 engine(seed);
  Problem p{.cols = shape.cols, .outputs = shape.outputs};
  for (std::int64_t n = 0; n < shape.rows; ++n) {
    std::set<std::int32_t> features;
    if (n % 5 != 3) {
      features.insert(0);
      const auto wanted = engine() % static_cast<std::uint64_t>(2 * shape.row_entries + 1);
      while (features.size() < std::min<std::uint64_t>(wanted, static_cast<std::uint64_t>(shape.cols))) {
        const double u = static_cast<double>(engine() >> 11) * 0x1p-53;
        features.insert(
            static_cast<std::int32_t>(u * u * static_cast<double>(shape.cols)));  // low features are frequent
      }
    }
    p.add_row(features);
  }
  for (std::int64_t n = 0; n < shape.rows; ++n) p.ids.push_back((n * 7 + 3) % shape.rows);
  if (shape.rows % 7 == 0)
    for (std::int64_t n = 0; n < shape.rows; ++n) p.ids[n] = shape.rows - 1 - n;
  const auto fill = [&](std::int64_t size, std::uint64_t salt) {
    return shape.integers ? random_integers(size, seed + salt) : random_floats(size, seed + salt);
  };
  p.values = fill(static_cast<std::int64_t>(p.columns.size()), 10);
  p.weight = fill(shape.outputs * shape.cols, 20);
  p.bias = fill(shape.outputs, 30);
  p.grad_output = fill(shape.rows * shape.outputs, 40);
  return p;
}

/// The problem and the index's outputs in the memory of a context.
struct OnDevice {
  const Context& ctx;
  const Problem& p;
  Guarded<std::int64_t> offsets, ids, row_begin, count;
  Guarded<std::int32_t> columns, features, slots, entries_begin;
  Guarded<TouchedEntry> entries;
  Guarded<float> values, weight, bias, grad_output;

  OnDevice(const Context& c, const Problem& problem)
      : ctx(c),
        p(problem),
        offsets(c, problem.offsets),
        ids(c, problem.ids),
        row_begin(c, problem.rows() + 1),
        count(c, 1),
        columns(c, problem.columns),
        features(c, std::min(problem.cols, problem.batch_entries())),
        slots(c, problem.batch_entries()),
        entries_begin(c, std::min(problem.cols, problem.batch_entries()) + 1),
        entries(c, problem.batch_entries()),
        values(c, problem.values),
        weight(c, problem.weight),
        bias(c, problem.bias),
        grad_output(c, problem.grad_output) {}

  SparseRows input(std::int64_t first, std::int64_t rows) const {
    return {.offsets = offsets.data(),
            .columns = columns.data(),
            .values = values.data(),
            .rows = rows,
            .cols = p.cols,
            .ids = ids.data() + first};
  }
  TouchedFeatures touched() const {
    return {.features = features.data(),
            .count = count.data(),
            .row_begin = row_begin.data(),
            .slots = slots.data(),
            .entries = entries.data(),
            .entries_begin = entries_begin.data(),
            .capacity = std::min(p.cols, p.batch_entries()),
            .entries_capacity = p.batch_entries()};
  }
  const SparseLinearOps& ops() const { return backend_of(ctx).sparse_linear; }
  void index() const { ops().index(device_of(ctx), {.input = input(0, p.rows()), .touched = touched()}); }
};

struct Gradient {
  Floats weight, bias;
};

/// Untouched elements are NaN on both sides, whatever their payload.
inline void expect_same_gradient(const Gradient& got, const Gradient& want, const std::string& what) {
  ASSERT_EQ(got.weight.size(), want.weight.size());
  Floats got_weight = got.weight, want_weight = want.weight;
  for (std::size_t i = 0; i < got_weight.size(); ++i) {
    ASSERT_EQ(std::isnan(got_weight[i]), std::isnan(want_weight[i])) << what << ", element " << i;
    if (std::isnan(got_weight[i])) got_weight[i] = want_weight[i] = 0.0f;
  }
  expect_same_bits(got_weight, want_weight, what + ", weight");
  expect_same_bits(got.bias, want.bias, what + ", bias");
}

inline const Shape kShapes[] = {
    {0, 5, 1, 2},    {1, 1, 1, 1},      {1, 70, 3, 40},     {2, 33, 8, 20},    {3, 64, 9, 16},
    {31, 65, 1, 20}, {33, 257, 17, 30}, {40, 1000, 1, 150}, {56, 600, 3, 140}, {257, 5000, 1, 40},
};

inline std::string describe(const Shape& s) {
  return std::to_string(s.rows) + " x " + std::to_string(s.cols) + " -> " + std::to_string(s.outputs);
}

class SparseLinear : public testing::TestWithParam<std::string> {
 protected:
  const Context& ctx(int threads = 2) const { return context_of(GetParam(), threads); }
  /// An executed kernel takes milliseconds: there a long batch is not cut into single rows.
  bool too_many_calls(const Problem& p, std::int64_t micro_batch) const {
    return GetParam() == "cuda" && micro_batch * 20 < p.rows();
  }
};
class ExactSparseLinear : public SparseLinear {};

}  // namespace thalweg::test
