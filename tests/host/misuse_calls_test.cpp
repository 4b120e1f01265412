// Good data and good objects in calls that they are not for: another model, rows that are not there, objects
// that are gone, tensors and states of another kind.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>

#include "host/checkpoint/tensor_file.hpp"
#include "host/data/checked_data.hpp"
#include "host/model/importance.hpp"
#include "host/model/model_file.hpp"
#include "host/step/state_names.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/rows_by_hand.hpp"
#include "tests/support/scratch_folder.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using test::labels;
using test::model_for;
using test::numbers;
using test::sparse_rows;
using Ids = std::vector<std::int64_t>;
using Words = std::vector<std::string>;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// The data are good, but of another form than the model's.
template <class E>
void another_form(const Dataset& trained, const Dataset& data, const Words& words) {
  EXPECT_NO_THROW(validate(data));
  Model model = model_for(trained);
  expect_error<E>([&] { require_fits(model.spec(), data); }, words);
  expect_error<E>([&] { Learner(model, data, {}); }, words);
  expect_error<E>([&] { Learner(model, CheckedData{data}, {}); }, words);
  expect_error<E>([&] { model.predict(data); }, words);
  expect_error<E>([&] { evaluate(model, data); }, words);
  expect_error<E>([&] { per_sample_gradients(model, data, {0}); }, words);
  expect_error<E>([&] { standard_errors(model, data); }, words);
  expect_error<E>([&] { permutation_importance(model, data, {0}, {}); }, words);
}

TEST(MisuseCalls, AModelRefusesDataOfAnotherForm) {
  another_form<ShapeError>(numbers(), test::number_data(1, {1, 2}, {1, 2}),
                           {"rows by hand has 1 features; the model takes 2"});
  another_form<ShapeError>(numbers(), test::number_data(3, {1, 2, 3}, {1}),
                           {"3 features; the model takes 2"});
  Dataset wide = sparse_rows();
  wide.features = 5;
  another_form<ShapeError>(sparse_rows(), wide, {"5 features; the model takes 4"});
  another_form<DataError>(labels(), sparse_rows(), {"is sparse; the model was made for dense data"});
  Dataset dense = test::class_data(4, {1, 2, 3, 4}, {0}, 2);
  another_form<DataError>(sparse_rows(), dense, {"is dense; the model was made for sparse data"});
  const auto transformed = [](const auto& change) {
    Dataset data = numbers();
    data.transform.scale = {2, 2}, data.transform.shift = {1, 1};
    change(data.transform);
    return data;
  };
  const Dataset trained = transformed([](FeatureTransform&) {});
  const Words otherwise{"rows by hand was transformed otherwise"};
  another_form<DataError>(numbers(), trained, otherwise);
  another_form<DataError>(trained, transformed([](FeatureTransform& t) { t.scale[1] = 3; }), otherwise);
  another_form<DataError>(trained, transformed([](FeatureTransform& t) { t.shift[0] = 3; }), otherwise);
  another_form<DataError>(trained, transformed([](FeatureTransform& t) { t.offset = {0, 5}; }), otherwise);
}

TEST(MisuseCalls, RawRowsHaveTheColumnsOfTheSchema) {
  Dataset trained = numbers();
  trained.transform.scale = {2, 2}, trained.transform.shift = {0, 0};
  Model model = model_for(trained);
  EXPECT_NO_THROW(require_fits(model.spec(), numbers())) << "the raw columns of the schema";
  expect_error<ShapeError>(
      [&] {
        require_fits(model.spec(), test::number_data(3, {1, 2, 3}, {1}));
      },
      {"3 features; the model takes 2 raw ones"});
}

TEST(MisuseCalls, TargetsOfAnotherKindAreRefusedAndClassesGoByName) {
  Model classes = model_for(labels()), values = model_for(numbers());
  expect_error<DataError>([&] { evaluate(classes, numbers()); }, {"row 1: label \"2\" was not seen"});
  expect_error<DataError>([&] { Learner(classes, numbers(), {}); }, {"label \"2\" was not seen"});
  expect_error<DataError>([&] { evaluate(values, labels()); }, {"the targets are text, as \"0\""});
  expect_error<DataError>([&] { Learner(values, labels(), {}); }, {"the targets are text"});
  Dataset turned = labels();
  std::swap(turned.classes[0], turned.classes[1]);
  for (float& target : turned.target) target = 1 - target;
  EXPECT_EQ(evaluate(classes, turned)["loss"], evaluate(classes, labels())["loss"]);
  EXPECT_EQ(evaluate(classes, turned).confusion, evaluate(classes, labels()).confusion);
}

TEST(MisuseCalls, OneHotColumnsAreOneRawColumn) {
  Dataset trained = numbers();
  trained.transform.categories = {{"a", "b"}};
  const Model model = model_for(trained);
  expect_error<ShapeError>([&] { require_fits(model.spec(), numbers()); },
                           {"2 features; the model takes 1 raw ones"});
  trained.transform.categories = {{"a", "c"}};
  expect_error<DataError>([&] { require_fits(model.spec(), trained); }, {"was transformed otherwise"});
}

TEST(MisuseCalls, DataThatTheirReaderHasCheckedAreNotReadAgain) {
  Dataset data = numbers();
  Model model = model_for(data);
  data.dense_f32[5] = kNaN;
  Learner learner(model, CheckedData{data}, {});
  expect_error<DivergedError>(
      [&] {
        learner.step(Ids{0, 2});
      },
      {"the loss of rows by hand row 2 is not finite"});
}

TEST(MisuseCalls, TheModelsOwnLossNeedsTargets) {
  Dataset data = numbers();
  Model model = model_for(data);
  data.target.clear();
  const Words words{"rows by hand: has no targets"};
  expect_error<DataError>([&] { evaluate(model, data); }, words);
  expect_error<DataError>([&] { per_sample_gradients(model, data, {0}); }, words);
  expect_error<DataError>([&] { standard_errors(model, data); }, words);
  Learner learner(model, data, {});
  expect_error<DataError>([&] { learner.step(Ids{0}); }, words);
  expect_error<DataError>([&] { learner.evaluate({0}); }, words);
  const StepResult result = learner.step({0, 1}, 0.0, [](const ObjectiveCall& call) {
    for (std::int64_t n = 0; n < call.output.rows; ++n) call.losses[n] = 3, call.grad_output.row(n)[0] = 0;
  });
  EXPECT_EQ(result.loss_sum, 6) << "an objective of the caller's needs none";
}

TEST(MisuseCalls, CountsAreNotNegative) {
  ModelConfig poisson;
  poisson.loss = Loss::poisson;
  Dataset data = numbers();
  Model model = model_for(data, poisson);
  data.target[2] = -1;
  const Words words{"row 2: target -1", "poisson takes counts"};
  expect_error<DataError>([&] { Learner(model, data, {}); }, words);
  expect_error<DataError>([&] { evaluate(model, data); }, words);
}

TEST(MisuseCalls, EveryRowIdIsOneOfTheData) {
  const Dataset data = numbers();
  Model model = model_for(data);
  Learner learner(model, data, {});
  std::vector<NamedTensor> gradients;
  const auto refused = [&](const Ids& rows, const Words& words) {
    expect_error<ShapeError>([&] { learner.step(rows); }, words);
    expect_error<ShapeError>([&] { learner.enqueue(rows); }, words);
    expect_error<ShapeError>([&] { learner.value_and_gradient(rows, gradients); }, words);
    expect_error<ShapeError>([&] { learner.step(rows, 0.1, [](const ObjectiveCall&) {}); }, words);
    expect_error<ShapeError>([&] { learner.evaluate(rows); }, words);
    expect_error<ShapeError>([&] { evaluate(model, data, &rows); }, words);
    expect_error<ShapeError>([&] { permutation_importance(model, data, rows, {}); }, words);
    if (!rows.empty()) expect_error<ShapeError>([&] { per_sample_gradients(model, data, rows); }, words);
  };
  refused({0, 4}, {"row id 4 at position 1: rows by hand has the rows 0 to 3"});
  refused({-1}, {"row id -1 at position 0"});
  refused({3, 2, 1, 100000000}, {"row id 100000000 at position 3"});
  refused({std::numeric_limits<std::int64_t>::min()}, {"at position 0"});
  refused({}, {" rows"});
  EXPECT_EQ(learner.steps(), 0);
  EXPECT_EQ(per_sample_gradients(model, data, {}).size(), 0u) << "no rows, no gradients";
  EXPECT_NO_THROW(learner.step({3, 0, 3}));
}

TEST(MisuseCalls, ALongSparseRowMayNotFillABatchSeveralTimes) {
  const Dataset data = sparse_rows();  // rows of 2, 0 and 1 entries
  Model model = model_for(data);
  Learner learner(model, data, {.max_batch = 3});
  EXPECT_NO_THROW(learner.step({0, 1, 1}));
  EXPECT_NO_THROW(learner.step({2, 2, 2}));
  const Words words{"the 3 rows of the batch have 4 entries together",
                    "3 distinct rows of rows by hand have at most 3", "list long rows less often"};
  expect_error<ShapeError>([&] { learner.step({0, 1, 0}); }, words);
  std::vector<NamedTensor> gradients;
  expect_error<ShapeError>([&] { learner.value_and_gradient({0, 1, 0}, gradients); }, words);
  EXPECT_EQ(learner.steps(), 2);
}

TEST(MisuseCalls, NoRowsAreNothingToLearnFromOrToMeasure) {
  Dataset data = numbers();
  Model model = model_for(data);
  data.rows = 0, data.dense_f32.clear(), data.target.clear();
  EXPECT_EQ(model.predict(data).rows, 0);
  expect_error<ShapeError>([&] { Learner(model, data, {}); }, {"rows by hand has no rows to learn from"});
  expect_error<DataError>([&] { evaluate(model, data); }, {"no targets"});
}

TEST(MisuseCalls, ALearnerSeesThatItsDataHaveMoved) {
  Dataset data = numbers();
  Model model = model_for(data);
  Learner learner(model, data, {});
  EXPECT_NO_THROW(learner.step(Ids{0}));
  const Words words{"the data set have grown, shrunk or moved"};
  std::vector<NamedTensor> gradients;
  Dataset elsewhere = std::move(data);
  expect_error<UsageError>([&] { learner.step(Ids{0}); }, words);
  expect_error<UsageError>([&] { learner.value_and_gradient({0}, gradients); }, words);
  expect_error<UsageError>([&] { learner.evaluate({0}); }, words);
  data = std::move(elsewhere);
  EXPECT_NO_THROW(learner.step(Ids{0})) << "they lie again where they lay";
  data.target.push_back(1);
  expect_error<UsageError>([&] { learner.step(Ids{0}); }, words);
  data.target.pop_back();
  data.weight = {1, 1, 1, 1};
  expect_error<UsageError>([&] { learner.step(Ids{0}); }, words);
}

TEST(MisuseCalls, ALearnerSeesWhichVectorHasMoved) {
  Dataset bytes = numbers();
  bytes.dense_f32.clear(), bytes.dense_u8.assign(8, 1);
  bytes.transform.scale = {1, 1}, bytes.transform.shift = {0, 0};
  for (Dataset data : {bytes, sparse_rows()}) {
    Model model = model_for(data);
    Learner learner(model, data, {});
    const auto seen = [&](auto& values) {
      auto elsewhere = std::move(values);
      EXPECT_THROW(learner.step(Ids{0}, 0.0), UsageError);
      values = std::move(elsewhere);
      EXPECT_NO_THROW(learner.step(Ids{0}, 0.0));
    };
    if (data.sparse) {
      seen(data.offsets), seen(data.columns), seen(data.values);
    } else {
      seen(data.dense_u8), seen(data.transform.scale), seen(data.transform.shift);
    }
  }
}

TEST(MisuseCalls, NothingIsLeftInAModelThatWasMovedFrom) {
  const Dataset data = numbers();
  Model model = model_for(data);
  Learner learner(model, data, {});
  Model taken = std::move(model);
  const Words words{"the model has been moved from"};
  expect_error<UsageError>([&] { model.spec(); }, words);  // NOLINT(bugprone-use-after-move)
  expect_error<UsageError>([&] { model.predict(data); }, words);
  expect_error<UsageError>([&] { model.parameters(); }, words);
  expect_error<UsageError>([&] { model.buffers(); }, words);
  expect_error<UsageError>([&] { model.set_parameters({}); }, words);
  expect_error<UsageError>([&] { model.set_buffers({}); }, words);
  expect_error<UsageError>([&] { model.save("model.safetensors"); }, words);
  expect_error<UsageError>([&] { evaluate(model, data); }, words);
  expect_error<UsageError>([&] { per_sample_gradients(model, data, {0}); }, words);
  expect_error<UsageError>([&] { parameter_count(model); }, words);
  expect_error<UsageError>([&] { Learner(model, data, {}); }, words);
  EXPECT_EQ(model.context().device(), "cpu");
  EXPECT_NO_THROW(learner.step(Ids{0})) << "it goes on with the model at its new place";
  EXPECT_NE(taken.parameters()[0].values[0], 0);
}

TEST(MisuseCalls, ALearnerSeesThatItsModelIsGone) {
  const Dataset data = numbers();
  auto model = std::make_unique<Model>(model_for(data));
  LearnerOptions options;
  options.optimizer.average = Averaging::ema;
  Learner learner(*model, data, options);
  const std::vector<NamedTensor> states = learner.states();
  model.reset();
  const Words words{"the model of this learner is gone"};
  std::vector<NamedTensor> gradients;
  expect_error<UsageError>([&] { learner.step(Ids{0}); }, words);
  expect_error<UsageError>([&] { learner.value_and_gradient({0}, gradients); }, words);
  expect_error<UsageError>([&] { learner.evaluate({0}); }, words);
  expect_error<UsageError>([&] { learner.states(); }, words);
  expect_error<UsageError>([&] { learner.set_states(states); }, words);
  expect_error<UsageError>([&] { learner.swap_average(); }, words);
  expect_error<UsageError>([&] { learner.save("run"); }, words);
  expect_error<UsageError>([&] { learner.restore("run"); }, words);
  Model other = model_for(data);
  Learner second(other, data, {});
  other = model_for(data);
  expect_error<UsageError>([&] { second.step(Ids{0}); }, words);
}

TEST(MisuseCalls, BatchesMayEndBeforeTheLearner) {
  const Dataset data = numbers();
  Model model = model_for(data);
  LearnerOptions options;
  options.max_batch = 2;
  std::optional<EpochBatches> batches(std::in_place, Ids{0, 1, 2, 3}, 2, 1, false, false);
  options.batches = &*batches;
  Learner learner(model, data, options);
  const EpochBatch batch = batches->at(0, 1);
  const EpochBatches copy = *batches;
  batches.reset();
  EXPECT_EQ(batch.rows(), (Ids{2, 3}));
  EXPECT_EQ(learner.step(batch, 0.0).loss_sum, (9 + 16) / 2.0);
  EXPECT_EQ(learner.step(copy.at(1, 0), 0.0).loss_sum, (1 + 4) / 2.0);
  const EpochBatches equal({0, 1, 2, 3}, 2, 1, false, false);
  expect_error<UsageError>([&] { learner.step(equal.at(0, 0)); }, {"none of LearnerOptions::batches"});
  Learner without(model, data, {});
  expect_error<UsageError>([&] { without.step(copy.at(0, 0)); }, {"none of LearnerOptions::batches"});
}

TEST(MisuseCalls, TensorsHaveAsManyValuesAsTheirShape) {
  const Dataset data = numbers();
  Model model = model_for(data);
  const std::vector<NamedTensor> good = model.parameters();
  const auto refused = [&](auto type, const auto& spoil, const Words& words) {
    std::vector<NamedTensor> tensors = good;
    tensors[0].values = {5, 5};
    spoil(tensors);
    expect_error<decltype(type)>([&] { model.set_parameters(tensors); }, words);
    EXPECT_EQ(model.parameters()[0].values, good[0].values) << "nothing has changed";
  };
  const ShapeError shape("");
  const DataError value("");
  refused(shape, [](auto& t) { t[0].values.resize(1); },
          {"\"layers.0.weight\" has 1 values, its shape [1, 2] needs 2"});
  refused(shape, [](auto& t) { t[1].values.resize(3); }, {"\"layers.0.bias\" has 3 values"});
  refused(shape, [](auto& t) { t.push_back(t[0]); }, {"\"layers.0.weight\" was given twice"});
  refused(shape, [](auto& t) { t.pop_back(); }, {"\"layers.0.bias\" of the model is missing"});
  refused(shape, [](auto& t) { t.push_back({"w", {1}, {1}}); }, {"2 tensors, but 3 were given; \"w\""});
  refused(value, [](auto& t) { t[0].values[1] = kNaN; }, {"\"layers.0.weight\": element 1 is nan"});
}

TEST(MisuseCalls, AModelFileWithoutItsNumbersIsNamed) {
  const test::ScratchFolder folder;
  const std::string file = folder / "m.safetensors";
  const Model model = model_for(numbers());
  std::vector<NamedTensor> tensors = model.parameters();
  tensors[0].values[1] = kNaN;
  write_float_tensors(file, tensors, model_metadata(model.spec()));
  expect_error<DataError>([&] { Model::load(test::context_of("cpu"), file); },
                          {"m.safetensors: tensor \"layers.0.weight\": element 1 is nan"});
  tensors[0].values[1] = 0;
  tensors.pop_back();
  write_float_tensors(file, tensors, model_metadata(model.spec()));
  expect_error<ShapeError>([&] { Model::load(test::context_of("cpu"), file); },
                           {"m.safetensors: tensor \"layers.0.bias\" of the model is missing"});
}

LearnerOptions with_rule(Rule rule) {
  LearnerOptions options;
  options.optimizer.name = rule;
  return options;
}

TEST(MisuseCalls, StatesOfAnotherOptimizerAreRefused) {
  const Dataset data = numbers();
  Model model = model_for(data);
  const auto states_of = [&](Rule rule) { return Learner(model, data, with_rule(rule)).states(); };
  for (const auto& [from, from_name] : kNames<Rule>) {
    const auto names = state_names(from);
    EXPECT_EQ(std::count(names.begin(), names.end(), ""), 3 - state_count(from)) << from_name;
    for (const auto& [to, to_name] : kNames<Rule>) {
      Learner learner(model, data, with_rule(to));
      const auto set = [&] { learner.set_states(states_of(from)); };
      if (names_of_states(from) == names_of_states(to)) {
        EXPECT_NO_THROW(set()) << from_name << " to " << to_name;
      } else {
        EXPECT_THROW(set(), ShapeError) << from_name << " to " << to_name;
      }
    }
  }
  Learner momentum(model, data, with_rule(Rule::momentum));
  expect_error<ShapeError>([&] { momentum.set_states(states_of(Rule::adagrad)); },
                           {"\"layers.0.weight/momentum\" of the model is missing"});
  Learner sgd(model, data, with_rule(Rule::sgd));
  expect_error<ShapeError>([&] { sgd.set_states(states_of(Rule::momentum)); },
                           {"0 tensors, but 2 were given; \"layers.0.bias/momentum\""});
}

TEST(MisuseCalls, TheStatesOfOldCheckpointsKeepTheirMeaning) {
  const Dataset data = numbers();
  Model model = model_for(data);
  Learner adam(model, data, with_rule(Rule::adam));
  std::vector<NamedTensor> old = adam.states();
  for (NamedTensor& tensor : old) {
    const bool first = tensor.name.ends_with("/first_moment");
    tensor.name = tensor.name.substr(0, tensor.name.find('/')) + (first ? "/state0" : "/state1");
    tensor.values.assign(tensor.values.size(), first ? 1.0f : 2.0f);
  }
  adam.set_states(old);
  for (const NamedTensor& tensor : adam.states())
    EXPECT_EQ(tensor.values[0], tensor.name.ends_with("/first_moment") ? 1 : 2) << tensor.name;
  Learner momentum(model, data, with_rule(Rule::momentum));
  expect_error<ShapeError>([&] { momentum.set_states(old); }, {"but 4 were given; \"layers.0.bias/state1\""});
}

TEST(MisuseCalls, StatesComeWithTheirNumberOfSteps) {
  const Dataset data = numbers();
  Model model = model_for(data);
  Learner first(model, data, with_rule(Rule::adam)), second(model, data, with_rule(Rule::adam));
  second.set_states(first.states());
  EXPECT_NO_THROW(second.step(Ids{0}, 0.0)) << "all are 0, as they begin";
  first.step(Ids{0}, 0.0);
  Learner third(model, data, with_rule(Rule::adam));
  third.set_states(first.states());
  expect_error<UsageError>([&] { third.step(Ids{0}); },
                           {"Learner::set_states was called without Learner::set_steps"});
  std::vector<NamedTensor> gradients;
  EXPECT_NO_THROW(third.value_and_gradient({0}, gradients)) << "no step";
  third.set_steps(1);
  EXPECT_NO_THROW(third.step(Ids{0}));
  expect_error<ConfigError>([&] { third.set_steps(-1); }, {"the number of steps is -1; want 0 or more"});
  LearnerOptions averaging = with_rule(Rule::sgd);
  averaging.optimizer.average = Averaging::ema;
  Learner average(model, data, averaging), heir(model, data, averaging);
  average.step(Ids{0}, 0.1);
  heir.set_states(average.states());
  EXPECT_NO_THROW(heir.step(Ids{0}, 0.0)) << "an average is not a state of the rule";
  std::vector<NamedTensor> spoiled = first.states();
  spoiled[0].values[0] = kNaN;
  expect_error<DataError>([&] { third.set_states(spoiled); },
                          {"\"layers.0.weight/first_moment\": element 0"});
}

TEST(MisuseCalls, ACheckpointIsOfDataThatAreThereAndOneIsKept) {
  Dataset data = numbers();
  Model model = model_for(data);
  const Learner learner(model, data, {});
  expect_error<ConfigError>([&] { learner.save("run", {.keep = 0}); },
                            {"SaveOptions::keep is 0; want 1 or more"});
  data.weight = {1, 1, 1, 1};
  expect_error<UsageError>([&] { learner.save("run"); }, {"the data set have grown, shrunk or moved"});
  data.target.pop_back();
  expect_error<ShapeError>([&] { fingerprint(data, true); }, {"target has 3 elements, expected 4"});
}

TEST(MisuseCalls, BlocksOfGradientsNeedSomebodyToTakeThem) {
  const Dataset data = numbers();
  expect_error<UsageError>([&] { for_each_gradient_block(model_for(data), data, nullptr, nullptr); },
                           {"the function that takes the blocks is empty"});
}

TEST(MisuseCalls, AnAverageThatIsNotThereIsNotSwapped) {
  const Dataset data = numbers();
  Model model = model_for(data);
  Learner learner(model, data, {});
  expect_error<UsageError>([&] { learner.swap_average(); }, {"optimizer.average is none"});
}

}  // namespace
}  // namespace thalweg
