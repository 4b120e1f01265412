// The matrix of gradients, of a model w x whose gradient in row n is (w x - y) x.
#include <gtest/gtest.h>

#include "tests/support/backends.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using Floats = std::vector<float>;
using Rows = std::vector<std::int64_t>;

const Context& cpu() { return test::context_of("cpu"); }

/// x = n in row n, y = 0.
Dataset counted_rows(std::int64_t rows) {
  Floats x;
  for (std::int64_t n = 0; n < rows; ++n) x.push_back(static_cast<float>(n));
  return test::number_data(1, x, Floats(x.size()));
}

Model half_of(const Dataset& data) {
  return test::model_with(cpu(), {.loss = Loss::squared, .bias = false}, data, {{0.5f}});
}

TEST(SampleGradients, OfManyRowsComeInBlocksOf512) {
  const Dataset data = counted_rows(1100);
  Rows firsts;
  std::int64_t next = 0;
  for_each_gradient_block(half_of(data), data, nullptr, [&](std::int64_t first, ConstMatrix block) {
    firsts.push_back(first);
    ASSERT_EQ(block.cols, 1);
    for (std::int64_t n = 0; n < block.rows; ++n, ++next)
      ASSERT_EQ(block.row(n)[0], 0.5f * static_cast<float>(next * next));
  });
  EXPECT_EQ(firsts, (Rows{0, 512, 1024}));
  EXPECT_EQ(next, 1100);
}

TEST(SampleGradients, AreOfTheRowsAskedForInTheirOrder) {
  Dataset data = counted_rows(10);
  data.weight = {1, 1, 3, 1, 1, 1, 1, 1, 1, 1};
  EXPECT_EQ(per_sample_gradients(half_of(data), data, {4, 2, 9}), (Floats{8, 6, 40.5f}));
  EXPECT_TRUE(per_sample_gradients(half_of(data), data, {}).empty());
}

TEST(SampleGradients, StandInTheColumnsOfTheParametersWithoutThePadding) {
  const Dataset data = test::class_data(2, {1, 2}, {1}, 3);
  Model model(cpu(), resolve_model({}, schema_of(data), 1));
  EXPECT_EQ(parameter_count(model), 9);
  // probabilities 1 / 3 each, so output gradients 1/3, -2/3 and 1/3; then the weights' and the biases'
  const double want[] = {1. / 3, 2. / 3, -2. / 3, -4. / 3, 1. / 3, 2. / 3, 1. / 3, -2. / 3, 1. / 3};
  const Floats got = per_sample_gradients(model, data, {0});
  ASSERT_EQ(got.size(), 9u);
  for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(got[i], want[i], test::gamma_bound(8) * 2) << i;
}

TEST(SampleGradients, OfSparseRowsAreZeroWhereTheyAreEmpty) {
  Dataset data = test::number_data(3, {0, 0, 0, 0, 0, 0}, {1, -1});
  data.dense_f32.clear();
  data.sparse = true;
  data.offsets = {0, 1, 3}, data.columns = {2, 0, 1}, data.values = {5, 6, 7};
  const Model model = test::model_with(cpu(), {.loss = Loss::squared}, data, {{0, 0, 0}, {0}});
  EXPECT_EQ(per_sample_gradients(model, data, {1, 0}), (Floats{6, 7, 0, 1, 0, 0, -5, -1}));
}

TEST(SampleGradients, NeedTargetsAndRowsThatDoNotMix) {
  Dataset data = counted_rows(3);
  const Model mixing(
      cpu(), resolve_model({.hidden = {2}, .normalization = Normalization::batch}, schema_of(data), 1));
  EXPECT_THROW(per_sample_gradients(mixing, data, {0}), UnsupportedLayer);
  const Model model = half_of(data);
  data.target.clear();
  test::expect_error<DataError>([&] { per_sample_gradients(model, data, {0}); },
                                {"rows by hand: has no targets"});
}

}  // namespace
}  // namespace thalweg
