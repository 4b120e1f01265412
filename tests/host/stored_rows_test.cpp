// Steps on rows that stay in a store: they have the bits of the same rows in memory.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>

#include "host/data/all_rows.hpp"
#include "host/data/checked_data.hpp"
#include "host/data/staged_rows.hpp"
#include "host/run/loading_part.hpp"
#include "host/step/memory_plan.hpp"
#include "kernels/per_sample/per_sample.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/own_objectives.hpp"

namespace thalweg {
namespace {

using Floats = std::vector<float>;
using Rows = std::vector<std::int64_t>;
using Numbers = std::vector<std::pair<std::string, double>>;
using test::joined;
using test::MemoryStore;

constexpr std::int64_t kRows = 50, kFeatures = 19, kBatch = 16;

enum class Features { floats, bytes, sparse };

/// A model, the data it learns from, and how.
struct Case {
  std::string name;
  Features features = Features::floats;
  ModelConfig model = {.loss = Loss::squared};
  int classes = 0;
  bool weights = false;
  LearnerOptions options = {};
};

std::vector<Case> cases() {
  const ModelConfig softmax{.loss = Loss::softmax_cross_entropy};
  const ModelConfig deep{.hidden = {13},
                         .loss = Loss::softmax_cross_entropy,
                         .dropout = 0.25,
                         .normalization = Normalization::batch};
  const ModelConfig layers{.hidden = {13}, .loss = Loss::squared, .normalization = Normalization::layer};
  return {
      {.name = "linear"},
      {.name = "linear_statistics", .options = {.per_sample = {.statistics = true}}},
      {.name = "linear_weights", .weights = true},
      {.name = "bytes_linear", .features = Features::bytes},
      {.name = "bytes_softmax",
       .features = Features::bytes,
       .model = softmax,
       .classes = 3,
       .options = {.micro_batch = 5}},
      {.name = "dropout_and_batch_norm", .model = deep, .classes = 3},
      {.name = "bytes_dropout", .features = Features::bytes, .model = deep, .classes = 3},
      {.name = "clipped",
       .model = layers,
       .options = {.per_sample = {.clip_norm = 0.25, .statistics = true}, .micro_batch = 5}},
      {.name = "bytes_clipped",
       .features = Features::bytes,
       .model = layers,
       .options = {.per_sample = {.clip_norm = 0.25, .mode = ClipMode::per_layer}}},
      {.name = "sparse_linear",
       .features = Features::sparse,
       .options = {.per_sample = {.statistics = true}}},
      {.name = "sparse_lazy",
       .features = Features::sparse,
       .weights = true,
       .options = {.optimizer = {.name = Rule::adam, .lazy = Tristate::yes}}},
      {.name = "sparse_deep", .features = Features::sparse, .model = deep, .classes = 3},
      {.name = "sparse_clipped",
       .features = Features::sparse,
       .model = layers,
       .options = {.per_sample = {.clip_norm = 0.25, .noise_multiplier = 0.5}, .micro_batch = 5}},
  };
}

void add_features(Features features, Dataset& data) {
  const Floats x = test::random_floats(kRows * kFeatures, 11);
  if (features == Features::floats) data.dense_f32 = x;
  if (features == Features::bytes) {
    for (const float value : x) data.dense_u8.push_back(static_cast<std::uint8_t>(127 + 120 * value));
    data.transform.scale = test::random_floats(kFeatures, 12, 0.005f, 0.02f);
    data.transform.shift = test::random_floats(kFeatures, 13);
  }
  if (features != Features::sparse) return;
  data.sparse = true, data.offsets = {0};
  for (std::int64_t n = 0; n < kRows; ++n) {
    for (std::int64_t j = n % 5; j < kFeatures; j += 2 + n % 7) {
      data.columns.push_back(static_cast<std::int32_t>(j));
      data.values.push_back(x[static_cast<std::size_t>(n * kFeatures + j)]);
    }
    data.offsets.push_back(std::ssize(data.columns));
  }
}

Dataset data_of(const Case& c) {
  Dataset data;
  data.rows = kRows, data.features = kFeatures, data.source = "made up";
  add_features(c.features, data);
  data.target = test::random_floats(kRows, 14, -2.0f, 2.0f);
  if (c.weights) data.weight = test::random_floats(kRows, 15, 0.5f, 1.5f);
  if (c.classes == 0) return data;
  data.target_kind = TargetKind::classes;
  for (int k = 0; k < c.classes; ++k) data.classes.push_back(std::to_string(k));
  for (std::size_t n = 0; n < kRows; ++n) data.target[n] = static_cast<float>(n * 7 % data.classes.size());
  return data;
}

Dataset stored(const Dataset& data) { return test::with_store(data, std::make_shared<MemoryStore>(data)); }

EpochBatches batches_of(const BlockOrder& order = {}) {
  return {all_rows(kRows), kBatch, 3, true, false, order};
}

void add_results(const std::vector<StepResult>& results, Floats& all) {
  for (const StepResult& result : results) {
    for (const double value : {result.loss_sum, result.weight_sum, result.gradient_norm})
      all.push_back(static_cast<float>(value));
    all.insert(all.end(), result.norms.begin(), result.norms.end());
    all.insert(all.end(), result.losses.begin(), result.losses.end());
  }
}

/// The steps of some epochs, queued as a run does.
void train_epochs(Learner& learner, const EpochBatches& batches, std::int64_t epochs, Floats& all) {
  for (std::int64_t step = 0; step < epochs * batches.batches_per_epoch();) {
    const std::int64_t end = std::min(epochs * batches.batches_per_epoch(), step + learner.burst_limit());
    for (; step < end; ++step) learner.enqueue(batches.at_step(step));
    add_results(learner.collect(), all);
  }
}

/// Lists, a gradient alone, and objectives of a program's own.
void train_lists(const Dataset& data, Learner& learner, Floats& all) {
  for (const Rows& rows : {Rows{49, 3, 4, 5, 3, 17, 0}, Rows{8}, Rows{9, 2, 41}})
    add_results({learner.step(rows)}, all);
  std::vector<NamedTensor> gradients;
  add_results({learner.value_and_gradient({7, 1, 30}, gradients)}, all);
  const Floats values = joined(gradients);
  all.insert(all.end(), values.begin(), values.end());
  const auto own = [&data](const ObjectiveCall& call) { test::squared(data, call); };
  add_results({learner.step({5, 46, 2, 20}, 0.01, own)}, all);
  add_results({learner.value_and_gradient({5, 46}, gradients, own)}, all);
}

/// Every number that comes of training.
Floats trained(const Context& ctx, const Case& c, const Dataset& data, const BlockOrder& order = {},
               const LoadingOptions& loading = {.readers = 3}) {
  Model model(ctx, resolve_model(c.model, schema_of(data), 5));
  const EpochBatches batches = batches_of(order);
  LearnerOptions options = c.options;
  options.max_batch = kBatch, options.batches = &batches, options.loading = loading;
  Learner learner(model, CheckedData{data}, options);
  Floats all;
  train_epochs(learner, batches, 2, all);
  train_lists(data, learner, all);
  train_epochs(learner, batches, 1, all);
  for (const auto& tensors : {model.parameters(), model.buffers(), learner.states()}) {
    const Floats values = joined(tensors);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

TEST(StoredRows, StepsHaveTheBitsOfTheSameRowsInMemory) {
  for (const Case& c : cases()) {
    const Dataset data = data_of(c);
    for (const std::string& device : test::all_devices()) {
      const Context& ctx = test::context_of(device);
      test::expect_same_bits(trained(ctx, c, stored(data)), trained(ctx, c, data), c.name + " on " + device);
    }
  }
}

TEST(StoredRows, TheBitsDoNotDependOnThreadsReadersMemoryOrOrderOfReading) {
  for (const std::string name : {"bytes_softmax", "sparse_clipped"}) {
    const std::vector<Case> all = cases();
    const Case& c = *std::find_if(all.begin(), all.end(), [&](const Case& one) { return one.name == name; });
    const Dataset data = data_of(c);
    const BlockOrder blocks{.block_rows = 5, .window_blocks = 2, .slices = 2};
    const Floats rows = trained(test::context_of("cpu"), c, data);
    const Floats by_blocks = trained(test::context_of("cpu"), c, data, blocks);
    for (const int threads : {1, 3, 4}) {
      for (const LoadingOptions& loading :
           {LoadingOptions{.memory = 1, .readers = 8}, LoadingOptions{.memory = 3500, .readers = 1},
            LoadingOptions{.memory = 1 << 20, .readers = 2}}) {
        const Context& ctx = test::context_of("cpu", threads);
        const std::string what = c.name + ", " + std::to_string(threads) + " threads, " +
                                 std::to_string(loading.memory) + " bytes";
        test::expect_same_bits(trained(ctx, c, stored(data), {}, loading), rows, what);
        test::expect_same_bits(trained(ctx, c, stored(data), blocks, loading), by_blocks, what + ", blocks");
      }
    }
  }
}

/// A learner with running statistics, dropout and states.
struct Trained {
  std::shared_ptr<MemoryStore> store;
  Dataset data;
  EpochBatches batches = batches_of();
  Model model;
  Learner learner;

  /// `bad_row`: it cannot be read; -1: all can be.
  Trained(const std::string& device, const Dataset& all, std::int64_t bad_row)
      : store(std::make_shared<MemoryStore>(all)),
        data(test::with_store(all, store)),
        model(
            test::context_of(device),
            resolve_model(
                {.hidden = {5}, .loss = Loss::squared, .dropout = 0.5, .normalization = Normalization::batch},
                schema_of(data), 1)),
        learner(model, CheckedData{data},
                {.optimizer = {.name = Rule::adam, .lr = 0.125},
                 .max_batch = kBatch,
                 .batches = &batches,
                 .loading = {.memory = 1 << 20, .readers = 2}}) {
    store->bad_row = bad_row;  // before anything is read ahead
    learner.step(batches.at(0, 0));
  }
  Floats state() {
    Floats all;
    for (const auto& tensors : {model.parameters(), model.buffers(), learner.states()})
      for (const NamedTensor& tensor : tensors)
        all.insert(all.end(), tensor.values.begin(), tensor.values.end());
    return all;
  }
};

TEST(StoredRows, AStepWhoseRowsCannotBeReadChangesNothing) {
  const Dataset data = data_of({});
  const std::int64_t bad_row = batches_of().at(0, 2).rows()[3];
  for (const std::string& device : test::all_devices()) {
    Trained failed(device, data, bad_row), sound(device, data, -1);
    const Floats before = failed.state();
    EXPECT_THROW(failed.learner.step(failed.batches.at(0, 2)), IoError) << device;
    EXPECT_THROW(failed.learner.step(Rows{1, bad_row}), IoError);
    std::vector<NamedTensor> gradients;
    EXPECT_THROW(failed.learner.value_and_gradient(Rows{bad_row}, gradients), IoError);
    EXPECT_EQ(failed.learner.steps(), 1);
    test::expect_same_bits(failed.state(), before, "after the errors on " + device);
    failed.store->bad_row = -1;
    for (Trained* trained : {&failed, &sound}) trained->learner.step(trained->batches.at(0, 1));
    test::expect_same_bits(failed.state(), sound.state(), "a step later on " + device);
  }
}

TEST(StoredRows, ARowThatDivergesHasItsNumberInTheDataSet) {
  Dataset data = data_of({});
  data.dense_f32[40 * kFeatures + 3] = 1e30f;  // its square is too large
  for (const std::string& device : test::all_devices()) {
    const Dataset infinite = stored(data);
    Model model(test::context_of(device), resolve_model({.loss = Loss::squared}, schema_of(infinite), 1));
    std::vector<NamedTensor> ones = model.parameters();
    for (NamedTensor& tensor : ones) tensor.values.assign(tensor.values.size(), 1.0f);
    model.set_parameters(ones);
    Learner learner(model, CheckedData{infinite}, {.max_batch = kBatch});
    try {
      learner.step(Rows{2, 9, 40, 1});
      ADD_FAILURE() << "no divergence on " << device;
    } catch (const DivergedError& error) {
      EXPECT_NE(std::string(error.what()).find("the loss of made up row 40 is not finite"), std::string::npos)
          << error.what();
    }
  }
}

/// Nobody has looked at the values of such a store before.
TEST(StoredRows, AValueThatIsNotFiniteEndsAStepByItsRowAndFeature) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  Dataset nans = data_of({}), infinite = data_of({.features = Features::sparse});
  nans.dense_f32[40 * kFeatures + 3] = nan;
  const auto entry = static_cast<std::size_t>(infinite.offsets[40] + 1);  // columns 0, 7, 14 of row 40
  infinite.values[entry] = inf;
  const std::pair<Dataset, const char*> cases[] = {{nans, "made up row 40, feature 3: the value is nan"},
                                                   {infinite, "made up row 40, feature 7: the value is inf"}};
  for (const auto& [data, words] : cases) {
    for (const std::string& device : test::all_devices()) {
      const Dataset unchecked = stored(data);
      Model model(test::context_of(device), resolve_model({.loss = Loss::squared}, schema_of(unchecked), 1));
      const Floats before = joined(model.parameters());
      Learner learner(model, CheckedData{unchecked}, {.max_batch = kBatch});
      test::expect_error<DataError>([&learner] { learner.step(Rows{41, 3, 40, 39}); }, {words});
      test::expect_same_bits(joined(model.parameters()), before, device);
      EXPECT_EQ(learner.steps(), 0);
      learner.step(Rows{41, 3, 39});
      EXPECT_NE(joined(model.parameters()), before) << "the other rows are good";
    }
  }
}

TEST(StoredRows, ALearnerTellsWhatItRead) {
  const Dataset data = data_of({});
  const auto store = std::make_shared<MemoryStore>(data);
  store->delay_ms = 5;
  const Dataset kept = test::with_store(data, store);
  Model model(test::context_of("cpu"), resolve_model({.loss = Loss::squared}, schema_of(data), 1));
  Learner memory(model, CheckedData{data}, {.max_batch = 4});
  Learner disk(model, CheckedData{kept}, {.max_batch = 4});
  for (Learner* learner : {&memory, &disk}) learner->step(Rows{1, 5, 9}), learner->step(Rows{1, 2});
  EXPECT_EQ(memory.loading().bytes, 0);
  EXPECT_EQ(memory.loading().read_seconds, 0);
  EXPECT_EQ(disk.loading().bytes, 5 * kFeatures * 4);
  EXPECT_GE(disk.loading().read_seconds, 0.02) << "1, 5, 9, and 1 with 2";
  EXPECT_GE(disk.loading().wait_seconds, 0.01);
  EXPECT_EQ(disk.loading().note, "");
}

TEST(StoredRows, AWindowThatDoesNotFitIsTold) {
  const Dataset data = stored(data_of({}));
  const EpochBatches batches = batches_of({.block_rows = 5, .window_blocks = 4});
  Model model(test::context_of("cpu"), resolve_model({.loss = Loss::squared}, schema_of(data), 1));
  const LearnerOptions options{.max_batch = kBatch, .batches = &batches, .loading = {.memory = 100000}};
  Learner fits(model, CheckedData{data}, options);
  EXPECT_EQ(fits.loading().note, "");
  LearnerOptions little = options;
  little.loading.memory = 5000;
  Learner does_not(model, CheckedData{data}, little);
  EXPECT_TRUE(does_not.loading().note.starts_with("data.memory = 0.0 MB does not hold two windows"));
}

/// 0: the step was refused, and the learner ended.
int step_in_a_child(const std::function<void()>& step) {
  const pid_t child = ::fork();
  if (child == 0) {
    int result = 1;
    try {
      step();
    } catch (const UsageError&) {
      result = 0;
    } catch (...) {
      result = 2;
    }
    ::_exit(result);
  }
  int status = -1;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(StoredRows, ALearnerThatAForkCopiesRefusesItsStepsAndEnds) {
  const Dataset data = stored(data_of({}));
  const EpochBatches batches = batches_of({.block_rows = 5, .window_blocks = 2});
  Model model(test::context_of("cpu"), resolve_model({.loss = Loss::squared}, schema_of(data), 1));
  auto learner = std::make_unique<Learner>(model, CheckedData{data},
                                           LearnerOptions{.max_batch = kBatch, .batches = &batches});
  learner->step(batches.at(0, 0));
  const int result = step_in_a_child([&] {
    const std::unique_ptr<Learner> gone = std::move(learner);
    gone->step(batches.at(0, 1));
  });
  EXPECT_EQ(result, 0);
  learner->step(batches.at(0, 1));
}

TEST(StoredRows, OptionsOfReadingHaveRanges) {
  const Dataset data = data_of({});
  Model model(test::context_of("cpu"), resolve_model({.loss = Loss::squared}, schema_of(data), 1));
  const auto refused = [&](const LoadingOptions& loading) -> std::string {
    try {
      Learner(model, CheckedData{data}, {.loading = loading});
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(refused({.memory = -1}).find("LoadingOptions::memory"), std::string::npos);
  EXPECT_NE(refused({.readers = 0}).find("LoadingOptions::readers"), std::string::npos);
  EXPECT_NE(refused({.readers = 257}).find("LoadingOptions::readers"), std::string::npos);
  EXPECT_EQ(refused({.memory = 0, .readers = 256}), "");
}

TEST(StoredRows, AMemoryPlanCountsOneBatchOfThem) {
  const auto data_bytes = [](Features features) {
    const Dataset data = stored(data_of({.features = features}));
    const ModelSpec spec = resolve_model({.loss = Loss::squared}, schema_of(data), 1);
    return plan_memory(spec, data, {.max_batch = 4}).data - 4 * kRows;  // less the targets
  };
  EXPECT_EQ(data_bytes(Features::floats), 4 * 4 * kFeatures);
  EXPECT_EQ(data_bytes(Features::bytes), 4 * kFeatures + 2 * 4 * kFeatures) << "with scale and shift";
  EXPECT_EQ(data_bytes(Features::sparse), 4 * (8 + 8 * 10)) << "the longest row has 10 entries";
}

/// The sum of squares of each row, as the model reads it.
Floats squares_of(const Context& ctx, const Input& input, std::int64_t rows) {
  const Buffer<float> squares(ctx, rows);
  const PerSampleOps& ops = backend_of(ctx).per_sample;
  if (const auto* sparse = std::get_if<SparseInput>(&input.rows)) {
    ops.sparse_row_squares(device_of(ctx), {.input = sparse->rows, .squares = squares.data()});
  } else {
    ops.dense_row_squares(device_of(ctx), {.input = input.dense(), .squares = squares.data()});
  }
  return squares.download(ctx);
}

/// Five rows of which row r has the features r and 2, sparse ones the last r % 3 of them.
Dataset five_rows(Features features) {
  Dataset data;
  data.rows = 5, data.features = 2, data.sparse = features == Features::sparse;
  if (features == Features::floats) data.dense_f32 = {0, 2, 1, 2, 2, 2, 3, 2, 4, 2};
  if (features == Features::bytes) {
    data.dense_u8 = {0, 2, 1, 2, 2, 2, 3, 2, 4, 2};
    data.transform.scale = {1, 1}, data.transform.shift = {0, 1};
  }
  if (features == Features::sparse)
    data.offsets = {0, 0, 1, 3, 3, 4}, data.columns = {1, 0, 1, 1}, data.values = {2, 2, 2, 2};
  return data;
}

TEST(StagedRows, AreThoseThatWerePlacedLastForTheLaunchesThatFollow) {
  const std::pair<Features, std::array<Floats, 2>> wanted[] = {
      {Features::floats, {{{4, 5, 8, 13}, {13, 20}}}},
      {Features::bytes, {{{9, 10, 13, 18}, {18, 25}}}},  // the 2 is read as 3
      {Features::sparse, {{{0, 4, 8, 0}, {0, 4}}}}};
  for (const std::string& device : test::all_devices()) {
    const Context& ctx = test::context_of(device);
    for (const auto& [features, squares] : wanted) {
      const Dataset data = five_rows(features), kept = stored(data);
      StagedRows staged(ctx, kept, 4, 1);
      FeatureRows first, second;
      kept.store->read(0, 4, first);
      kept.store->read(3, 2, second);
      for (int round = 0; round < 5; ++round) {  // more than are on their way at once
        staged.place(first);
        EXPECT_EQ(squares_of(ctx, staged.input(0, 4), 4), squares[0]) << device;
        EXPECT_EQ(squares_of(ctx, staged.input(1, 3), 3), Floats(squares[0].begin() + 1, squares[0].end()));
        staged.place(second);
        EXPECT_EQ(squares_of(ctx, staged.input(0, 2), 2), squares[1]) << device;
      }
    }
  }
}

TEST(StagedRows, TakeRowsLongerThanTheAverage) {
  Dataset data;
  data.rows = 100, data.features = 600, data.sparse = true, data.offsets = {0};
  for (std::int64_t row = 0; row < 100; ++row) {
    for (std::int32_t j = 0; j < (row < 2 ? 600 : 0); ++j)
      data.columns.push_back(j), data.values.push_back(2);
    data.offsets.push_back(std::ssize(data.columns));
  }
  for (const std::string& device : test::all_devices()) {
    const Context& ctx = test::context_of(device);
    const Dataset kept = stored(data);
    StagedRows staged(ctx, kept, 2, 1);
    FeatureRows rows;
    kept.store->read(0, 2, rows);
    staged.place(rows);
    EXPECT_EQ(squares_of(ctx, staged.input(0, 2), 2), (Floats{2400, 2400})) << device;
  }
}

TEST(StagedRows, RefuseWhatHasNoRoom) {
  for (const Features features : {Features::floats, Features::bytes, Features::sparse}) {
    const Dataset kept = stored(five_rows(features));
    StagedRows staged(test::context_of("cpu"), kept, 2);
    FeatureRows rows;
    kept.store->read(2, 3, rows);
    EXPECT_THROW(staged.place(rows), InternalError) << "three rows, where two have room";
    rows.rows = 1;
    EXPECT_THROW(staged.place(rows), InternalError) << "three values in a row";
  }
}

TEST(LoadingPart, AddsWhatTheEpochReadAndWaited) {
  LoadingReport report{.wait_seconds = 1, .read_seconds = 2, .bytes = 1000};
  LoadingPart part([&report] { return report; });
  report = {.wait_seconds = 1.25, .read_seconds = 2.5, .bytes = 3001000};
  EpochReport epoch;
  part.epoch_end(epoch);
  const Numbers first{{"loader.wait_seconds", 0.25}, {"loader.megabytes_per_second", 6}};
  EXPECT_EQ(epoch.values, first);
  epoch.values.clear();
  part.epoch_end(epoch);
  const Numbers nothing{{"loader.wait_seconds", 0}, {"loader.megabytes_per_second", 0}};
  EXPECT_EQ(epoch.values, nothing);
}

}  // namespace
}  // namespace thalweg
