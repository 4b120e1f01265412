// Steps that run together in one launch: over random settings they have the bits of the cpu, whatever cuts
// the bursts.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/support/backends.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/learner.hpp"

namespace thalweg::test {
namespace {

/// Draws of one case.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : random_(seed) {}
  std::int64_t number(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random_);
  }
  bool coin() { return number(0, 1) == 1; }
  template <class T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[number(0, std::ssize(values) - 1)];
  }

 private:
  std::mt19937_64 random_;
};

struct Settings {
  Dataset data;
  ModelConfig model;
  LearnerOptions learner;
  bool shuffle = true, drop_last = false;
};

OptimizerConfig random_optimizer(Draws& draw) {
  const auto rule = static_cast<Rule>(draw.number(0, std::ssize(kNames<Rule>) - 1));
  OptimizerConfig optimizer{.name = rule};
  optimizer.l1 = draw.coin() ? 0.001 : 0;
  optimizer.l2 = draw.coin() ? 0.01 : 0;
  optimizer.clip_norm = draw.coin() ? 0.3 : 0;
  optimizer.constraint =
      draw.one_of({Constraint::none, Constraint::non_negative, Constraint::box, Constraint::l2_ball});
  optimizer.average = draw.one_of({Averaging::none, Averaging::polyak, Averaging::ema});
  optimizer.average_from = optimizer.average == Averaging::polyak ? draw.number(1, 10) : 0;
  optimizer.bias_lr_factor = draw.coin() ? 2 : 1;
  return optimizer;
}

/// In some cases a row has a loss that is not finite.
Settings random_settings(Draws& draw, std::uint64_t seed) {
  const std::int64_t features = draw.number(1, 150), rows = draw.number(20, 120);
  std::vector<float> target = random_floats(rows, seed + 1);
  const bool classes = draw.coin();
  for (float& y : target) y = classes ? (y > 0 ? 1.0f : 0.0f) : y;
  Settings s{.data = number_data(features, random_floats(rows * features, seed), target)};
  if (classes) s.data = class_data(features, s.data.dense_f32, target, 2);
  if (!classes && draw.coin()) s.data.target[static_cast<std::size_t>(draw.number(0, rows - 1))] = 3e38f;
  if (draw.coin()) s.data.weight = random_floats(rows, seed + 2, 0.5f, 1.5f);
  s.model.loss = classes ? draw.one_of({Loss::logistic, Loss::hinge})
                         : draw.one_of({Loss::squared, Loss::huber, Loss::quantile});
  s.model.bias = draw.coin();
  s.learner.optimizer = random_optimizer(draw);
  s.learner.max_batch = draw.number(1, 40);
  s.learner.reduction_slices = static_cast<int>(draw.number(1, 8));
  s.shuffle = draw.coin(), s.drop_last = draw.coin() && s.learner.max_batch <= rows;
  return s;
}

/// A learner on a device that takes the same steps as its twin on another.
struct Side {
  Context ctx;
  Model model;
  Learner learner;

  Side(const char* device, const Settings& s, const EpochBatches& batches)
      : ctx({.device = device}),
        model(ctx, resolve_model(s.model, schema_of(s.data), 1)),
        learner(model, s.data, with(s.learner, batches)) {}
  static LearnerOptions with(LearnerOptions options, const EpochBatches& batches) {
    options.batches = &batches;
    return options;
  }

  /// Results up to the first step that diverged.
  template <class Rows>
  std::vector<StepResult> burst(const std::vector<Rows>& steps, double lr) {
    std::vector<StepResult> results;
    for (const Rows& rows : steps) {
      learner.enqueue(rows, lr);
      lr *= 0.95;
      if (learner.burst_limit() > 1) continue;
      results.push_back(learner.collect().front());
      if (!results.back().diverged.empty()) return results;
    }
    return learner.burst_limit() > 1 ? learner.collect() : results;
  }
};

class Twins {
 public:
  explicit Twins(std::uint64_t seed)
      : draw_(seed),
        settings_(random_settings(draw_, seed)),
        batches_(RowSet::all(settings_.data.rows), settings_.learner.max_batch, seed, settings_.shuffle,
                 settings_.drop_last),
        cuda_("cuda", settings_, batches_),
        cpu_("cpu", settings_, batches_) {}

  /// Bursts of random lengths, and something else now and then between them.
  void run() {
    for (int burst = 0; burst < 6 && !testing::Test::HasFailure(); ++burst) {
      take_burst();
      expect_same_state();
      switch (draw_.number(0, 4)) {
        case 0:
          expect_same_gradient();
          break;
        case 1:
          go_on_from_a_checkpoint();
          break;
        case 2:
          pass_over();
          break;
        default:
          break;
      }
    }
  }

 private:
  void take_burst() {
    const std::int64_t length = draw_.number(1, 32);
    const double lr = draw_.one_of({0.1, 0.01, 0.001});
    if (draw_.number(0, 3) == 0) return compare(lists(length), lr);
    std::vector<EpochBatch> steps;
    for (std::int64_t step = 0; step < length; ++step) steps.push_back(batches_.at_step(next_ + step));
    next_ += length;
    compare(steps, lr);
  }
  std::vector<std::vector<std::int64_t>> lists(std::int64_t length) {
    std::vector<std::vector<std::int64_t>> steps(static_cast<std::size_t>(length));
    for (auto& rows : steps) {
      rows.resize(static_cast<std::size_t>(draw_.number(1, settings_.learner.max_batch)));
      for (std::int64_t& row : rows) row = draw_.number(0, settings_.data.rows - 1);
    }
    return steps;
  }

  template <class Rows>
  void compare(const std::vector<Rows>& steps, double lr) {
    const std::vector<StepResult> got = cuda_.burst(steps, lr), want = cpu_.burst(steps, lr);
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t i = 0; i < want.size(); ++i) {
      EXPECT_EQ(got[i].diverged, want[i].diverged);
      EXPECT_EQ(got[i].weight_sum, want[i].weight_sum);
      if (!want[i].diverged.empty()) continue;
      EXPECT_EQ(got[i].loss_sum, want[i].loss_sum);
      EXPECT_EQ(got[i].gradient_norm, want[i].gradient_norm);
    }
  }

  void expect_same_state() {
    EXPECT_EQ(cuda_.learner.steps(), cpu_.learner.steps());
    EXPECT_EQ(joined(cuda_.model.parameters()), joined(cpu_.model.parameters()));
    EXPECT_EQ(joined(cuda_.learner.states()), joined(cpu_.learner.states()));
  }
  void expect_same_gradient() {
    std::vector<NamedTensor> got, want;
    const std::vector<std::int64_t> rows = lists(1).front();
    if (std::any_of(rows.begin(), rows.end(), [&](std::int64_t row) {
          return settings_.data.target[static_cast<std::size_t>(row)] > 1e38f;
        }))
      return;
    cuda_.learner.value_and_gradient(rows, got);
    cpu_.learner.value_and_gradient(rows, want);
    EXPECT_EQ(joined(got), joined(want));
  }
  void go_on_from_a_checkpoint() {
    const ScratchFolder folder;
    const std::string saved = cpu_.learner.save(folder.path());
    cuda_.learner.restore(saved);
    cpu_.learner.restore(saved);
  }
  void pass_over() {
    for (Side* side : {&cuda_, &cpu_}) side->learner.set_steps(side->learner.steps() + 1);
  }

  Draws draw_;
  Settings settings_;
  EpochBatches batches_;
  Side cuda_, cpu_;
  std::int64_t next_ = 0;
};

TEST(Bursts, HaveTheBitsOfTheCpuWhateverTheSettings) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Twins(seed).run();
    if (HasFailure()) return;
  }
}

Settings line() {
  return {.data = number_data(1, {1, 2, 3, 4}, {0, 3, 6, 9}),
          .model = {.loss = Loss::squared},
          .learner = {.optimizer = {.name = Rule::adam}, .max_batch = 2}};
}

/// Queued steps have run before anything else looks at what they change.
TEST(Bursts, QueuedStepsCountInWhatIsAskedBeforeTheyAreCollected) {
  const Settings s = line();
  const EpochBatches batches({0, 1, 2, 3}, 2, 1, true, false);
  for (const char* device : {"cpu", "cuda"}) {
    Side queued(device, s, batches), stepped(device, s, batches);
    queued.learner.enqueue(batches.at_step(0), 0.1);
    const Metrics metrics = queued.learner.evaluate({0, 1, 2, 3});
    const std::vector<float> states = joined(queued.learner.states());
    queued.learner.collect();
    stepped.learner.step(batches.at_step(0), 0.1);
    EXPECT_EQ(metrics.values, stepped.learner.evaluate({0, 1, 2, 3}).values);
    EXPECT_EQ(states, joined(stepped.learner.states()));
  }
}

TEST(Bursts, AnObjectiveOfTheCallersComesAfterTheStepsThatWereQueued) {
  const Settings s = line();
  const EpochBatches batches({0, 1, 2, 3}, 2, 1, true, false);
  const ObjectiveFunction pull = [](const ObjectiveCall& call) {
    for (std::int64_t n = 0; n < call.output.rows; ++n) {
      call.losses[n] = call.output.data[n];
      call.grad_output.data[n] = call.scale * call.output.data[n];
    }
  };
  Side mixed("cuda", s, batches), plain("cpu", s, batches);
  mixed.learner.enqueue(batches.at_step(0), 0.1);
  mixed.learner.step(std::vector<std::int64_t>{1, 2}, 0.1, pull);
  plain.learner.step(batches.at_step(0), 0.1);
  plain.learner.step(std::vector<std::int64_t>{1, 2}, 0.1, pull);
  EXPECT_EQ(joined(mixed.model.parameters()), joined(plain.model.parameters()));
  EXPECT_EQ(mixed.learner.steps(), 2);
}

}  // namespace
}  // namespace thalweg::test
