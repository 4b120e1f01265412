// One const model and one context in many threads: each gets the bits of a single caller.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/time.h>

#include <atomic>
#include <csignal>
#include <filesystem>

#include "tests/support/backends.hpp"
#include "tests/support/run_support.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/small_models.hpp"
#include "tests/support/threads.hpp"

namespace thalweg {
namespace {

using Rows = std::vector<std::int64_t>;
constexpr int kThreads = 8;

Dataset three_classes() {
  constexpr std::int64_t kRows = 40;
  std::vector<float> target;
  for (std::int64_t row = 0; row < kRows; ++row) target.push_back(static_cast<float>(row % 3));
  return test::class_data(5, test::random_floats(kRows * 5, 1), target, 3);
}

Dataset sparse_classes() {
  Dataset data = test::class_data(1, {0, 0, 0, 0, 0, 0}, {0, 1, 1, 0, 1, 0}, 2);
  data.dense_f32.clear();
  data.sparse = true, data.features = 9, data.offsets = {0, 2, 3, 3, 5, 8, 9};
  data.columns = {0, 4, 8, 1, 2, 0, 4, 8, 3}, data.values = {1, -2, 0.5f, 3, 1, 1, 2, -1, 0.25f};
  return data;
}

ModelConfig network_config(Normalization normalization) {
  ModelConfig config;
  config.hidden = {12, 7}, config.normalization = normalization, config.dropout = 0.25;
  return config;
}

Model made(const Context& ctx, const ModelConfig& config, const Dataset& data) {
  return Model(ctx, resolve_model(config, schema_of(data), 1));
}

/// What a model answers to all its const calls.
struct Answers {
  std::vector<float> values, gradients;
  std::vector<std::int64_t> classes;
  std::vector<std::pair<std::string, double>> metrics;
  bool operator==(const Answers&) const = default;
};

Answers answers_of(const Model& model, const Dataset& data) {
  Predictions predictions = model.predict(data);
  Answers answers{.values = std::move(predictions.values),
                  .classes = std::move(predictions.predicted_class),
                  .metrics = evaluate(model, data).values};
  if (model.spec().config.normalization != Normalization::batch)
    answers.gradients = per_sample_gradients(model, data, Rows{3, 0, 5});
  return answers;
}

/// Compares what eight threads are answered, call by call, with what a single caller was.
void expect_same_answers(const Context& ctx, const ModelConfig& config, const Dataset& data, int calls) {
  const Model model = made(ctx, config, data);
  const Answers alone = answers_of(model, data);
  std::atomic<int> others{0};
  test::on_threads(kThreads, [&](int) {
    for (int call = 0; call < calls; ++call) others += answers_of(model, data) == alone ? 0 : 1;
  });
  EXPECT_EQ(others, 0) << "of " << kThreads * calls << " answers on " << ctx.device();
}

class Threads : public testing::TestWithParam<std::string> {
 protected:
  const Context ctx{{.device = GetParam(), .threads = 2}};
  /// Where kernels are executed on the cpu, a call takes milliseconds.
  const int calls = GetParam() == "cuda" ? 3 : 1000;
};

INSTANTIATE_TEST_SUITE_P(, Threads, testing::ValuesIn(test::all_devices()),
                         [](const auto& device) { return test::test_name(device.param); });

TEST_P(Threads, EightGetTheBitsOfASingleCallerFromANetwork) {
  expect_same_answers(ctx, network_config(Normalization::layer), three_classes(), calls);
}

TEST_P(Threads, EightGetTheBitsOfASingleCallerFromRunningStatistics) {
  expect_same_answers(ctx, network_config(Normalization::batch), three_classes(), calls / 4);
}

TEST_P(Threads, EightGetTheBitsOfASingleCallerFromSparseRows) {
  expect_same_answers(ctx, {}, sparse_classes(), calls / 4);
}

TEST_P(Threads, TheBitsAreTheSameWhereTheFirstCallerHasThePoolOfThreads) {
  const std::int64_t rows = 2500, features = 50;
  const Dataset data =
      test::number_data(features, test::random_floats(rows * features, 1), test::random_floats(rows, 2));
  ModelConfig config;
  config.hidden = {64};
  expect_same_answers(ctx, config, data, GetParam() == "reference" ? 1 : calls / 100);
}

std::string trained_beside_others(const Context& ctx, const Dataset& data, const std::string& file) {
  Model model = made(ctx, network_config(Normalization::layer), data);
  Learner learner(model, data, {.optimizer = {.name = Rule::adam, .lr = 0.01}});
  for (std::int64_t step = 0; step < 10; ++step) learner.step(Rows{step, 2 * step + 1, 39 - step});
  model.save(file);
  return parameters_xxh3(Model::load(ctx, file).parameters());
}

TEST_P(Threads, EachTrainsAModelOfItsOwnWithTheBitsOfASingleCaller) {
  const test::ScratchFolder folder;
  const Dataset data = three_classes();
  const std::string alone = trained_beside_others(ctx, data, folder / "alone");
  std::vector<std::string> trained(4);
  test::on_threads(4, [&](int t) {
    trained[static_cast<std::size_t>(t)] = trained_beside_others(ctx, data, folder / std::to_string(t));
  });
  EXPECT_THAT(trained, testing::Each(alone));
}

std::string whole_run(Config config, const std::string& out) {
  config.out = out;
  config.train.threads = 2;
  return train(config).parameters_xxh3;
}

TEST(Train, RunsInThreadsOfOneProcessHaveTheBitsOfRunsAlone) {
  const test::ScratchFolder folder;
  const std::vector<Config> configs{test::dense_linear_config(), test::sparse_linear_config(),
                                    test::mlp_config(Normalization::batch)};
  std::vector<std::string> alone, together(configs.size());
  for (std::size_t run = 0; run < configs.size(); ++run)
    alone.push_back(whole_run(configs[run], folder / ("alone" + std::to_string(run))));
  test::on_threads(static_cast<int>(configs.size()), [&](int t) {
    const auto run = static_cast<std::size_t>(t);
    together[run] = whole_run(configs[run], folder / ("together" + std::to_string(run)));
  });
  EXPECT_EQ(together, alone);
}

TEST_P(Threads, ManySaveOneModelAsOneFile) {
  const test::ScratchFolder folder;
  const Model model = made(ctx, {}, three_classes());
  test::on_threads(kThreads, [&](int) {
    for (int call = 0; call < 10; ++call) model.save(folder / "model");
  });
  EXPECT_EQ(Model::load(ctx, folder / "model").parameters()[0].values, model.parameters()[0].values);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1)
      << "no temporary is left";
}

std::atomic<int> interruptions{0};

TEST(Signals, ThoseThatInterruptSystemCallsChangeNothing) {
  const test::ScratchFolder folder;
  const Context ctx({.device = "cpu", .threads = 2});
  const Dataset data = three_classes();
  const Model model = made(ctx, network_config(Normalization::layer), data);
  const Answers alone = answers_of(model, data);
  struct sigaction action {
  }, before{};
  action.sa_handler = [](int) { ++interruptions; };  // without SA_RESTART
  ::sigaction(SIGALRM, &action, &before);
  const itimerval often{{0, 500}, {0, 500}}, never{};
  ::setitimer(ITIMER_REAL, &often, nullptr);
  while (interruptions < 50) {
    model.save(folder / "model");
    const Model loaded = Model::load(ctx, folder / "model");
    EXPECT_TRUE(answers_of(loaded, data) == alone);
  }
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
}

}  // namespace
}  // namespace thalweg
