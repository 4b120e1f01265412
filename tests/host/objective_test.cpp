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

ModelSpec resolved(const std::string& loss, const DataSchema& schema) {
  return resolve_model({.loss = loss}, schema, 1);
}

TEST(Objective, AutoIsSquaredForNumbersLogisticForTwoClassesAndSoftmaxForMore) {
  EXPECT_EQ(resolved("auto", numbers()).config.loss, "squared");
  EXPECT_EQ(resolved("auto", classes(2)).config.loss, "logistic");
  EXPECT_EQ(resolved("auto", classes(3)).config.loss, "softmax_cross_entropy");
}

TEST(Objective, HasAnOutputPerClassForSoftmaxAndForHingeOfMoreThanTwo) {
  for (const char* loss : {"squared", "absolute", "huber", "quantile", "poisson"})
    EXPECT_EQ(resolved(loss, numbers()).outputs, 1) << loss;
  EXPECT_EQ(resolved("logistic", classes(2)).outputs, 1);
  EXPECT_EQ(resolved("softmax_cross_entropy", classes(1)).outputs, 2) << "a file of one class";
  for (const std::size_t count : {2u, 3u, 7u})
    EXPECT_EQ(resolved("softmax_cross_entropy", classes(count)).outputs, static_cast<std::int64_t>(count));
  for (const char* hinge : {"hinge", "squared_hinge"}) {
    EXPECT_EQ(resolved(hinge, classes(2)).outputs, 1) << hinge;
    EXPECT_EQ(resolved(hinge, classes(3)).outputs, 3) << hinge;
    EXPECT_EQ(resolved(hinge, classes(4)).outputs, 4) << hinge;
  }
}

TEST(Objective, RefusesALossThatDoesNotFitTheTargets) {
  for (const char* loss : {"logistic", "softmax_cross_entropy", "hinge", "squared_hinge"})
    test::expect_error<ConfigError>([&] { resolved(loss, numbers()); }, {loss, "targets are numbers"});
  for (const char* loss : {"squared", "absolute", "huber", "quantile", "poisson"})
    test::expect_error<ConfigError>([&] { resolved(loss, classes(2)); }, {loss, "classes (2 of them)"});
  test::expect_error<ConfigError>([&] { resolved("logistic", classes(3)); }, {"the data has 3"});
  EXPECT_NO_THROW(resolved("logistic", classes(1)));
}

TEST(Objective, ReadsTargetsAsItsLossTakesThem) {
  EXPECT_EQ(target_use("auto"), TargetUse::automatic);
  for (const char* loss : {"logistic", "softmax_cross_entropy", "hinge", "squared_hinge"})
    EXPECT_EQ(target_use(loss), TargetUse::classes) << loss;
  for (const char* loss : {"squared", "absolute", "huber", "quantile", "poisson"})
    EXPECT_EQ(target_use(loss), TargetUse::numbers) << loss;
}

TEST(Objective, TakesTheParameterOfItsOwnLoss) {
  const ModelConfig config{.huber_delta = 2.5, .quantile = 0.75, .label_smoothing = 0.125};
  const auto loss_of = [&](const char* name) {
    ModelConfig named = config;
    named.loss = name;
    return std::get<LossSpec>(make_objective(named));
  };
  EXPECT_EQ(loss_of("huber").kind, LossKind::huber);
  EXPECT_EQ(loss_of("huber").parameter, 2.5f);
  EXPECT_EQ(loss_of("quantile").kind, LossKind::quantile);
  EXPECT_EQ(loss_of("quantile").parameter, 0.75f);
  for (const auto& [name, kind] : {std::pair{"squared", LossKind::squared},
                                   {"absolute", LossKind::absolute},
                                   {"poisson", LossKind::poisson},
                                   {"logistic", LossKind::logistic},
                                   {"hinge", LossKind::hinge},
                                   {"squared_hinge", LossKind::squared_hinge}})
    EXPECT_EQ(loss_of(name).kind, kind) << name;
  ModelConfig softmax = config;
  softmax.loss = "softmax_cross_entropy";
  EXPECT_EQ(std::get<SoftmaxCrossEntropySpec>(make_objective(softmax)).label_smoothing, 0.125f);
  test::expect_error<ConfigError>([] { make_objective({.loss = "focal"}); }, {"focal", "quantile"});
}

}  // namespace
}  // namespace thalweg
