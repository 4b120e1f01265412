// A learner whose steps several ranks take: what its calls do, and what they refuse.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>

#include "host/checkpoint/files.hpp"
#include "host/ranks/local_ranks.hpp"
#include "host/step/learner_ranks.hpp"
#include "tests/support/files.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/random_rows.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/threads.hpp"
#include "thalweg/error.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {
namespace {

using Floats = std::vector<float>;
using test::first_rows;
using test::joined;
using test::random_data;

/// A learner with states, an average and dropout, that so many ranks share.
struct Shared {
  Dataset data = random_data(40, 5, false, 3, false);
  EpochBatches batches{RowSet::all(40), 16, 3, true, false};
  Model model;
  Learner learner;

  explicit Shared(int ranks)
      : model(test::context_of("cpu"), resolve_model({.hidden = {6}, .dropout = 0.25}, schema_of(data), 1)),
        learner(model, data,
                {.optimizer = {.name = Rule::adam, .lr = 0.125, .average = Averaging::polyak},
                 .max_batch = 40,
                 .ranks = ranks,
                 .batches = &batches}) {}
  Floats state() const {
    Floats all = joined(model.parameters());
    for (const float value : joined(learner.states())) all.push_back(value);
    return all;
  }
};

/// Whether what `act` does, and two steps after it, come to the same on one rank and on three.
void expect_same(const std::string& what, const std::function<void(Shared&)>& act) {
  Shared alone(1), shared(3);
  for (Shared* const one : {&alone, &shared}) {
    one->learner.step(first_rows(40));
    act(*one);
    for (int step = 0; step < 2; ++step) one->learner.step(first_rows(11));
  }
  test::expect_same_bits(shared.state(), alone.state(), what);
}

TEST(LearnerRanks, TakeTheBatchesOfAnEpoch) {
  expect_same("batches of an epoch", [](Shared& one) {
    for (std::int64_t step = 0; step < 7; ++step) one.learner.step(one.batches.at_step(step));
  });
}

TEST(LearnerRanks, GoOnFromWhatTheCallerSets) {
  expect_same("parameters", [](Shared& one) {
    std::vector<NamedTensor> tensors = one.model.parameters();
    for (NamedTensor& tensor : tensors) tensor.values[0] += 1.0f;
    one.model.set_parameters(tensors);
  });
  expect_same("states", [](Shared& one) {
    std::vector<NamedTensor> states = one.learner.states();
    for (NamedTensor& tensor : states) tensor.values[0] += 1.0f;
    one.learner.set_states(states);
  });
  expect_same("steps", [](Shared& one) { one.learner.set_steps(100); });
  expect_same("the average", [](Shared& one) { one.learner.swap_average(); });
}

TEST(LearnerRanks, GiveTheGradientAlone) {
  std::vector<std::vector<NamedTensor>> gradients(2);
  std::vector<double> losses;
  for (const int ranks : {1, 3}) {
    Shared one(ranks);
    losses.push_back(one.learner.value_and_gradient(first_rows(40), gradients[ranks == 1 ? 0 : 1]).loss_sum);
    EXPECT_EQ(one.learner.steps(), 0);
  }
  test::expect_same_bits(joined(gradients[1]), joined(gradients[0]), "gradients");
  EXPECT_EQ(losses[1], losses[0]);
  expect_same("after a gradient", [](Shared& one) {
    std::vector<NamedTensor> unused;
    one.learner.value_and_gradient(first_rows(7), unused);
  });
}

TEST(LearnerRanks, WriteTheBytesOfOneRankAndGoOnFromThoseOfAnyNumber) {
  const test::ScratchFolder folder;
  const auto files_of = [&](const std::string& name) {
    std::string all;
    for (const std::string& file : test::entries(name)) all += read_file(name + "/" + file);
    return all;
  };
  std::vector<std::string> bytes;
  for (const int ranks : {1, 2, 5}) {
    Shared one(ranks);
    one.learner.step(first_rows(40));
    one.learner.step(first_rows(13));
    bytes.push_back(files_of(one.learner.save(folder / std::to_string(ranks))));
  }
  EXPECT_EQ(bytes[1], bytes[0]);
  EXPECT_EQ(bytes[2], bytes[0]);
  expect_same("after a restore", [&](Shared& one) { one.learner.restore(folder / "5"); });
}

Floats trained_on_two_sets(bool sparse, int ranks) {
  const Dataset data = random_data(20, 5, sparse, 3, false), more = random_data(33, 5, sparse, 3, false);
  Model model(test::context_of("cpu"), resolve_model({.hidden = {6}}, schema_of(data), 1));
  Learner learner(model, data, {.max_batch = 40, .ranks = ranks});
  learner.step(first_rows(20));
  learner.set_data(more);
  learner.step(first_rows(33));
  return joined(model.parameters());
}

TEST(LearnerRanks, GoOnWithOtherData) {
  for (const bool sparse : {false, true})
    test::expect_same_bits(trained_on_two_sets(sparse, 4), trained_on_two_sets(sparse, 1),
                           sparse ? "sparse rows" : "dense rows");
}

TEST(LearnerRanks, NameTheRowOfALossThatIsNotFiniteAndGoOn) {
  Dataset data = test::number_data(1, Floats(16, 1.0f), Floats(16, 2.0f));
  data.target[11] = 3e38f;
  Model model(test::context_of("cpu"), resolve_model({.loss = Loss::squared}, schema_of(data), 1));
  Learner learner(model, data, {.max_batch = 16, .ranks = 4});
  const Floats before = joined(model.parameters());
  try {
    learner.step(first_rows(16));
    ADD_FAILURE() << "the loss of the row is too large";
  } catch (const DivergedError& error) {
    EXPECT_NE(std::string(error.what()).find("row 11"), std::string::npos) << error.what();
  }
  EXPECT_EQ(joined(model.parameters()), before);
  EXPECT_EQ(learner.step(first_rows(8)).weight_sum, 8);
  EXPECT_NE(joined(model.parameters()), before);
}

TEST(LearnerRanks, AreNotInTheChildOfAForkWhichEndsAllTheSame) {
  auto shared = std::make_unique<Shared>(2);
  shared->learner.step(first_rows(8));
  const pid_t child = ::fork();
  if (child == 0) {
    const auto refuses = [](const std::function<void()>& call) {
      return test::refusal_of(call).find("the child of a fork has no ranks") != std::string::npos;
    };
    const bool steps = refuses([&] { shared->learner.step(first_rows(8)); });
    const bool data = refuses([&] { shared->learner.set_data(shared->data); });
    shared.reset();
    ::_exit(steps && data ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

std::string refusal(const Dataset& data, const ModelConfig& model, const LearnerOptions& options,
                    const std::string& device = "cpu") {
  Model made(test::context_of(device), resolve_model(model, schema_of(data), 1));
  try {
    const Learner learner(made, data, options);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(LearnerRanks, RefuseWhatTheyCannotShareBeforeAStep) {
  const Dataset data = random_data(20, 5, false, 3, false);
  EXPECT_EQ(refusal(data, {}, {.max_batch = 20, .ranks = 9}),
            "9 ranks, but reduction_slices = 8: at most 8 ranks can share a batch; more slices "
            "give other bits, so set them from the start of a run");
  EXPECT_EQ(refusal(data, {}, {.max_batch = 20, .ranks = 2}, "reference"),
            "2 ranks, but the device is reference: ranks are for the cpu");
  EXPECT_NE(
      refusal(data, {.hidden = {3}, .normalization = Normalization::batch}, {.max_batch = 20, .ranks = 2})
          .find("use layer normalization"),
      std::string::npos);
  const Dataset stored = test::with_store(data, std::make_shared<test::MemoryStore>(data));
  EXPECT_NE(refusal(stored, {}, {.max_batch = 20, .ranks = 2}).find("stay on the disk"), std::string::npos);
  EXPECT_EQ(refusal(data, {}, {.max_batch = 20, .ranks = 8}), "");
}

TEST(LearnerRanks, RefuseAnObjectiveOfTheCallers) {
  Shared one(2);
  EXPECT_THROW(one.learner.step(first_rows(4), {}, [](const ObjectiveCall&) {}), ConfigError);
}

TEST(LearnerRanks, HaveTheThreadsBetweenThemAndOneEachAtLeast) {
  EXPECT_EQ(context_of_rank(test::context_of("cpu", 3), {.ranks = 1}).threads(), 3);
  EXPECT_EQ(context_of_rank(test::context_of("cpu", 6), {.ranks = 3}).threads(), 2);
  EXPECT_EQ(context_of_rank(test::context_of("cpu", 2), {.ranks = 4}).threads(), 1);
}

// A weight of 1100 elements and a bias: they begin at 0 and 2048 of the arena.
TEST(Optimizer, UpdatesThePieceThatIsLeftToIt) {
  const Context& ctx = test::context_of("cpu");
  const Dataset data = random_data(2, 1100, false, 0, false);
  Network network(ctx, resolve_model({.loss = Loss::squared}, schema_of(data), 1));
  network.parameters().zero(ctx);
  float* const param = network.parameters().data();
  Optimizer optimizer(ctx, network.plan(), param, {.name = Rule::sgd, .lr = 1});
  optimizer.update_only(1024, 3072);
  const Floats grad(3072, 1.0f);
  const UpdateScalars scalars = optimizer.scalars(1.0, 1);
  const float gate = 0;
  optimizer.update(ctx, param, grad.data(), {}, &scalars, &gate);
  EXPECT_EQ(param[1023], 0.0f);
  EXPECT_EQ(param[1024], -1.0f);
  EXPECT_EQ(param[1099], -1.0f);
  EXPECT_EQ(param[1100], 0.0f) << "padding";
  EXPECT_EQ(param[2048], -1.0f);
}

TEST(RankTeam, ThrowsWhatTheOtherRankThrowsAndNoMoreStepsAfterThat) {
  auto ranks = local_ranks(2, std::chrono::minutes(1));
  Communicator& own = *ranks[0];
  RankTeam team(std::move(ranks), {{}, [](const RankOrder&) { throw std::range_error("too far"); }});
  const auto step = [&] { own.gather({}); };
  EXPECT_THROW(team.run({}, step), std::range_error);
  EXPECT_THROW(team.run({}, step), std::range_error);
}

TEST(RankTeam, StopsAlsoWhereAnythingElseThanAnExceptionIsThrown) {
  auto ranks = local_ranks(2, std::chrono::minutes(1));
  Communicator& own = *ranks[0];
  RankTeam team(std::move(ranks), {{}, [](const RankOrder&) { throw 7; }});
  EXPECT_THROW(team.run({}, [&] { own.gather({}); }), int);
  auto more = local_ranks(2, std::chrono::minutes(1));
  Communicator& other = *more[1];
  std::string told;
  RankTeam led(std::move(more), {{}, [&](const RankOrder&) {
                                   try {
                                     other.gather({});
                                   } catch (const InternalError& error) {
                                     told = error.what();
                                   }
                                 }});
  EXPECT_THROW(led.run({}, [] { throw "words"; }), const char*);
  EXPECT_THROW(led.run({}, [] {}), UsageError);
  EXPECT_NE(told.find("something that is no std::exception was thrown"), std::string::npos) << told;
}

TEST(RankTeam, EndsTheOtherRanksWhereRankZeroThrows) {
  auto ranks = local_ranks(2, std::chrono::minutes(1));
  Communicator& other = *ranks[1];
  RankTeam team(std::move(ranks), {{}, [&](const RankOrder&) { other.gather({}); }});
  EXPECT_THROW(team.run({}, [] { throw std::range_error("too far"); }), std::range_error);
  EXPECT_THROW(team.run({}, [] {}), UsageError);
}

}  // namespace
}  // namespace thalweg
