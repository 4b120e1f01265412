// Which loss a model gets, how many outputs that takes, and what is refused.
#include "host/model/objective.hpp"

#include <gtest/gtest.h>

#include "kernels/base/loss.hpp"
#include "tests/support/data_files.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

DataSchema numbers() {
  DataSchema schema;
  schema.features = 3;
  return schema;
}

DataSchema classes(std::size_t count) {
  DataSchema schema = numbers();
  schema.target_kind = TargetKind::classes;
  schema.classes.resize(count);
  return schema;
}

ModelSpec resolved(Loss loss, const DataSchema& schema) { return resolve_model({.loss = loss}, schema, 1); }

TEST(Objective, AutoIsSquaredForNumbersLogisticForTwoClassesAndSoftmaxForMore) {
  EXPECT_EQ(resolved(Loss::automatic, numbers()).config.loss, Loss::squared);
  EXPECT_EQ(resolved(Loss::automatic, classes(2)).config.loss, Loss::logistic);
  EXPECT_EQ(resolved(Loss::automatic, classes(3)).config.loss, Loss::softmax_cross_entropy);
}

TEST(Objective, HasAnOutputPerClassForSoftmaxAndForHingeOfMoreThanTwo) {
  for (const Loss loss : {Loss::squared, Loss::absolute, Loss::huber, Loss::quantile, Loss::poisson})
    EXPECT_EQ(resolved(loss, numbers()).outputs, 1) << name_of(loss);
  EXPECT_EQ(resolved(Loss::logistic, classes(2)).outputs, 1);
  for (const std::size_t count : {2u, 3u, 7u})
    EXPECT_EQ(resolved(Loss::softmax_cross_entropy, classes(count)).outputs,
              static_cast<std::int64_t>(count));
  for (const Loss hinge : {Loss::hinge, Loss::squared_hinge}) {
    EXPECT_EQ(resolved(hinge, classes(2)).outputs, 1) << name_of(hinge);
    EXPECT_EQ(resolved(hinge, classes(3)).outputs, 3) << name_of(hinge);
    EXPECT_EQ(resolved(hinge, classes(4)).outputs, 4) << name_of(hinge);
  }
}

TEST(Objective, RefusesALossThatDoesNotFitTheTargets) {
  for (const Loss loss : {Loss::logistic, Loss::softmax_cross_entropy, Loss::hinge, Loss::squared_hinge})
    test::expect_error<ConfigError>([&] { resolved(loss, numbers()); },
                                    {std::string(name_of(loss)), "targets are numbers"});
  for (const Loss loss : {Loss::squared, Loss::absolute, Loss::huber, Loss::quantile, Loss::poisson})
    test::expect_error<ConfigError>([&] { resolved(loss, classes(2)); },
                                    {std::string(name_of(loss)), "classes (2 of them)"});
  test::expect_error<ConfigError>([&] { resolved(Loss::logistic, classes(3)); }, {"the data has 3"});
}

TEST(Objective, RefusesTargetsOfOneClass) {
  DataSchema schema = classes(1);
  schema.classes[0] = "spam";
  for (const Loss loss : {Loss::automatic, Loss::logistic, Loss::softmax_cross_entropy, Loss::hinge})
    test::expect_error<DataError>([&] { resolved(loss, schema); },
                                  {"every target is of the class \"spam\"; want two classes or more"});
}

TEST(Objective, ReadsTargetsAsItsLossTakesThem) {
  EXPECT_EQ(target_use(Loss::automatic), TargetUse::automatic);
  for (const Loss loss : {Loss::logistic, Loss::softmax_cross_entropy, Loss::hinge, Loss::squared_hinge})
    EXPECT_EQ(target_use(loss), TargetUse::classes) << name_of(loss);
  for (const Loss loss : {Loss::squared, Loss::absolute, Loss::huber, Loss::quantile, Loss::poisson})
    EXPECT_EQ(target_use(loss), TargetUse::numbers) << name_of(loss);
}

TEST(Objective, TakesTheParameterOfItsOwnLoss) {
  const ModelConfig config{.huber_delta = 2.5, .quantile = 0.75, .label_smoothing = 0.125};
  const auto loss_of = [&](Loss name) {
    ModelConfig named = config;
    named.loss = name;
    return std::get<LossSpec>(make_objective(named));
  };
  EXPECT_EQ(loss_of(Loss::huber).kind, LossKind::huber);
  EXPECT_EQ(loss_of(Loss::huber).parameter, 2.5f);
  EXPECT_EQ(loss_of(Loss::quantile).kind, LossKind::quantile);
  EXPECT_EQ(loss_of(Loss::quantile).parameter, 0.75f);
  for (const auto& [name, kind] : {std::pair{Loss::squared, LossKind::squared},
                                   {Loss::absolute, LossKind::absolute},
                                   {Loss::poisson, LossKind::poisson},
                                   {Loss::logistic, LossKind::logistic},
                                   {Loss::hinge, LossKind::hinge},
                                   {Loss::squared_hinge, LossKind::squared_hinge}})
    EXPECT_EQ(loss_of(name).kind, kind) << name_of(name);
  ModelConfig softmax = config;
  softmax.loss = Loss::softmax_cross_entropy;
  EXPECT_EQ(std::get<SoftmaxCrossEntropySpec>(make_objective(softmax)).label_smoothing, 0.125f);
}

}  // namespace
}  // namespace thalweg
