// Whole runs have the same bits on every exact device: each instruction set of the cpu, and cuda where there
// is one.
#include <gtest/gtest.h>

#include "tests/support/backends.hpp"
#include "tests/support/run_support.hpp"
#include "thalweg/error.hpp"
#include "thalweg/learner.hpp"
#include "thalweg/verify.hpp"

namespace thalweg::test {
namespace {

class Devices : public testing::TestWithParam<std::string> {
 protected:
  void expect_the_bits_of_the_cpu(Config config, const std::string& what) {
    config.device = "cpu";
    const TrainReport expected = train(config);
    config.device = GetParam();
    const TrainReport got = train(config);
    EXPECT_EQ(got.parameters_xxh3, expected.parameters_xxh3) << what;
    EXPECT_EQ(got.train_loss, expected.train_loss) << what;
    ASSERT_EQ(got.validation.has_value(), expected.validation.has_value());
    if (got.validation) {
      EXPECT_EQ(got.validation->values, expected.validation->values) << what;
      EXPECT_EQ(got.validation->confusion, expected.validation->confusion) << what;
    }
    const VerifyReport verdict = verify(config, {.first = "cpu", .second = GetParam(), .steps = 4});
    EXPECT_TRUE(verdict.exact) << what;
    EXPECT_TRUE(verdict.passed()) << what;
  }
};

Config short_sparse() {
  Config config = sparse_linear_config();
  config.data.train_rows = "0:600";
  config.data.validation_fraction = 0.2;
  config.train.epochs = 3;
  return config;
}

TEST_P(Devices, LogisticRegressionWithEveryOptimizer) {
  for (const auto& [name, text] : kNames<Rule>) {
    Config config = short_sparse();
    config.optimizer.name = name;
    config.optimizer.lr = 0.02;
    if (config.optimizer.name == Rule::ftrl) config.optimizer.l1 = 1e-3;
    expect_the_bits_of_the_cpu(config, std::string(text));
  }
}

TEST_P(Devices, SparseDataWithoutLazyUpdatesAndWithAnAverage) {
  Config config = short_sparse();
  config.optimizer.name = Rule::adam;
  config.optimizer.lazy = Tristate::no;
  config.optimizer.average = Averaging::ema;
  expect_the_bits_of_the_cpu(config, "dense update of a sparse gradient");
}

TEST_P(Devices, SoftmaxRegression) {
  Config config = mlp_config(Normalization::none);
  config.model.hidden = {};
  config.model.dropout = 0;
  config.train.epochs = 3;
  config.data.validation_fraction = 0.2;
  config.model.label_smoothing = 0.1;
  expect_the_bits_of_the_cpu(config, "softmax");
}

TEST_P(Devices, AnMlpWithDropoutAndLayerNorm) {
  Config config = mlp_config(Normalization::layer);
  config.train.epochs = 2;
  expect_the_bits_of_the_cpu(config, "layer norm");
  config.train.micro_batch = 24;
  expect_the_bits_of_the_cpu(config, "layer norm in micro-batches");
}

TEST_P(Devices, AnMlpWithBatchNormForEveryActivation) {
  for (const auto& [activation, name] : kNames<Activation>) {
    Config config = mlp_config(Normalization::batch);
    config.train.epochs = 1;
    config.model.activation = activation;
    expect_the_bits_of_the_cpu(config, std::string(name));
  }
}

/// Without layers between them, linear layers take in the activations on both sides.
TEST_P(Devices, AnMlpOfLinearLayersForEveryActivation) {
  for (const auto& [activation, name] : kNames<Activation>) {
    Config config = mlp_config(Normalization::none);
    config.train.epochs = 1;
    config.model.activation = activation;
    config.model.dropout = 0;
    expect_the_bits_of_the_cpu(config, std::string(name));
    config.per_sample.clip_norm = 1;
    expect_the_bits_of_the_cpu(config, std::string(name) + " with clipping");
  }
}

TEST_P(Devices, HousingRegressionWithEveryLoss) {
  for (const auto& [loss, name] : kNames<Loss>) {
    const LossTraits traits = traits_of(loss);
    if (loss == Loss::automatic || traits.classification || traits.rates) continue;
    Config config = dense_linear_config();
    config.data.train_rows = "0:500";
    config.data.standardize_target = Tristate::yes;
    config.train.epochs = 3;
    config.optimizer.lr = 0.05;
    config.model.loss = loss;
    expect_the_bits_of_the_cpu(config, std::string(name));
  }
}

TEST_P(Devices, PoissonRegressionOfCounts) {
  Config config = dense_linear_config();
  config.data.train_rows = "0:500";
  config.data.target = "housing_median_age";
  config.model.loss = Loss::poisson;
  config.optimizer.name = Rule::adam;
  config.optimizer.lr = 0.01;
  config.train.epochs = 3;
  expect_the_bits_of_the_cpu(config, "poisson");
}

TEST_P(Devices, WeightsAndConstraints) {
  for (const Constraint constraint :
       {Constraint::non_negative, Constraint::box, Constraint::l2_ball, Constraint::simplex}) {
    Config config = dense_linear_config();
    config.data.train_rows = "0:300";
    config.data.weight = "households";
    config.data.standardize_target = Tristate::yes;
    config.train.epochs = 2;
    config.optimizer.lr = 0.05;
    config.optimizer.constraint = constraint;
    expect_the_bits_of_the_cpu(config, std::string(name_of(constraint)));
  }
}

TEST_P(Devices, ACheckpointOfOneDeviceIsResumedOnAnother) {
  Config config = mlp_config(Normalization::layer);
  config.train.epochs = 2;
  config.device = "cpu";
  const std::string expected = train(config).parameters_xxh3;
  for (const bool cpu_first : {true, false}) {
    const TemporaryFolder folder;
    config.out = folder.path("run");
    config.device = cpu_first ? "cpu" : GetParam();
    config.train.epochs = 1;
    train(config);
    config.device = cpu_first ? GetParam() : "cpu";
    config.train.epochs = 2;
    EXPECT_EQ(train(config).parameters_xxh3, expected) << "cpu first: " << cpu_first;
  }
}

TEST_P(Devices, AStepOnABatchOfAnEpochIsAStepOnItsRows) {
  struct Case {
    bool shuffle;
    std::int64_t rows_left_out;  ///< 0: all rows of the data, else a list of some
    BlockOrder blocks;
  };
  for (const Case& c : {Case{true, 0, {}}, Case{true, 3, {}}, Case{false, 0, {}}, Case{false, 3, {}},
                        Case{true, 3, {7, 3, 8}}}) {
    const Context ctx({.device = GetParam()});
    const Config config = mlp_config(Normalization::layer);
    const Dataset data = read_training_data(config.data, TargetUse::classes);
    std::vector<std::int64_t> rows;
    for (std::int64_t row = c.rows_left_out; row < data.rows; ++row) rows.push_back(row);
    const EpochBatches batches(rows, 64, 9, c.shuffle, false, c.blocks);  // the last batch is a short one
    const auto hash_after = [&](auto batch_of) {
      Model model(ctx, resolve_model(config.model, schema_of(data), 1));
      Learner learner(
          model, data,
          {.optimizer = config.optimizer, .max_batch = 64, .micro_batch = 24, .batches = &batches});
      for (std::int64_t step = 0; step < 3 * batches.batches_per_epoch(); ++step)
        learner.step(batch_of(batches.at_step(step)), 0.01);
      return parameters_xxh3(model.parameters());
    };
    EXPECT_EQ(hash_after([](const EpochBatch& batch) { return batch; }),
              hash_after([](const EpochBatch& batch) { return batch.rows(); }))
        << c.shuffle << ", " << c.rows_left_out << ", blocks of " << c.blocks.block_rows;
  }
}

TEST_P(Devices, ALearnerEvaluatesRowsOfItsDataAsTheyAreEvaluatedAnywhere) {
  const Context ctx({.device = GetParam()});
  const Config config = sparse_linear_config();
  const Dataset data = read_training_data(config.data, TargetUse::classes);
  Model model(ctx, resolve_model(config.model, schema_of(data), 1));
  Learner learner(model, data, {.optimizer = config.optimizer});
  learner.step({1, 2, 3, 4, 5}, 0.1);
  const std::vector<std::int64_t> rows = {7, 3, 900, 20, 3};
  const Metrics got = learner.evaluate(rows), want = evaluate(model, data, &rows);
  EXPECT_EQ(got.values, want.values);
  EXPECT_EQ(got.confusion, want.confusion);
}

TEST_P(Devices, AnOrderByBlocks) {
  Config config = short_sparse();
  config.data.order = RowOrder::blocks;
  config.data.block_bytes = 1000;
  config.data.window_bytes = 40000;
  expect_the_bits_of_the_cpu(config, "sparse rows in blocks");
  config = mlp_config(Normalization::layer);
  config.train.epochs = 2;
  config.train.micro_batch = 24;
  config.data.order = RowOrder::blocks;
  config.data.block_bytes = 3000;
  config.data.window_bytes = 100000;
  expect_the_bits_of_the_cpu(config, "bytes in blocks");
}

TEST_P(Devices, ABatchOfOtherEpochsIsRefused) {
  const Context ctx({.device = GetParam()});
  const Config config = sparse_linear_config();
  const Dataset data = read_training_data(config.data, TargetUse::classes);
  Model model(ctx, resolve_model(config.model, schema_of(data), 1));
  const EpochBatches batches({0, 1, 2}, 2, 1, true, false), others({0, 1, 2}, 2, 1, true, false);
  Learner learner(model, data, {.optimizer = config.optimizer, .batches = &batches});
  EXPECT_THROW(learner.step(others.at(0, 0), 0.1), UsageError);
}

INSTANTIATE_TEST_SUITE_P(Exact, Devices, testing::ValuesIn(exact_devices()),
                         [](const auto& info) { return test_name(info.param); });

}  // namespace
}  // namespace thalweg::test
