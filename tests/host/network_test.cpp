// What a model begins as: its parameters, their names and shapes, the range and the independence of its
// initial weights, and its dropout masks.
#include "host/model/network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tests/support/backends.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using Floats = std::vector<float>;

/// Rows without values: what a model begins as depends on the schema alone.
DataSchema schema(std::int64_t features, std::size_t classes = 0) {
  DataSchema s;
  s.features = features;
  if (classes > 0) s.target_kind = TargetKind::classes, s.classes.resize(classes);
  return s;
}

std::vector<NamedTensor> initial(const ModelConfig& config, const DataSchema& data, std::uint64_t seed = 1) {
  const Context& ctx = test::context_of("cpu");
  return Model(ctx, resolve_model(config, data, seed)).parameters();
}

double correlation(const Floats& a, const Floats& b, std::size_t shift = 0) {
  double product = 0, a_square = 0, b_square = 0;
  for (std::size_t i = 0; i + shift < a.size(); ++i) {
    product += double{a[i]} * b[i + shift], a_square += double{a[i]} * a[i],
        b_square += double{b[i + shift]} * b[i + shift];
  }
  return product / std::sqrt(a_square * b_square);
}

/// Of n numbers uniform in [-bound, bound): the largest is below the bound, and within 20 / n of it but for a
/// chance of exp(-20); the mean square is bound^2 / 3, with deviation bound^2 sqrt(4 / 45 / n).
void expect_uniform(const Floats& values, double bound) {
  const auto n = static_cast<double>(values.size());
  double largest = 0, square = 0, sum = 0;
  for (const float w : values) {
    largest = std::max(largest, std::abs(double{w}));
    square += double{w} * w, sum += w;
  }
  EXPECT_LE(largest, bound * (1 + 0x1p-23));
  EXPECT_GE(largest, bound * (1 - 20 / n));
  EXPECT_NEAR(square / n, bound * bound / 3, 5 * bound * bound * std::sqrt(4.0 / 45 / n));
  EXPECT_NEAR(sum / n, 0, 5 * bound / std::sqrt(3 * n));
}

TEST(InitialWeights, OfReluAndGeluHaveHesVarianceAndOfTanhAndSigmoidGlorots) {
  // 150 inputs, 450 outputs: He's variance 2 / 150 is that of the bound sqrt(6 / 150) = 0.2, Glorot's
  // 2 / 600 that of sqrt(6 / 600) = 0.1.
  for (const auto& [activation, bound] : {std::pair{Activation::relu, 0.2},
                                          {Activation::gelu, 0.2},
                                          {Activation::tanh, 0.1},
                                          {Activation::sigmoid, 0.1}}) {
    SCOPED_TRACE(name_of(activation));
    const auto parameters = initial({.hidden = {450}, .activation = activation}, schema(150));
    ASSERT_EQ(parameters[0].values.size(), 150u * 450u);
    expect_uniform(parameters[0].values, bound);
  }
}

TEST(InitialWeights, OfTheOutputLayerHaveGlorotsVarianceWhateverTheActivation) {
  for (const Activation activation : {Activation::relu, Activation::tanh}) {
    const auto parameters = initial({.hidden = {450}, .activation = activation}, schema(3, 150));
    ASSERT_EQ(parameters[2].values.size(), 150u * 450u);
    expect_uniform(parameters[2].values, 0.1);  // sqrt(6 / (450 + 150))
  }
}

TEST(InitialWeights, AreTheNumbersThatTheirPageDefines) {
  // docs/numerics.md, "Random numbers", carried out in Python: seed 7 * 2^32 + 5, bound sqrt(6 / 24) = 0.5,
  // elements 0 to 4 and 127 of parameters 0 and 2.
  const auto parameters =
      initial({.hidden = {16, 8}, .activation = Activation::tanh}, schema(8), (std::uint64_t{7} << 32) + 5);
  const std::size_t elements[] = {0, 1, 2, 3, 4, 127};
  const double first[] = {0.2013503909111023,  -0.2033868432044983, -0.31914108991622925,
                          -0.3049505352973938, -0.178175151348114,  0.42661112546920776};
  const double second[] = {-0.3358076214790344, 0.4755282402038574,  -0.15474212169647217,
                           0.09583735466003418, 0.18425381183624268, 0.37557029724121094};
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(parameters[0].values[elements[i]], static_cast<float>(first[i])) << elements[i];
    EXPECT_EQ(parameters[2].values[elements[i]], static_cast<float>(second[i])) << elements[i];
  }
}

TEST(InitialWeights, OfLayersSeedsAndNeighboursAreIndependent) {
  const ModelConfig config{.hidden = {100, 100, 100}};
  const auto one = initial(config, schema(100)), two = initial(config, schema(100), 2);
  const double bound = 5 / std::sqrt(1e4);  // five deviations of the correlation of 10^4 pairs
  const Floats &first = one[0].values, &second = one[2].values, &third = one[4].values;
  EXPECT_LT(std::abs(correlation(first, second)), bound);
  EXPECT_LT(std::abs(correlation(second, third)), bound);
  EXPECT_LT(std::abs(correlation(first, two[0].values)), bound);
  for (std::size_t shift = 1; shift <= 5; ++shift)
    EXPECT_LT(std::abs(correlation(first, first, shift)), bound) << shift;
  EXPECT_EQ(initial(config, schema(100))[2].values, second) << "the same seed gives the same weights";
}

TEST(InitialWeights, OfALinearModelAndOfInitZerosAreZero) {
  for (const ModelConfig& config :
       {ModelConfig{}, ModelConfig{.hidden = {4}, .normalization = Normalization::none, .init = "zeros"}}) {
    for (const NamedTensor& tensor : initial(config, schema(3, 3)))
      EXPECT_EQ(tensor.values, Floats(tensor.values.size())) << tensor.name;
  }
}

TEST(InitialWeights, BiasesBeginAtZeroAndNormalizationsAsTheIdentity) {
  for (const Normalization normalization : {Normalization::layer, Normalization::batch}) {
    const auto parameters = initial({.hidden = {2}, .normalization = normalization}, schema(3));
    EXPECT_EQ(parameters[1].values, Floats(2, 0.0f)) << "bias";
    EXPECT_EQ(parameters[2].values, Floats(2, 1.0f)) << "norm weight";
    EXPECT_EQ(parameters[3].values, Floats(2, 0.0f)) << "norm bias";
  }
  const Context& ctx = test::context_of("cpu");
  const Model model(ctx, resolve_model({.hidden = {2}, .normalization = Normalization::batch}, schema(3), 1));
  const auto buffers = model.buffers();
  ASSERT_EQ(buffers.size(), 2u);
  EXPECT_EQ(buffers[0].name, "layers.0.norm.running_mean");
  EXPECT_EQ(buffers[0].values, Floats(2, 0.0f));
  EXPECT_EQ(buffers[1].name, "layers.0.norm.running_var");
  EXPECT_EQ(buffers[1].values, Floats(2, 1.0f));
}

std::vector<std::pair<std::string, std::vector<std::int64_t>>> plan_of(const ModelConfig& config,
                                                                       const DataSchema& data) {
  std::vector<std::pair<std::string, std::vector<std::int64_t>>> plan;
  for (const NamedTensor& tensor : initial(config, data)) plan.emplace_back(tensor.name, tensor.shape);
  return plan;
}

TEST(Network, NamesItsParametersAsPytorchDoesWithTheOutputsFirst) {
  using Plan = decltype(plan_of({}, {}));
  EXPECT_EQ(plan_of({.hidden = {5, 4}, .normalization = Normalization::layer}, schema(3, 6)),
            (Plan{{"layers.0.weight", {5, 3}},
                  {"layers.0.bias", {5}},
                  {"layers.0.norm.weight", {5}},
                  {"layers.0.norm.bias", {5}},
                  {"layers.1.weight", {4, 5}},
                  {"layers.1.bias", {4}},
                  {"layers.1.norm.weight", {4}},
                  {"layers.1.norm.bias", {4}},
                  {"layers.2.weight", {6, 4}},
                  {"layers.2.bias", {6}}}));
  EXPECT_EQ(plan_of({.bias = false}, schema(3)), (Plan{{"layers.0.weight", {1, 3}}}));
}

TEST(Network, TakesTheFusedPathForLinearModelsOfOneOutputAlone) {
  const auto fused = [](const ModelConfig& config, const DataSchema& data) {
    return Network(resolve_model(config, data, 1)).is_single_output_linear();
  };
  EXPECT_TRUE(fused({}, schema(3)));
  EXPECT_TRUE(fused({}, schema(3, 2)));
  EXPECT_FALSE(fused({}, schema(3, 3))) << "three outputs";
  EXPECT_FALSE(fused({.hidden = {2}}, schema(3))) << "a hidden layer";
  EXPECT_FALSE(fused({.loss = Loss::softmax_cross_entropy}, schema(3, 2))) << "two outputs";
}

TEST(Network, CountsLayersWithParameters) {
  const auto layers = [](const ModelConfig& config) {
    return Network(resolve_model(config, schema(3), 1)).parameter_layers();
  };
  EXPECT_EQ(layers({}), 1);
  EXPECT_EQ(layers({.hidden = {4, 4}, .dropout = 0.5}), 3);
  EXPECT_EQ(layers({.hidden = {4, 4}, .normalization = Normalization::layer}), 5);
}

TEST(Network, RefusesUnknownActivationsAndPerSampleGradientsOfBatchNorm) {
  EXPECT_NO_THROW(Network(resolve_model({.hidden = {2}, .normalization = Normalization::layer}, schema(3), 1))
                      .require_per_sample());
  try {
    Network(resolve_model({.hidden = {2}, .normalization = Normalization::batch}, schema(3), 1))
        .require_per_sample();
    FAIL() << "batch norm mixes the samples";
  } catch (const UnsupportedLayer& error) {
    EXPECT_NE(std::string(error.what()).find("layers.0.norm"), std::string::npos) << error.what();
  }
}

/// Which units of both hidden layers dropout has taken away: sigmoid units are never 0 by themselves, and no
/// gradient reaches the bias of one that is left out.
std::pair<std::set<std::size_t>, std::set<std::size_t>> dropped_units(double rate, std::uint64_t seed) {
  const Context& ctx = test::context_of("cpu");
  const Dataset data = test::number_data(2, {1, -1}, {3});
  Model model(ctx, resolve_model({.hidden = {400, 400}, .activation = Activation::sigmoid, .dropout = rate},
                                 schema_of(data), seed));
  Learner learner(model, data, {.max_batch = 1});
  std::vector<NamedTensor> gradients;
  learner.value_and_gradient({0}, gradients);
  std::set<std::size_t> first, second;
  for (std::size_t i = 0; i < 400; ++i) {
    if (gradients[1].values[i] == 0) first.insert(i);
    if (gradients[3].values[i] == 0) second.insert(i);
  }
  return {first, second};
}

TEST(Dropout, TakesAnotherMaskInEachLayerAndForEachSeed) {
  const auto [first, second] = dropped_units(0.25, 1);
  const auto [other_first, other_second] = dropped_units(0.25, 2);
  const double deviations = 5 * std::sqrt(400 * 0.25 * 0.75);
  for (const auto& mask : {first, second, other_first, other_second})
    EXPECT_NEAR(static_cast<double>(mask.size()), 100, deviations);
  const auto in_both = [](const auto& a, const auto& b) {
    return static_cast<double>(std::count_if(a.begin(), a.end(), [&](auto i) { return b.contains(i); }));
  };
  const double chance = 400.0 / 16, spread = 5 * std::sqrt(400.0 / 16 * 15 / 16);
  EXPECT_NEAR(in_both(first, second), chance, spread) << "two layers of one model";
  EXPECT_NEAR(in_both(first, other_first), chance, spread) << "the same layer under two seeds";
}

TEST(Dropout, IsOffWithoutARateAndAtPrediction) {
  EXPECT_TRUE(dropped_units(0, 1).first.empty());
  const Context& ctx = test::context_of("cpu");
  const Dataset data = test::number_data(1, {1, 2, 3}, {0, 0, 0});
  const std::vector<Floats> parameters{{1, 2}, {0, 1}, {3, 1}, {0.5f}};
  const Model dropping = test::model_with(ctx, {.hidden = {2}, .dropout = 0.5}, data, parameters);
  EXPECT_EQ(dropping.predict(data).values, (Floats{6.5f, 11.5f, 16.5f}));  // 3 x + (2 x + 1) + 0.5
}

}  // namespace
}  // namespace thalweg
