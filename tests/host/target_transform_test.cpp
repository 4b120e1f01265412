// data.standardize_target: targets become (y - mean) / deviation of the rows trained on.
#include "host/data/target_transform.hpp"

#include <cmath>

#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using Floats = std::vector<float>;

class StandardizedTarget : public test::DataFiles {
 protected:
  Dataset train(const std::string& text, TargetUse use = TargetUse::numbers) {
    config_ = config(write("train.csv", text));
    config_.standardize_target = Tristate::yes;
    return read_training_data(config_, use);
  }
  DataConfig config_;
};

TEST_F(StandardizedTarget, HasTheDeviationOfTheRowsNotOfASample) {
  const Dataset d = train("0,1\n0,2\n0,3\n0,4\n");
  EXPECT_EQ(d.target_transform.mean, 2.5);
  EXPECT_EQ(d.target_transform.deviation, std::sqrt(1.25));  // (2.25 + 0.25 + 0.25 + 2.25) / 4
  const float far = static_cast<float>(1.5 / std::sqrt(1.25)),
              near = static_cast<float>(0.5 / std::sqrt(1.25));
  EXPECT_EQ(d.target, (Floats{-far, -near, near, far}));
}

TEST_F(StandardizedTarget, AConstantOneIsShiftedAndNotDivided) {
  const Dataset d = train("1,7\n2,7\n3,7\n");
  EXPECT_EQ(d.target_transform, (TargetTransform{7, 1}));
  EXPECT_EQ(d.target, (Floats{0, 0, 0}));
}

TEST_F(StandardizedTarget, TakesTheMomentsFromTheRowsTrainedOn) {
  Dataset d;
  d.target = {1, 100, 3};
  standardize_target({1, 100, 3}, {0, 2}, d);
  EXPECT_EQ(d.target_transform, (TargetTransform{2, 1}));
  EXPECT_EQ(d.target, (Floats{-1, 98, 1}));
}

TEST_F(StandardizedTarget, TestDataTakeTheTrainingDeviation) {
  const DataSchema schema = schema_of(train("1,1\n2,3\n3,1\n4,3\n"));  // mean 2, deviation 1
  EXPECT_EQ(schema.target_transform, (TargetTransform{2, 1}));
  const Dataset test = read_data_as(config_, write("test.csv", "1,5\n2,2\n"), "", "", schema, true);
  EXPECT_EQ(test.target, (Floats{3, 0}));
  EXPECT_EQ(test.target_transform, schema.target_transform);
}

TEST_F(StandardizedTarget, ClassesStayAsTheyAre) {
  const Dataset d = train("1,a\n2,b\n3,a\n", TargetUse::classes);
  EXPECT_EQ(d.target, (Floats{0, 1, 0}));
  EXPECT_EQ(d.target_transform, TargetTransform{});
}

TEST_F(StandardizedTarget, IsLeftAsItIsWithoutTheSetting) {
  const Dataset d = read_training_data(config(write("t.csv", "1,1\n2,3\n")), TargetUse::numbers);
  EXPECT_EQ(d.target, (Floats{1, 3}));
  EXPECT_EQ(d.target_transform, TargetTransform{});
}

TEST_F(StandardizedTarget, ATransformIsAppliedAsTheSchemaSays) {
  Dataset d;
  d.target = {1, 7};
  apply_target_transform({3, 2}, {1, 7}, d);
  EXPECT_EQ(d.target, (Floats{-1, 2}));
}

}  // namespace
}  // namespace thalweg
