// Identities of per-sample gradients, on every kind of model and every device: the materialised rows are
// gradients of batches of one, they sum to the batch's, and norms and clipped sums are those of the rows.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "tests/support/backends.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"
#include "thalweg/thalweg.hpp"

namespace thalweg {
namespace {

using Rows = std::vector<std::int64_t>;
using test::joined;
using Floats = std::vector<float>;

/// A power of two: the mean's scale is then exact, and rows and batch have the same bits on the way back.
constexpr std::int64_t kRows = 32, kFeatures = 21;

/// A model and the data it learns from.
struct Kind {
  std::string name;
  Loss loss = Loss::automatic;
  std::vector<std::int64_t> hidden;
  Activation activation = Activation::relu;
  Normalization normalization = Normalization::none;
  bool sparse = false;
  int classes = 0;
};

const Kind kKinds[] = {
    {.name = "linear", .loss = Loss::squared, .hidden = {}},
    {.name = "softmax", .loss = Loss::softmax_cross_entropy, .hidden = {}, .classes = 10},
    {.name = "relu", .loss = Loss::softmax_cross_entropy, .hidden = {17, 9}, .classes = 3},
    {.name = "layer_norm",
     .loss = Loss::softmax_cross_entropy,
     .hidden = {17, 9},
     .activation = Activation::gelu,
     .normalization = Normalization::layer,
     .classes = 4},
    {.name = "sparse_linear", .loss = Loss::logistic, .hidden = {}, .sparse = true, .classes = 2},
    {.name = "sparse_mlp",
     .loss = Loss::squared,
     .hidden = {12},
     .activation = Activation::tanh,
     .sparse = true},
};

void add_features(const Kind& kind, Dataset& data) {
  const Floats x = test::random_floats(kRows * kFeatures, 11);
  if (!kind.sparse) {
    data.dense_f32 = x;
    return;
  }
  data.offsets = {0};
  for (std::int64_t n = 0; n < kRows; ++n) {
    for (std::int64_t j = n % 3; j < kFeatures; j += 2 + n % 4) {
      data.columns.push_back(static_cast<std::int32_t>(j));
      data.values.push_back(x[static_cast<std::size_t>(n * kFeatures + j)]);
    }
    data.offsets.push_back(static_cast<std::int64_t>(data.columns.size()));
  }
}

Dataset make_data(const Kind& kind) {
  Dataset data;
  data.rows = kRows, data.features = kFeatures, data.sparse = kind.sparse, data.source = "made up";
  add_features(kind, data);
  data.target = test::random_floats(kRows, 12, -2.0f, 2.0f);
  if (kind.classes == 0) return data;
  data.target_kind = TargetKind::classes;
  for (int c = 0; c < kind.classes; ++c) data.classes.push_back(std::to_string(c));
  for (std::int64_t n = 0; n < kRows; ++n) {
    data.target[static_cast<std::size_t>(n)] = static_cast<float>(n * 7 % kind.classes);
  }
  return data;
}

ModelSpec spec_of(const Kind& kind, const Dataset& data) {
  const ModelConfig config{.hidden = kind.hidden,
                           .activation = kind.activation,
                           .loss = kind.loss,
                           .normalization = kind.normalization};
  return resolve_model(config, schema_of(data), 5);
}

LearnerOptions options(PerSampleOptions per_sample, std::int64_t micro_batch = 0) {
  LearnerOptions o;
  o.optimizer.name = Rule::sgd;
  o.per_sample = per_sample;
  o.max_batch = kRows;
  o.micro_batch = micro_batch;
  return o;
}

Rows all_rows() {
  Rows rows(kRows);
  std::iota(rows.begin(), rows.end(), 0);
  std::swap(rows[3], rows[20]);
  return rows;
}

struct Setting {
  Dataset data;
  Model model;
  Setting(const Context& ctx, const Kind& kind) : data(make_data(kind)), model(ctx, spec_of(kind, data)) {
    if (kind.hidden.empty()) {  // linear models begin at zero
      auto parameters = model.parameters();
      for (NamedTensor& tensor : parameters)
        tensor.values = test::random_floats(static_cast<std::int64_t>(tensor.values.size()), 21);
      model.set_parameters(parameters);
    }
  }
  Floats gradient(const Rows& rows, const LearnerOptions& o) {
    Learner learner(model, data, o);
    std::vector<NamedTensor> gradients;
    learner.value_and_gradient(rows, gradients);
    return joined(gradients);
  }
};

class PerSampleLearnerTest : public testing::TestWithParam<std::tuple<std::string, Kind>> {
 protected:
  const Context& ctx() const { return test::context_of(std::get<0>(GetParam())); }
  const Kind& kind() const { return std::get<1>(GetParam()); }
  Setting setting() const { return {ctx(), kind()}; }
};

INSTANTIATE_TEST_SUITE_P(All, PerSampleLearnerTest,
                         testing::Combine(testing::ValuesIn(test::all_devices()), testing::ValuesIn(kKinds)),
                         [](const auto& info) {
                           return test::test_name(std::get<0>(info.param)) + "_" +
                                  std::get<1>(info.param).name;
                         });

TEST_P(PerSampleLearnerTest, ARowIsTheGradientOfABatchOfOne) {
  Setting s = setting();
  const Rows rows = all_rows();
  const Floats gradients = per_sample_gradients(s.model, s.data, rows);
  const auto columns = static_cast<std::size_t>(parameter_count(s.model));
  ASSERT_EQ(gradients.size(), rows.size() * columns);
  for (std::size_t n = 0; n < rows.size(); n += 5) {
    const Floats row(gradients.begin() + static_cast<std::ptrdiff_t>(n * columns),
                     gradients.begin() + static_cast<std::ptrdiff_t>((n + 1) * columns));
    test::expect_same_bits(row, s.gradient({rows[n]}, options({})), "row " + std::to_string(n));
  }
}

/// What rows of gradients say of a batch, in double: clip factors per row (and layer), then the mean.
struct Truth {
  std::vector<double> mean, magnitude, norms;

  Truth(const Floats& gradients, std::size_t columns, const std::vector<std::size_t>& layer_ends,
        const PerSampleOptions& clip)
      : mean(columns), magnitude(columns) {
    const std::size_t rows = gradients.size() / columns;
    for (std::size_t n = 0; n < rows; ++n) add(gradients.data() + n * columns, layer_ends, clip, rows);
  }

  void add(const float* row, const std::vector<std::size_t>& layer_ends, const PerSampleOptions& clip,
           std::size_t rows) {
    double total = 0;
    for (std::size_t c = 0; c < mean.size(); ++c) total += double{row[c]} * row[c];
    norms.push_back(std::sqrt(total));
    std::size_t c = 0;
    for (const std::size_t end : layer_ends) {
      double squares = 0;
      for (std::size_t k = c; k < end; ++k) squares += double{row[k]} * row[k];
      const double factor = factor_of(std::sqrt(total), std::sqrt(squares), clip, layer_ends.size());
      for (; c < end; ++c) {
        mean[c] += factor * row[c] / static_cast<double>(rows);
        magnitude[c] += std::abs(factor * row[c]) / static_cast<double>(rows);
      }
    }
  }

  static double factor_of(double whole, double layer, const PerSampleOptions& clip, std::size_t layers) {
    if (!clip.clips()) return 1;
    if (clip.mode == ClipMode::automatic) return clip.clip_norm / (whole + 0.01);
    const bool by_layer = clip.mode == ClipMode::per_layer;
    const double bound = by_layer ? clip.clip_norm / std::sqrt(static_cast<double>(layers)) : clip.clip_norm;
    return std::min(1.0, bound / ((by_layer ? layer : whole) + 1e-6));
  }
};

/// Where each layer's columns end: weight and bias, or the two of a layer norm, belong together.
std::vector<std::size_t> layer_ends(const Model& model) {
  std::vector<std::size_t> ends;
  std::size_t at = 0;
  for (const NamedTensor& tensor : model.parameters()) {
    at += tensor.values.size();
    if (tensor.name.ends_with(".bias")) ends.push_back(at);
  }
  return ends;
}

/// Longest way of a term: forward and backward differ in nothing, so squares, sums along rows and trees, the
/// factor, and the chain and tree over the batch.
constexpr std::int64_t kRoundings = 2 * (kFeatures + 10) + kRows + 40;

TEST_P(PerSampleLearnerTest, RowsSumToTheGradientOfTheBatchAndNormsAreTheirs) {
  Setting s = setting();
  const Rows rows = all_rows();
  const Truth truth(per_sample_gradients(s.model, s.data, rows),
                    static_cast<std::size_t>(parameter_count(s.model)), layer_ends(s.model), {});
  std::vector<double> bound = truth.magnitude, norm_bound = truth.norms;
  for (double& b : bound) b *= test::gamma_bound(kRoundings);
  for (double& b : norm_bound) b *= test::gamma_bound(kRoundings);
  const PerSampleOptions statistics{.statistics = true};
  test::expect_within(s.gradient(rows, options(statistics)), truth.mean, bound, "gradient");
  Learner learner(s.model, s.data, options(statistics));
  const StepResult result = learner.step(rows, 0.0);
  test::expect_within(result.norms, truth.norms, norm_bound, "norms");
  EXPECT_NEAR(std::accumulate(result.losses.begin(), result.losses.end(), 0.0), result.loss_sum,
              test::gamma_bound(kRows + 8) * std::abs(result.loss_sum));
}

TEST_P(PerSampleLearnerTest, TheClippedSumIsTheSumOfClippedRows) {
  Setting s = setting();
  const Rows rows = all_rows();
  const Floats gradients = per_sample_gradients(s.model, s.data, rows);
  for (const ClipMode mode : {ClipMode::flat, ClipMode::per_layer, ClipMode::automatic}) {
    const PerSampleOptions clip{.clip_norm = 0.7, .mode = mode, .statistics = true};
    const Truth truth(gradients, static_cast<std::size_t>(parameter_count(s.model)), layer_ends(s.model),
                      clip);
    std::vector<double> bound = truth.magnitude, norm_bound = truth.norms;
    for (double& b : bound) b *= test::gamma_bound(kRoundings);
    for (double& b : norm_bound) b *= test::gamma_bound(kRoundings);
    test::expect_within(s.gradient(rows, options(clip)), truth.mean, bound, std::string(name_of(mode)));
    Learner learner(s.model, s.data, options(clip));
    test::expect_within(learner.step(rows, 0.0).norms, truth.norms, norm_bound, std::string(name_of(mode)));
  }
}

TEST_P(PerSampleLearnerTest, ARowOfWeightZeroIsAsIfAbsent) {
  Setting s = setting();
  s.data.weight.assign(kRows, 1.0f);
  s.data.weight[4] = s.data.weight[9] = 0.0f;
  LearnerOptions one_slice = options({.clip_norm = 0.7, .divisor = 20});
  one_slice.reduction_slices = 1;
  test::expect_same_bits(s.gradient({1, 4, 5, 9, 2}, one_slice), s.gradient({1, 5, 2}, one_slice),
                         "gradient");
}

TEST_P(PerSampleLearnerTest, StatisticsDoNotChangeABitOfTheStep) {
  Setting plain = setting(), measured = setting();
  Learner without(plain.model, plain.data, options({}));
  Learner with(measured.model, measured.data, options({.statistics = true}));
  for (int step = 0; step < 3; ++step) without.step(all_rows(), 0.1), with.step(all_rows(), 0.1);
  test::expect_same_bits(joined(measured.model.parameters()), joined(plain.model.parameters()), "parameters");
}

TEST_P(PerSampleLearnerTest, ABatchWithoutRowsIsNoiseAlone) {
  Setting s = setting();
  const PerSampleOptions noisy{
      .clip_norm = 2.0, .noise_multiplier = 1.5, .noise_seed = 9, .divisor = 6, .statistics = true};
  const Floats noise = s.gradient({}, options(noisy));
  double squares = 0;
  for (const float z : noise) squares += double{z} * z;
  const double count = static_cast<double>(noise.size());
  EXPECT_NEAR(std::sqrt(squares / count), 1.5 * 2.0 / 6, 5 * 0.5 / std::sqrt(2 * count));
  const Floats quiet = s.gradient(all_rows(), options({.clip_norm = 2.0, .divisor = 6}));
  const Floats both = s.gradient(all_rows(), options(noisy));
  for (std::size_t i = 0; i < both.size(); ++i) EXPECT_NEAR(both[i], quiet[i] + noise[i], 1e-6) << i;
}

TEST(PerSampleLearnerBits, AreTheSameOnEveryExactDeviceForEveryThreadCountAndMicroBatch) {
  for (const Kind& kind : kKinds) {
    for (const ClipMode mode : {ClipMode::flat, ClipMode::per_layer}) {
      const PerSampleOptions clip{
          .clip_norm = 0.7, .mode = mode, .noise_multiplier = 0.5, .noise_seed = 3, .divisor = 20};
      Floats first;
      for (const std::string& device : test::exact_devices()) {
        for (const int threads : {1, 2}) {
          for (const std::int64_t micro_batch : {0, 5}) {
            const Context& ctx = test::context_of(device, threads);
            const Floats got = Setting(ctx, kind).gradient(all_rows(), options(clip, micro_batch));
            if (first.empty()) first = got;
            test::expect_same_bits(got, first,
                                   kind.name + " " + std::string(name_of(mode)) + " on " + device);
          }
        }
      }
    }
  }
}

TEST(PerSampleLearner, RefusesBatchNormAndNamesTheAlternative) {
  const Kind kind{
      .name = "batch_norm", .loss = Loss::squared, .hidden = {4}, .normalization = Normalization::batch};
  const Context& ctx = test::context_of("cpu");
  Setting s(ctx, kind);
  try {
    Learner learner(s.model, s.data, options({.clip_norm = 1.0}));
    FAIL() << "batch norm was taken";
  } catch (const UnsupportedLayer& error) {
    EXPECT_NE(std::string(error.what()).find("layers.0.norm"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("normalization=layer"), std::string::npos) << error.what();
  }
  EXPECT_THROW(per_sample_gradients(s.model, s.data, {0}), UnsupportedLayer);
}

TEST(PerSampleLearner, RefusesNoiseWithoutABound) {
  const Context& ctx = test::context_of("cpu");
  Setting s(ctx, kKinds[0]);
  EXPECT_THROW(Learner(s.model, s.data, options({.noise_multiplier = 1.0})), ConfigError);
}

}  // namespace
}  // namespace thalweg
