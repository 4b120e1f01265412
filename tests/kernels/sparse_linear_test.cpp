#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "kernels/common/backend.hpp"
#include "tests/support/backends.hpp"
#include "thalweg/error.hpp"

namespace thalweg::test {
namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

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
  void add_row(const std::set<std::int32_t>& features) {
    columns.insert(columns.end(), features.begin(), features.end());
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
Problem make_problem(const Shape& shape, std::uint64_t seed = 1) {
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
  Guarded<std::int32_t> columns, features, slots;
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
            .capacity = std::min(p.cols, p.batch_entries()),
            .slots_capacity = p.batch_entries()};
  }
  const SparseLinearOps& ops() const { return ctx.backend().sparse_linear; }
  void index() const { ops().index(ctx, {.input = input(0, p.rows()), .touched = touched()}); }
};

struct Index {
  std::vector<std::int32_t> features, slots;
  std::vector<std::int64_t> row_begin;
  bool operator==(const Index&) const = default;
};

Index index_of(const Context& ctx, const Problem& p) {
  const OnDevice device(ctx, p);
  device.index();
  Index index{.features = device.features.download(),
              .slots = device.slots.download(),
              .row_begin = device.row_begin.download()};
  index.features.resize(static_cast<std::size_t>(device.count.download()[0]));
  return index;
}

Index expected_index(const Problem& p) {
  Index index{.row_begin = {0}};
  std::set<std::int32_t> features;
  for (const std::int64_t id : p.ids)
    features.insert(p.columns.begin() + p.offsets[id], p.columns.begin() + p.offsets[id + 1]);
  index.features.assign(features.begin(), features.end());
  for (const std::int64_t id : p.ids) {
    for (std::int64_t e = p.offsets[id]; e < p.offsets[id + 1]; ++e) {
      const auto place = std::lower_bound(index.features.begin(), index.features.end(), p.columns[e]);
      index.slots.push_back(static_cast<std::int32_t>(place - index.features.begin()));
    }
    index.row_begin.push_back(static_cast<std::int64_t>(index.slots.size()));
  }
  return index;
}

Floats forward_of(const Context& ctx, const Problem& p, bool with_bias = true) {
  const OnDevice device(ctx, p);
  Guarded<float> output(ctx, p.rows() * p.outputs);
  device.ops().forward(ctx, {.input = device.input(0, p.rows()),
                             .weight = device.weight.data(),
                             .bias = with_bias ? device.bias.data() : nullptr,
                             .output = matrix(output.data(), p.rows(), p.outputs)});
  return output.download();
}

struct Gradient {
  Floats weight, bias;
};

/// Parameter gradient in calls of `micro_batch` rows. Elements of untouched features stay NaN.
Gradient gradient_of(const Context& ctx, const Problem& p, std::int64_t micro_batch, int slices = 8) {
  const OnDevice device(ctx, p);
  device.index();
  const std::int64_t stride = device.touched().capacity * p.outputs;
  Guarded<float> weight(ctx, p.outputs * p.cols), bias(ctx, p.outputs);
  Guarded<float> weight_partials(ctx, slices * stride), bias_partials(ctx, slices * p.outputs);
  std::int64_t first = 0;
  do {
    const std::int64_t rows = std::min(micro_batch, p.rows() - first);
    device.ops().parameter_grad(
        ctx,
        {.input = device.input(first, rows),
         .touched = device.touched(),
         .grad_output = matrix<const float>(device.grad_output.data() + first * p.outputs, rows, p.outputs),
         .slices = {.batch_rows = p.rows(), .first = first, .rows = rows, .slices = slices},
         .grad_weight = {weight.data(), weight_partials.data(), stride},
         .grad_bias = {bias.data(), bias_partials.data(), p.outputs}});
    first += rows;
  } while (first < p.rows());
  weight_partials.download();
  bias_partials.download();
  return {weight.download(), bias.download()};
}

/// The documented orders, spelled out element by element.
float documented_output(const Problem& p, std::int64_t n, std::int64_t o) {
  const std::int64_t begin = p.offsets[p.ids[n]], end = p.offsets[p.ids[n] + 1];
  const float* weight = p.weight.data() + o * p.cols;
  float sum = 0;
  if (p.outputs <= 8) {
    float chain[128] = {};
    for (std::int64_t e = begin; e < end; ++e) {
      float& c = chain[(e - begin) % 128];
      c = std::fma(weight[p.columns[e]], p.values[e], c);
    }
    for (int stride = 64; stride > 0; stride /= 2)
      for (int c = 0; c < stride; ++c) chain[c] += chain[c + stride];
    sum = chain[0];
  } else {
    for (std::int64_t e = begin; e < end; ++e) sum = std::fma(weight[p.columns[e]], p.values[e], sum);
  }
  return sum + p.bias[o];
}

float documented_tree(Floats level) {
  while (level.size() > 1) {
    Floats next;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) next.push_back(level[i] + level[i + 1]);
    if (level.size() % 2 == 1) next.push_back(level.back());
    level = next;
  }
  return level[0];
}

Gradient documented_gradient(const Problem& p, int slices) {
  const std::int64_t weights = p.outputs * p.cols;
  std::vector<Floats> weight(weights, Floats(slices, 0.0f)), bias(p.outputs, Floats(slices, 0.0f));
  std::vector<char> touched(p.cols, 0);
  for (int s = 0; s < slices; ++s) {
    for (std::int64_t n = p.rows() * s / slices; n < p.rows() * (s + 1) / slices; ++n) {
      for (std::int64_t o = 0; o < p.outputs; ++o) {
        const float g = p.grad_output[n * p.outputs + o];
        bias[o][s] += g;
        for (std::int64_t e = p.offsets[p.ids[n]]; e < p.offsets[p.ids[n] + 1]; ++e) {
          float& chain = weight[o * p.cols + p.columns[e]][s];
          chain = std::fma(g, p.values[e], chain);
          touched[p.columns[e]] = 1;
        }
      }
    }
  }
  Gradient gradient{Floats(weights, std::nanf("")), Floats(p.outputs)};
  for (std::int64_t w = 0; w < weights; ++w)
    if (touched[w % p.cols]) gradient.weight[w] = documented_tree(weight[w]);
  for (std::int64_t o = 0; o < p.outputs; ++o) gradient.bias[o] = documented_tree(bias[o]);
  return gradient;
}

/// Untouched elements are NaN on both sides, whatever their payload.
void expect_same_gradient(const Gradient& got, const Gradient& want, const std::string& what) {
  ASSERT_EQ(got.weight.size(), want.weight.size());
  Floats got_weight = got.weight, want_weight = want.weight;
  for (std::size_t i = 0; i < got_weight.size(); ++i) {
    ASSERT_EQ(std::isnan(got_weight[i]), std::isnan(want_weight[i])) << what << ", element " << i;
    if (std::isnan(got_weight[i])) got_weight[i] = want_weight[i] = 0.0f;
  }
  expect_same_bits(got_weight, want_weight, what + ", weight");
  expect_same_bits(got.bias, want.bias, what + ", bias");
}

const Shape kShapes[] = {
    {0, 5, 1, 2},    {1, 1, 1, 1},      {1, 70, 3, 40},     {2, 33, 8, 20},    {3, 64, 9, 16},
    {31, 65, 1, 20}, {33, 257, 17, 30}, {40, 1000, 1, 150}, {56, 600, 3, 140}, {257, 5000, 1, 40},
};

std::string describe(const Shape& s) {
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
INSTANTIATE_TEST_SUITE_P(Devices, SparseLinear, testing::ValuesIn(all_devices()),
                         [](const auto& param) { return test_name(param.param); });

class ExactSparseLinear : public SparseLinear {};
INSTANTIATE_TEST_SUITE_P(Devices, ExactSparseLinear, testing::ValuesIn(exact_devices()),
                         [](const auto& param) { return test_name(param.param); });

TEST_P(SparseLinear, IndexListsEveryTouchedFeatureOnceInAscendingOrder) {
  for (const Shape& shape : kShapes) {
    const Problem p = make_problem(shape);
    EXPECT_EQ(index_of(ctx(), p), expected_index(p)) << describe(shape);
  }
}

TEST_P(SparseLinear, IndexOfManyEntriesIsSharedByThreads) {
  const Problem p = make_problem({1500, 300000, 1, 80});
  ASSERT_GT(p.batch_entries(), 2 * 32768);
  for (const int threads : thread_counts(GetParam(), {1, 2, 5}))
    EXPECT_EQ(index_of(ctx(threads), p), expected_index(p));
}

TEST_P(SparseLinear, IndexOfFewEntriesAmongBillionsOfFeatures) {
  for (const std::int64_t cols :
       {std::int64_t{100'000}, std::int64_t{20'000'000}, std::int64_t{0x7fffffff}}) {
    Problem p{.cols = cols};
    const auto last = static_cast<std::int32_t>(cols - 1);
    p.add_row({0, 255, 256, 65536, last});
    p.add_row({});
    p.add_row({256, 70000, last});
    p.add_row({last});
    p.ids = {3, 0, 1, 2};
    EXPECT_EQ(index_of(ctx(), p), expected_index(p)) << cols;
  }
}

TEST_P(SparseLinear, IndexRefusesMemoryThatIsTooSmall) {
  if (GetParam() == "cuda") GTEST_SKIP() << "the device alone knows the entries; see the next test";
  const Problem p = make_problem({31, 65, 1, 20});
  const OnDevice device(ctx(), p);
  SparseIndexArgs args{.input = device.input(0, p.rows()), .touched = device.touched()};
  args.touched.capacity -= 1;
  EXPECT_THROW(device.ops().index(ctx(), args), InternalError);
  args.touched = device.touched();
  args.touched.slots_capacity -= 1;
  EXPECT_THROW(device.ops().index(ctx(), args), InternalError);
}

TEST_P(SparseLinear, IndexNeverWritesPastMemoryThatIsTooSmall) {
  if (GetParam() != "cuda") GTEST_SKIP() << "refused";
  const Problem p = make_problem({31, 65, 1, 20});
  const Context& context = ctx();
  const OnDevice device(context, p);
  for (const std::int64_t less : {1, 7}) {
    SparseIndexArgs args{.input = device.input(0, p.rows()), .touched = device.touched()};
    args.touched.capacity -= less;
    args.touched.slots_capacity -= less;
    const Guarded<std::int32_t> features(context, args.touched.capacity),
        slots(context, args.touched.slots_capacity);
    args.touched.features = features.data();
    args.touched.slots = slots.data();
    device.ops().index(context, args);
    features.download();
    slots.download();
  }
}

TEST_P(SparseLinear, ForwardIsTheDenseProductWithinItsBound) {
  for (const Shape& shape : kShapes) {
    const Problem p = make_problem(shape);
    Doubles want, bound;
    for (std::int64_t n = 0; n < p.rows(); ++n) {
      Doubles dense(p.cols, 0.0);
      const std::int64_t begin = p.offsets[p.ids[n]], end = p.offsets[p.ids[n] + 1];
      for (std::int64_t e = begin; e < end; ++e) dense[p.columns[e]] = p.values[e];
      for (std::int64_t o = 0; o < p.outputs; ++o) {
        double sum = p.bias[o], terms = std::abs(sum);
        for (std::int64_t i = 0; i < p.cols; ++i) {
          sum += dense[i] * p.weight[o * p.cols + i];
          terms += std::abs(dense[i] * p.weight[o * p.cols + i]);
        }
        want.push_back(sum);
        bound.push_back(gamma_bound(std::max<std::int64_t>(end - begin, 8) + 1) * terms);
      }
    }
    expect_within(forward_of(ctx(), p), want, bound, describe(shape));
  }
}

TEST_P(SparseLinear, GradientIsTheDenseOneWithinItsBound) {
  for (const Shape& shape : kShapes) {
    const Problem p = make_problem(shape);
    Doubles want(p.outputs * p.cols, std::nan("")), bound(want), bias(p.outputs), bias_bound(p.outputs);
    const double gamma = gamma_bound(p.rows() + 8);
    for (std::int64_t n = 0; n < p.rows(); ++n) {
      for (std::int64_t o = 0; o < p.outputs; ++o) {
        const double g = p.grad_output[n * p.outputs + o];
        bias[o] += g;
        bias_bound[o] += gamma * std::abs(g);
        for (std::int64_t e = p.offsets[p.ids[n]]; e < p.offsets[p.ids[n] + 1]; ++e) {
          const std::int64_t w = o * p.cols + p.columns[e];
          if (std::isnan(want[w])) want[w] = bound[w] = 0;
          want[w] += g * p.values[e];
          bound[w] += gamma * std::abs(g * p.values[e]);
        }
      }
    }
    const Gradient got = gradient_of(ctx(), p, p.rows());
    expect_within(got.weight, want, bound, describe(shape) + " weight");
    expect_within(got.bias, bias, bias_bound, describe(shape) + " bias");
  }
}

TEST_P(SparseLinear, IntegersAreExactOnEveryDevice) {
  for (Shape shape : kShapes) {
    shape.integers = true;
    const Problem p = make_problem(shape);
    Floats want;
    for (std::int64_t n = 0; n < p.rows(); ++n)
      for (std::int64_t o = 0; o < p.outputs; ++o) want.push_back(documented_output(p, n, o));
    EXPECT_EQ(forward_of(ctx(), p), want) << describe(shape);
    const Gradient got = gradient_of(ctx(), p, std::max<std::int64_t>(1, p.rows() / 2));
    const Gradient wanted = documented_gradient(p, 8);
    EXPECT_EQ(got.bias, wanted.bias) << describe(shape);
    for (std::size_t i = 0; i < got.weight.size(); ++i)
      ASSERT_TRUE(got.weight[i] == wanted.weight[i] ||
                  (std::isnan(got.weight[i]) && std::isnan(wanted.weight[i])))
          << describe(shape) << ", element " << i;
  }
}

TEST_P(SparseLinear, ForwardWithoutBiasOfAnEmptyRowIsZero) {
  for (const std::int64_t outputs : {1, 9}) {
    Problem p{.cols = 4, .outputs = outputs};
    p.add_row({});
    p.ids = {0};
    p.weight = random_floats(4 * outputs, 1);
    p.bias = random_floats(outputs, 2);
    EXPECT_EQ(forward_of(ctx(), p, false), Floats(outputs, 0.0f));
    EXPECT_EQ(forward_of(ctx(), p, true), p.bias);
  }
}

TEST_P(ExactSparseLinear, ForwardFollowsTheDocumentedOrder) {
  for (const Shape& shape : kShapes) {
    const Problem p = make_problem(shape);
    Floats want;
    for (std::int64_t n = 0; n < p.rows(); ++n)
      for (std::int64_t o = 0; o < p.outputs; ++o) want.push_back(documented_output(p, n, o));
    for (const int threads : thread_counts(GetParam()))
      expect_same_bits(forward_of(ctx(threads), p), want, describe(shape));
  }
}

TEST_P(ExactSparseLinear, ChainThatUnderflowedToMinusZeroKeepsItsSign) {
  Problem p{.cols = 200};
  std::set<std::int32_t> features;
  for (std::int32_t i = 0; i < 130; ++i) features.insert(i);
  p.add_row(features);
  p.ids = {0};
  p.weight.assign(200, -1e-30f);
  p.values.assign(130, 1e-30f);
  p.bias = {-0.0f};
  expect_same_bits(forward_of(ctx(), p), {documented_output(p, 0, 0)}, "tiny negative products");
  EXPECT_TRUE(std::signbit(documented_output(p, 0, 0)));
}

TEST_P(ExactSparseLinear, GradientFollowsTheDocumentedOrderForEverySplitAndThreadCount) {
  for (const Shape& shape : kShapes) {
    const Problem p = make_problem(shape);
    for (const int slices : {1, 3, 8}) {
      const Gradient want = documented_gradient(p, slices);
      for (const int threads : thread_counts(GetParam())) {
        for (const std::int64_t micro_batch :
             {std::int64_t{1}, std::int64_t{3}, (p.rows() + 1) / 2, p.rows()}) {
          if (too_many_calls(p, micro_batch)) continue;
          const std::int64_t rows = std::max<std::int64_t>(micro_batch, 1);
          expect_same_gradient(gradient_of(ctx(threads), p, rows, slices), want,
                               describe(shape) + ", slices " + std::to_string(slices) + ", micro-batch " +
                                   std::to_string(rows));
        }
      }
    }
  }
}

struct StepResult {
  Floats losses, grad_output;
  Gradient gradient;
};

/// A model step in calls of `micro_batch` rows, fused or as the three ops one after the other.
StepResult step_of(const Context& ctx, const Problem& p, LossSpec loss, bool fused,
                   std::int64_t micro_batch) {
  const OnDevice device(ctx, p);
  device.index();
  const auto data_rows = static_cast<std::int64_t>(p.offsets.size()) - 1, stride = device.touched().capacity;
  Floats labels = random_integers(data_rows, 77, 1);
  for (float& y : labels) y = std::abs(y);
  Guarded<float> target(ctx, labels), sample_weight(ctx, random_floats(data_rows, 78, 0.5f, 2.0f)),
      scale(ctx, Floats{0.125f});
  Guarded<float> losses(ctx, p.rows()), grad_output(ctx, p.rows()), output(ctx, p.rows());
  Guarded<float> weight(ctx, p.cols), bias(ctx, 1), weight_partials(ctx, 8 * stride), bias_partials(ctx, 8);
  std::int64_t first = 0;
  do {
    const std::int64_t rows = std::min(micro_batch, p.rows() - first);
    const bool whole = rows == p.rows();
    SparseModelStep args{.input = device.input(first, rows),
                         .touched = device.touched(),
                         .weight = device.weight.data(),
                         .bias = device.bias.data(),
                         .loss = loss,
                         .targets = {.target = target.data(),
                                     .weight = sample_weight.data(),
                                     .ids = device.ids.data() + first,
                                     .scale = scale.data()},
                         .slices = {.batch_rows = p.rows(), .first = first, .rows = rows},
                         .losses = losses.data() + first,
                         .grad_output = grad_output.data() + first,
                         .grad_weight = {weight.data(), whole ? nullptr : weight_partials.data(), stride},
                         .grad_bias = {bias.data(), whole ? nullptr : bias_partials.data(), 1}};
    if (fused) {
      device.ops().model_step(ctx, args);
    } else {
      const Matrix z = matrix(output.data() + first, rows, 1), g = matrix(args.grad_output, rows, 1);
      device.ops().forward(ctx, {.input = args.input, .weight = args.weight, .bias = args.bias, .output = z});
      ctx.backend().elementwise_loss.evaluate(
          ctx, {.loss = loss, .output = z, .targets = args.targets, .losses = args.losses, .grad_output = g});
      device.ops().parameter_grad(ctx, {.input = args.input,
                                        .touched = args.touched,
                                        .grad_output = g,
                                        .slices = args.slices,
                                        .grad_weight = args.grad_weight,
                                        .grad_bias = args.grad_bias});
    }
    first += rows;
  } while (first < p.rows());
  return {losses.download(), grad_output.download(), {weight.download(), bias.download()}};
}

const LossKind kLosses[] = {LossKind::squared, LossKind::absolute, LossKind::huber, LossKind::quantile,
                            LossKind::poisson, LossKind::logistic, LossKind::hinge, LossKind::squared_hinge};

std::vector<Problem> one_output_problems() {
  std::vector<Problem> problems;
  for (const Shape& shape : kShapes)
    if (shape.outputs == 1) problems.push_back(make_problem(shape));
  return problems;
}

TEST_P(ExactSparseLinear, ModelStepHasTheBitsOfItsOpsForEverySplitAndThreadCount) {
  for (const Problem& p : one_output_problems()) {
    for (const LossKind kind : kLosses) {
      const LossSpec loss{kind, 0.4f};
      const StepResult want = step_of(ctx(1), p, loss, false, std::max<std::int64_t>(1, p.rows()));
      for (const std::int64_t micro_batch : {p.rows(), (p.rows() + 1) / 2, std::int64_t{3}}) {
        if (too_many_calls(p, micro_batch)) continue;
        const StepResult got = step_of(ctx(), p, loss, true, std::max<std::int64_t>(1, micro_batch));
        const std::string what = "loss " + std::to_string(static_cast<int>(kind)) + ", rows " +
                                 std::to_string(p.rows()) + ", micro-batch " + std::to_string(micro_batch);
        expect_same_bits(got.losses, want.losses, what + ", losses");
        expect_same_bits(got.grad_output, want.grad_output, what + ", grad_output");
        expect_same_gradient(got.gradient, want.gradient, what);
      }
    }
  }
}

TEST_P(ExactSparseLinear, ModelStepHasTheBitsOfEveryOtherDevice) {
  const Context& first = context_of(exact_devices().front());
  for (const Problem& p : one_output_problems()) {
    const std::int64_t rows = std::max<std::int64_t>(1, p.rows());
    const StepResult want = step_of(first, p, {LossKind::logistic}, true, rows);
    const StepResult got = step_of(ctx(), p, {LossKind::logistic}, true, rows);
    expect_same_bits(got.losses, want.losses, "losses");
    expect_same_gradient(got.gradient, want.gradient, "gradient");
  }
}

TEST(SparseLinearReference, ModelStepGradientIsTheCentralDifferenceOfTheLoss) {
  const Context& ctx = context_of("reference");
  Problem p = make_problem({40, 30, 1, 5});
  const auto total = [&] {
    double sum = 0;
    for (const float loss : step_of(ctx, p, {LossKind::logistic}, true, p.rows()).losses) sum += 0.125 * loss;
    return sum;
  };
  const Gradient gradient = step_of(ctx, p, {LossKind::logistic}, true, p.rows()).gradient;
  for (std::int64_t i = 0; i < p.cols; ++i) {
    if (std::isnan(gradient.weight[i])) continue;
    const float at = p.weight[i], h = 0x1p-6f;
    p.weight[i] = at + h;
    const double above = total();
    p.weight[i] = at - h;
    const double below = total();
    p.weight[i] = at;
    // 40 losses of about 1 rounded to float (2^-24 each, times scale and weight, over 2h) stay below 1e-4;
    // the third derivative of the logistic loss is at most 0.1, so truncation is below 40 * 2 * 0.125 * 0.1
    // h^2 / 6.
    EXPECT_NEAR(gradient.weight[i], (above - below) / (2.0 * h), 3e-4) << "weight " << i;
  }
}

}  // namespace
}  // namespace thalweg::test
