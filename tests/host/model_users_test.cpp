// Calls that may not be made at the same time: what changes a model needs it alone.
#include "host/model/model_users.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "host/model/importance.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/small_models.hpp"
#include "tests/support/threads.hpp"

namespace thalweg {
namespace {

using Rows = std::vector<std::int64_t>;
using test::refusal_of;

std::string refusal_elsewhere(const std::function<void()>& call) {
  std::string refusal;
  std::thread([&] { refusal = refusal_of(call); }).join();
  return refusal;
}

/// y = 0, 3 and 6 at x = 1, 2 and 4, and the weight 1: the mean gradient of the first two rows is -0.5.
class OneModel : public testing::TestWithParam<std::string> {
 protected:
  const Context ctx{{.device = GetParam(), .threads = 2}};
  const Dataset data = test::number_data(1, {1, 2, 4}, {0, 3, 6});
  Model model = test::model_with(ctx, {.loss = Loss::squared, .bias = false}, data, {{1}});
  Learner learner{model, data, {.optimizer = {.name = Rule::momentum}, .max_batch = 4}};

  float weight() const { return model.parameters()[0].values[0]; }

  /// Calls it while the model is read.
  void while_read(const std::function<void()>& call) const {
    for_each_gradient_block(model, data, nullptr, [&](std::int64_t, ConstMatrix) { call(); });
  }

  /// Calls it while a step changes the model, whose loss is constant.
  void while_changed(const std::function<void()>& call) {
    learner.step(Rows{0}, 0.5, [&](const ObjectiveCall& objective) {
      objective.losses[0] = 0, objective.grad_output.row(0)[0] = 0;
      call();
    });
  }
};

INSTANTIATE_TEST_SUITE_P(, OneModel, testing::ValuesIn(test::all_devices()),
                         [](const auto& device) { return test::test_name(device.param); });

constexpr const char* kAlone =
    " at this moment; a call that changes a model needs it alone, other threads and callbacks included";

TEST_P(OneModel, EachCallThatChangesItIsRefusedWhileAnotherReadsIt) {
  const test::ScratchFolder folder;
  learner.save(folder.path());
  const auto parameters = model.parameters(), buffers = model.buffers(), states = learner.states();
  std::vector<NamedTensor> gradients;
  const std::vector<std::pair<std::string, std::function<void()>>> changes{
      {"Learner::step", [&] { learner.step(Rows{0}); }},
      {"Learner::step", [&] { learner.step(Rows{0}, 0.1, [](const ObjectiveCall&) {}); }},
      {"Learner::enqueue", [&] { learner.enqueue(Rows{0}); }},
      {"Learner::collect", [&] { learner.collect(); }},
      {"Learner::value_and_gradient", [&] { learner.value_and_gradient(Rows{0}, gradients); }},
      {"Learner::set_steps", [&] { learner.set_steps(7); }},
      {"Learner::set_states", [&] { learner.set_states(states); }},
      {"Learner::restore", [&] { learner.restore(folder.path()); }},
      {"Learner::swap_average", [&] { learner.swap_average(); }},
      {"Learner::share_state", [&] { learner.share_state(); }},
      {"Model::set_parameters", [&] { model.set_parameters(parameters); }},
      {"Model::set_buffers", [&] { model.set_buffers(buffers); }},
  };
  for (const auto& [name, change] : changes) {
    while_read([&] {
      const std::string want = name + ": another call is reading the model" + kAlone;
      EXPECT_EQ(refusal_elsewhere(change), want);
      EXPECT_EQ(refusal_of(change), want) << "a callback is no exception";
    });
  }
  EXPECT_EQ(learner.steps(), 0);
  EXPECT_EQ(weight(), 1);
}

TEST_P(OneModel, AStepOnABatchOfAnEpochIsRefusedWhileAnotherCallReadsIt) {
  const EpochBatches batches({0, 1}, 2, 1, false, false);
  Learner by_epoch(model, data, {.max_batch = 2, .batches = &batches});
  while_read([&] {
    EXPECT_THAT(refusal_of([&] { by_epoch.step(batches.at(0, 0)); }), testing::StartsWith("Learner::step: "));
    EXPECT_THAT(refusal_of([&] { by_epoch.enqueue(batches.at(0, 0)); }),
                testing::StartsWith("Learner::enqueue: "));
  });
}

TEST_P(OneModel, EachCallThatReadsItIsRefusedWhileAStepChangesIt) {
  const test::ScratchFolder folder;
  const std::vector<std::pair<std::string, std::function<void()>>> reads{
      {"Model::predict", [&] { model.predict(data); }},
      {"Model::parameters", [&] { model.parameters(); }},
      {"Model::buffers", [&] { model.buffers(); }},
      {"Model::save", [&] { model.save(folder / "model"); }},
      {"export_onnx", [&] { export_onnx(model, folder / "model.onnx"); }},
      {"evaluate", [&] { evaluate(model, data); }},
      {"for_each_gradient_block", [&] { per_sample_gradients(model, data, {0}); }},
      {"standard_errors", [&] { standard_errors(model, data); }},
      {"permutation_importance",
       [&] {
         permutation_importance(model, data, {0, 1}, {});
       }},
      {"Learner::Learner", [&] { Learner another(model, data, {}); }},
      {"Learner::evaluate",
       [&] {
         learner.evaluate({0, 1});
       }},
      {"Learner::states", [&] { learner.states(); }},
      {"Learner::save", [&] { learner.save(folder.path()); }},
      {"Learner::step", [&] { learner.step(Rows{0}); }},
  };
  for (const auto& [name, read] : reads) {
    while_changed([&] {
      const std::string want = name + ": Learner::step is changing the model" + kAlone;
      EXPECT_EQ(refusal_elsewhere(read), want);
      EXPECT_EQ(refusal_of(read), want) << "an objective is no exception";
    });
  }
  EXPECT_EQ(weight(), 1);
}

TEST_P(OneModel, TheCallThatIsRefusedSaysHowManyOthersReadIt) {
  while_read([&] {
    while_read([&] {
      EXPECT_EQ(refusal_of([&] { learner.set_steps(1); }),
                std::string("Learner::set_steps: 2 other calls are reading the model") + kAlone);
    });
  });
}

TEST_P(OneModel, AnswersToCallbacksThatRead) {
  while_read([&] {
    EXPECT_EQ(model.predict(data).values, (std::vector<float>{1, 2, 4}));
    std::thread([&] { EXPECT_DOUBLE_EQ(evaluate(model, data)["mae"], 4 / 3.0); }).join();
  });
  while_changed([&] { EXPECT_EQ(learner.steps(), 0); });
}

TEST_P(OneModel, IsUsableAfterWhateverACallbackThrew) {
  struct Mine {};
  EXPECT_THROW(while_read([] { throw Mine{}; }), Mine);
  EXPECT_THROW(while_changed([] { throw Mine{}; }), Mine);
  EXPECT_THROW(while_changed([&] { model.predict(data); }), UsageError);
  const std::atomic<int> stop{1};
  EXPECT_THROW(evaluate(model, data, nullptr, &stop), InterruptedError);
  EXPECT_THROW(learner.evaluate({0, 1}, &stop), InterruptedError);
  EXPECT_THROW(model.set_parameters({}), ShapeError);
  learner.step(Rows{0, 1}, 0.5);
  EXPECT_EQ(weight(), 1.25f);
  EXPECT_EQ(model.predict(data).values, (std::vector<float>{1.25f, 2.5f, 5}));
}

TEST_P(OneModel, StepsAndPredictionsOfTwoThreadsAreRefusedOrRight) {
  std::atomic<bool> trained{false};
  std::atomic<int> wrong{0};
  std::thread reader([&] {
    while (!trained) {
      const std::string refusal = refusal_of([&] {
        const std::vector<float> values = model.predict(data).values;
        wrong += values[1] == 2 * values[0] && values[2] == 4 * values[0] ? 0 : 1;
      });
      wrong += refusal.empty() || refusal.starts_with("Model::predict: Learner::step") ||
                       refusal.starts_with("Model::predict: another call")
                   ? 0
                   : 1;
    }
  });
  std::int64_t taken = 0;
  for (int step = 0; step < (GetParam() == "cuda" ? 20 : 2000); ++step)
    taken += refusal_of([&] { learner.step(Rows{0, 1}, 1e-3); }).empty() ? 1 : 0;
  trained = true;
  reader.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(learner.steps(), taken);
}

}  // namespace
}  // namespace thalweg
