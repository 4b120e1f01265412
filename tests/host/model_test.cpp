// Models as files: which one a path names, what comes back, and what is refused.
#include "thalweg/model.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "host/checkpoint/checkpoint.hpp"
#include "host/model/model_file.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/fault_ops.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using Floats = std::vector<float>;

const Context& cpu() { return test::context_of("cpu"); }

const Dataset& one_feature() {
  static const Dataset data = test::number_data(1, {1, 2}, {0, 0});
  return data;
}

Model line(float weight, float bias = 0.5f) {
  return test::model_with(cpu(), {.loss = Loss::squared}, one_feature(), {{weight}, {bias}});
}

/// A checkpoint of step `step` in the run `run`, whose model has this weight.
void write_step(const std::string& run, std::int64_t step, float weight) {
  const Model model = line(weight);
  CheckpointData data{.parameters = model.parameters(), .metadata = model_metadata(model.spec())};
  data.step = step;
  std::filesystem::create_directories(run + "/checkpoints");
  write_checkpoint(checkpoint_folder(run + "/checkpoints", step), data);
}

float weight_at(const std::string& path) { return Model::load(cpu(), path).parameters()[0].values[0]; }

TEST(ModelPath, OfARunIsItsModelOnceItHasFinishedAndElseTheNewestCheckpoint) {
  const test::FaultyFiles files;  // whose fsync does not wait for the disk
  const test::ScratchFolder run;
  write_step(run.path(), 10, 10);
  write_step(run.path(), 9, 9);
  EXPECT_EQ(weight_at(run.path()), 10);
  EXPECT_EQ(weight_at(checkpoint_folder(run.path() + "/checkpoints", 9)), 9) << "a checkpoint by its name";
  line(3).save(run / "model.safetensors");
  EXPECT_EQ(weight_at(run.path()), 3);
  EXPECT_EQ(weight_at(run / "model.safetensors"), 3);
}

TEST(ModelPath, OfNothingIsSaidToBeNone) {
  const test::ScratchFolder empty;
  test::expect_error<NoInputError>([&] { weight_at(empty / "gone"); }, {"gone: no such model"});
  test::expect_error<NoInputError>([&] { weight_at(empty.path()); },
                                   {"neither model.safetensors nor a valid checkpoint"});
}

TEST(ModelInit, IsZerosOrTheModelOfAPath) {
  const test::ScratchFolder folder;
  line(7, -2).save(folder / "model.safetensors");
  const ModelSpec spec =
      resolve_model({.loss = Loss::squared, .init = folder.path()}, schema_of(one_feature()), 1);
  const auto parameters = Model(cpu(), spec).parameters();
  EXPECT_EQ(parameters[0].values, Floats{7});
  EXPECT_EQ(parameters[1].values, Floats{-2});
  Model(cpu(), spec).save(folder / "heir.safetensors");
  std::filesystem::remove(folder / "model.safetensors");
  EXPECT_EQ(Model::load(cpu(), folder / "heir.safetensors").spec().config.init, "zeros")
      << "a model that is read needs no other";
  test::expect_error<NoInputError>(
      [&] {
        Model(cpu(), resolve_model({.loss = Loss::squared, .init = "gone"}, schema_of(one_feature()), 1));
      },
      {"gone: no such model"});
}

TEST(ModelFile, BringsBackParametersBuffersAndSpec) {
  const test::ScratchFolder folder;
  const Dataset data = test::class_data(2, {1, 2}, {0}, 3);
  const ModelConfig config{.hidden = {2},
                           .activation = Activation::tanh,
                           .label_smoothing = 0.125,
                           .normalization = Normalization::batch};
  Model model(cpu(), resolve_model(config, schema_of(data), 77));
  auto buffers = model.buffers();
  buffers[0].values = {3, 4}, buffers[1].values = {5, 6};
  model.set_buffers(buffers);
  model.save(folder / "m.safetensors");
  const Model back = Model::load(cpu(), folder / "m.safetensors");
  EXPECT_EQ(parameters_xxh3(back.parameters()), parameters_xxh3(model.parameters()));
  EXPECT_EQ(back.buffers()[0].values, (Floats{3, 4}));
  EXPECT_EQ(back.buffers()[1].values, (Floats{5, 6}));
  EXPECT_EQ(back.spec().outputs, 3);
  EXPECT_EQ(back.spec().seed, 77u);
  EXPECT_EQ(back.spec().schema.classes, (std::vector<std::string>{"0", "1", "2"}));
  EXPECT_EQ(back.spec().schema.features, 2);
  EXPECT_EQ(back.spec().config.activation, Activation::tanh);
  EXPECT_EQ(back.spec().config.loss, Loss::softmax_cross_entropy);
  EXPECT_EQ(back.spec().config.label_smoothing, 0.125);
  EXPECT_EQ(back.spec().config.hidden, (std::vector<std::int64_t>{2}));
}

TEST(ModelFile, NamesTheEntryThatIsMissingOrNoNumber) {
  const auto metadata = model_metadata(line(1).spec());
  EXPECT_EQ(model_spec_from(metadata, "m").outputs, 1);
  for (const char* key : {"model", "schema", "outputs", "seed"}) {
    auto without = metadata;
    without.erase(key);
    test::expect_error<CorruptCheckpoint>(
        [&] { model_spec_from(without, "m.safetensors"); },
        {"m.safetensors: metadata \"" + std::string(key) + "\" is missing"});
  }
  for (const char* text : {"", "x", "3x", " 3", "3.5", "99999999999999999999"}) {
    auto wrong = metadata;
    wrong["outputs"] = text;
    test::expect_error<CorruptCheckpoint>([&] { model_spec_from(wrong, "m"); },
                                          {"\"outputs\" is \"" + std::string(text) + "\""});
  }
}

TEST(ModelParameters, AreRefusedByTheNameOfTheFirstThatDoesNotFit) {
  Model model = line(1);
  const auto good = model.parameters();
  auto wrong = good;
  wrong[1].name = "layers.0.offset";
  test::expect_error<ShapeError>([&] { model.set_parameters(wrong); },
                                 {"\"layers.0.bias\" of the model is missing"});
  wrong = good;
  wrong[1].shape = {2};
  test::expect_error<ShapeError>([&] { model.set_parameters(wrong); },
                                 {"\"layers.0.bias\" has the shape [2], in the model it has [1]"});
  wrong = good;
  wrong.push_back({"layers.9.weight", {1}, {1}});
  test::expect_error<ShapeError>([&] { model.set_parameters(wrong); }, {"2 tensors, but 3 were given"});
  EXPECT_NO_THROW(model.set_parameters({good[1], good[0]})) << "names decide, not the order";
}

TEST(Targets, OfPoissonAreCountsOfZeroOrMore) {
  const Dataset data = test::number_data(1, {1, 1, 1}, {2, 0, -0.5f});
  const auto check = [&](Loss loss) {
    check_targets(data, resolve_model({.loss = loss}, schema_of(data), 1));
  };
  EXPECT_NO_THROW(check(Loss::squared));
  test::expect_error<DataError>([&] { check(Loss::poisson); }, {"rows by hand row 2", "-0.5"});
  Dataset counts = data;
  counts.target[2] = 3;
  EXPECT_NO_THROW(check_targets(counts, resolve_model({.loss = Loss::poisson}, schema_of(counts), 1)));
  counts.target[1] = std::nanf("");
  EXPECT_THROW(check_targets(counts, resolve_model({.loss = Loss::poisson}, schema_of(counts), 1)),
               DataError);
}

TEST(Clone, IsEqualAndHasParametersAndStatisticsOfItsOwn) {
  const Dataset data = test::number_data(2, {1, 2, 3, 4, 5, 6}, {1, 0, 2});
  for (const std::string& device : test::all_devices()) {
    Model model(test::context_of(device),
                resolve_model({.hidden = {3}, .loss = Loss::squared, .normalization = Normalization::batch},
                              schema_of(data), 1));
    Learner learner(model, data, {.max_batch = 3});
    learner.step(std::vector<std::int64_t>{0, 1, 2}, 0.5);
    const Model copied = model.clone();
    const std::vector<float> before = model.predict(data).values;
    const auto statistics = model.buffers();
    EXPECT_EQ(copied.predict(data).values, before) << device;
    EXPECT_EQ(parameters_xxh3(copied.parameters()), parameters_xxh3(model.parameters())) << device;
    learner.step(std::vector<std::int64_t>{0, 1, 2}, 0.5);
    EXPECT_NE(model.predict(data).values, before) << device;
    EXPECT_EQ(copied.predict(data).values, before) << device;
    EXPECT_EQ(parameters_xxh3(copied.buffers()), parameters_xxh3(statistics)) << device;
    EXPECT_EQ(copied.spec().config.hidden, model.spec().config.hidden);
    EXPECT_EQ(copied.context().device(), model.context().device());
  }
}

TEST(Find, GivesTheTensorOfANameOrNamesThoseThatThereAre) {
  std::vector<NamedTensor> tensors{{"a", {1}, {1}}, {"b", {1}, {2}}};
  find(tensors, "b").values[0] = 5;
  EXPECT_EQ(tensors[1].values[0], 5);
  const std::vector<NamedTensor> constant = tensors;
  EXPECT_EQ(&find(constant, "a"), &constant[0]);
  const NamedTensor& outlives_its_list = find(std::vector<NamedTensor>(constant), "b");
  EXPECT_EQ(outlives_its_list.values, std::vector<float>{5});
  test::expect_error<ShapeError>([&] { find(tensors, "c"); }, {"no tensor is named \"c\"", "a, b"});
  tensors.clear();
  test::expect_error<ShapeError>([&] { find(tensors, "c"); }, {"there are none"});
}

}  // namespace
}  // namespace thalweg
