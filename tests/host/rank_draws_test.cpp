// Random steps that several ranks take, or that come in micro-batches: the bits of one rank and of whole
// batches. THALWEG_RANK_DRAWS is the number of draws.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "tests/support/random_rows.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {
namespace {

using Floats = std::vector<float>;
using Rows = std::vector<std::int64_t>;
using test::first_rows;
using test::joined;
using test::random_data;

/// What training leaves: parameters, states, and of each step loss, weights and gradient norm; with
/// statistics norm and loss of each row.
struct Trained {
  Floats parameters, states;
  std::vector<double> numbers;
  bool operator==(const Trained&) const = default;
};

struct Draw {
  Dataset data = random_data(23, 5, false, 3, false);
  ModelConfig model = {.hidden = {6}};
  LearnerOptions options = {};
  std::vector<Rows> batches = {first_rows(23), {1, 2, 3, 4, 5}, first_rows(23)};
  int threads = 2;

  Trained train(int ranks, const std::string& device = "cpu") const {
    Model trained(test::context_of(device, threads), resolve_model(model, schema_of(data), 1));
    LearnerOptions with_ranks = options;
    with_ranks.ranks = ranks;
    Learner learner(trained, data, with_ranks);
    Trained result;
    double lr = options.optimizer.lr;
    for (const Rows& rows : batches) {
      const StepResult step = learner.step(rows, lr);
      for (const double number : {step.loss_sum, step.weight_sum, step.gradient_norm})
        result.numbers.push_back(number);
      for (const Floats& of_rows : {step.norms, step.losses})
        result.numbers.insert(result.numbers.end(), of_rows.begin(), of_rows.end());
      lr *= 0.75;
    }
    result.parameters = joined(trained.parameters()), result.states = joined(learner.states());
    return result;
  }
};

template <class T>
T one_of(std::mt19937& engine, std::initializer_list<T> values) {
  return values.begin()[engine() % values.size()];
}

OptimizerConfig random_optimizer(std::mt19937& engine, bool noise) {
  OptimizerConfig config{
      .name = one_of(engine, {Rule::sgd, Rule::momentum, Rule::adam, Rule::adamw, Rule::ftrl}), .lr = 0.0625};
  config.clip_norm = one_of(engine, {0.0, 0.0, 0.25});
  config.weight_decay = config.name == Rule::adamw ? 0.01 : 0.0;
  config.average = one_of(engine, {Averaging::none, Averaging::none, Averaging::ema, Averaging::polyak});
  if (config.name == Rule::ftrl) return config;
  config.constraint =
      one_of(engine, {Constraint::none, Constraint::none, Constraint::box, Constraint::l2_ball});
  config.lower = -0.5, config.upper = 0.5;
  if (noise) config.lazy = Tristate::no;
  return config;
}

Draw random_draw(std::mt19937& engine) {
  const bool sparse = engine() % 3 == 0, deep = engine() % 3 != 0;
  const int classes = one_of(engine, {0, 2, 3});
  const std::int64_t rows = 20 + engine() % 60;
  Draw draw{.data = random_data(rows, 1 + engine() % 40, sparse, classes, engine() % 2 == 0)};
  draw.model = {.hidden = {}, .bias = engine() % 4 != 0};
  if (deep) {
    draw.model.hidden = engine() % 2 == 0 ? std::vector<std::int64_t>{9} : std::vector<std::int64_t>{40, 3};
    draw.model.dropout = one_of(engine, {0.0, 0.25});
    draw.model.normalization = one_of(engine, {Normalization::none, Normalization::layer});
  }
  const bool clips = engine() % 4 == 0;
  if (clips)
    draw.options.per_sample = {.clip_norm = 0.5,
                               .mode = one_of(engine, {ClipMode::flat, ClipMode::per_layer}),
                               .noise_multiplier = one_of(engine, {0.0, 1.0}),
                               .noise_seed = 7,
                               .divisor = one_of(engine, {0.0, 16.0})};
  draw.options.per_sample.statistics = engine() % 4 == 0;
  draw.options.optimizer = random_optimizer(engine, draw.options.per_sample.noise_multiplier > 0);
  draw.options.max_batch = rows;
  draw.options.micro_batch = one_of<std::int64_t>(engine, {0, 0, 1, 5, 16});
  draw.options.reduction_slices = one_of(engine, {1, 2, 3, 7, 8, 8, 13, 64});
  draw.threads = 1 + static_cast<int>(engine() % 3);
  draw.batches.clear();
  for (int step = 0; step < 4; ++step) {
    Rows batch = first_rows(rows);
    std::shuffle(batch.begin(), batch.end(), engine);
    batch.resize(step % 2 == 0 ? batch.size() : 1 + engine() % batch.size());
    draw.batches.push_back(batch);
  }
  if (clips) draw.batches.push_back({});
  return draw;
}

TEST(RankDraws, GiveTheBitsOfOneRankWhateverTheStep) {
  const char* const asked = std::getenv("THALWEG_RANK_DRAWS");
  const int draws = asked != nullptr ? std::atoi(asked) : 60;
  std::mt19937 engine(21);
  for (int i = 0; i < draws; ++i) {
    const Draw draw = random_draw(engine);
    const int most = std::min(draw.options.reduction_slices, 8),
              ranks = 1 + static_cast<int>(engine() % most);
    const Trained want = draw.train(1), got = draw.train(ranks);
    const std::string what = "draw " + std::to_string(i) + " over " + std::to_string(ranks) + " ranks";
    test::expect_same_bits(got.parameters, want.parameters, what + ", parameters");
    test::expect_same_bits(got.states, want.states, what + ", states");
    EXPECT_EQ(got.numbers, want.numbers) << what;
    ASSERT_FALSE(::testing::Test::HasFailure());
  }
}

/// Micro-batches of every size on the cpu, of a drawn size on the other devices.
void expect_bits_of_whole_batches(Draw draw, std::mt19937& engine, const std::string& what) {
  const std::int64_t rows = draw.options.max_batch;
  const auto train = [&](std::int64_t micro, const std::string& device) {
    draw.options.micro_batch = micro;
    return draw.train(1, device);
  };
  const Trained want = train(rows, "cpu");
  const auto expect_same = [&](std::int64_t micro, const std::string& device) {
    const Trained got = train(micro, device);
    const std::string which = what + ", micro-batches of " + std::to_string(micro) + " rows on " + device;
    test::expect_same_bits(got.parameters, want.parameters, which + ", parameters");
    test::expect_same_bits(got.states, want.states, which + ", states");
    EXPECT_EQ(got.numbers, want.numbers) << which;
  };
  for (std::int64_t micro = 1; micro < rows; ++micro) expect_same(micro, "cpu");
  for (const std::string& device : test::exact_devices())
    expect_same(1 + static_cast<std::int64_t>(engine() % static_cast<std::uint64_t>(rows)), device);
}

TEST(MicroBatchDraws, GiveTheBitsOfWholeBatchesWhateverTheStep) {
  const char* const asked = std::getenv("THALWEG_RANK_DRAWS");
  const int draws = asked != nullptr ? std::atoi(asked) : 12;
  std::mt19937 engine(22);
  for (int i = 0; i < draws && !::testing::Test::HasFailure(); ++i) {
    Draw draw = random_draw(engine);
    draw.options.reduction_slices = 1 + static_cast<int>(engine() % 64);
    expect_bits_of_whole_batches(
        draw, engine,
        "draw " + std::to_string(i) + ", " + std::to_string(draw.options.reduction_slices) + " slices");
  }
}

}  // namespace
}  // namespace thalweg
