// Charts and tables of the weights of a model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/report/html.hpp"
#include "host/report/model_tables.hpp"
#include "tests/support/small_models.hpp"

namespace thalweg::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ModelTables, WeightsAreSortedBySize) {
  const Context ctx({.device = "cpu", .threads = 1});
  ModelConfig config;
  config.loss = Loss::squared;
  const Dataset data = test::number_data(3, {1, 2, 3, 3, 2, 1}, {1, 2});
  const Model linear = test::model_with(ctx, config, data, {{0.5F, -2, 1}, {9}});
  const std::vector<LargeWeight> largest = largest_weights(linear, 2);
  ASSERT_EQ(largest.size(), 2U) << "and no intercept";
  EXPECT_EQ(largest[0].name, "feature 1");
  EXPECT_EQ(largest[0].weight.value, -2);
  EXPECT_EQ(largest[1].name, "feature 2");
  EXPECT_THAT(weight_chart(linear, {}), HasSubstr("<title>feature 1: -2</title>"));
  const std::string tables = weight_tables(linear, {});
  EXPECT_LT(tables.find("<td>intercept</td><td class=\"n\">9</td>"), tables.find("<td>feature 1</td>"));
  EXPECT_LT(tables.find("<td>feature 2</td>"), tables.find("<td>feature 0</td>"));
  // sqrt((0.25 + 4 + 1) / 3)
  EXPECT_THAT(
      tables,
      HasSubstr("<td>1 x 3</td><td class=\"n\">3</td><td class=\"n\">1.323</td><td class=\"n\">2</td>"));
  std::vector<RawWeight> errors = raw_weights(linear);
  errors[1].standard_error = 0.5;
  // 2 + 1.96 * 0.5: from -2.98 on an axis from -3 to 1, on 176 to 344.
  EXPECT_THAT(weight_chart(linear, errors), HasSubstr("<path class=\"k\" d=\"M176.8 32.5L259.2 32.5\"/>"));
  EXPECT_THAT(weight_tables(linear, errors), HasSubstr("<td class=\"n\">-2</td><td class=\"n\">0.5</td>"));
  EXPECT_THAT(weight_tables(linear, errors), HasSubstr("<td class=\"n\">collinear</td>"));
}

TEST(ModelTables, ANetworkHasTheNormsOfItsInputs) {
  const Context ctx({.device = "cpu", .threads = 1});
  ModelConfig config;
  config.loss = Loss::squared;
  config.hidden = {2};
  const Dataset data = test::number_data(2, {1, 2, 3, 4}, {1, 2});
  const Model model = test::model_with(ctx, config, data, {{0, 3, 1, 4}, {0, 0}, {1, 1}, {0}});
  const std::vector<RawWeight> norms = input_norms(model);
  ASSERT_EQ(norms.size(), 2U);
  EXPECT_EQ(norms[0].name, "feature 1");
  EXPECT_EQ(norms[0].value, 5);
  EXPECT_EQ(norms[1].value, 1);
  EXPECT_THAT(weight_chart(model, {}), HasSubstr("<title>feature 1: 5</title>"));
  EXPECT_THAT(weight_tables(model, {}), Not(HasSubstr("intercept")));
}

TEST(ModelTables, WeightsOfManyOutputsNameTheirClass) {
  const Context ctx({.device = "cpu", .threads = 1});
  ModelConfig config;
  config.loss = Loss::softmax_cross_entropy;
  const Dataset data = test::class_data(2, {1, 2, 3, 4, 5, 6}, {0, 1, 2}, 3);
  const Model model = test::model_with(ctx, config, data, {{0, 1, 5, 2, -7, 3}, {0, 0, 0}});
  const std::vector<LargeWeight> largest = largest_weights(model, 3);
  ASSERT_EQ(largest.size(), 3U);
  EXPECT_EQ(largest[0].name, "feature 0 → 2");
  EXPECT_EQ(largest[1].name, "feature 0 → 1");
  EXPECT_EQ(largest[2].weight.value, 3);
}

TEST(ModelTables, ScalesAreInTheUnitsOfTheData) {
  DataSchema schema;
  schema.features = 3;
  schema.transform.columns = {"a", "b", "c"};
  EXPECT_EQ(scale_table(schema), "") << "nothing was standardised";
  schema.transform.scale = {0.5F, 1, 0.25F};
  schema.transform.shift = {-1, 0, 2};
  schema.transform.offset = {0, 0, 1000};
  EXPECT_EQ(scale_table(schema), html_details("Feature scales: 2 standardised",
                                              html_table({.header = {"feature", "mean", "deviation"},
                                                          .rows = {{"c", "992", "4"}, {"a", "2", "2"}}})));
}

}  // namespace
}  // namespace thalweg::report
