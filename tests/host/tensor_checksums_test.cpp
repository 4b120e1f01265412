// Checksums in the files of models: what they are, what they find, and which files do without.
#include "host/checkpoint/tensor_checksums.hpp"

#include <gtest/gtest.h>

#include "host/checkpoint/checkpoint.hpp"
#include "host/checkpoint/files.hpp"
#include "host/checkpoint/tensor_file.hpp"
#include "host/model/model_file.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/fault_ops.hpp"
#include "tests/support/files.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"
#include "thalweg/model.hpp"

namespace thalweg {
namespace {

const Context& cpu() { return test::context_of("cpu"); }

/// 3 x - 2.
Model line() {
  return test::model_with(cpu(), {.loss = Loss::squared}, test::number_data(1, {1, 2}, {0, 0}), {{3}, {-2}});
}

std::string bytes_of_model() {
  const test::FaultyFiles files;  // whose fsync does not wait for the disk
  const test::ScratchFolder folder;
  line().save(folder / "m.safetensors");
  return read_file(folder / "m.safetensors");
}

/// What a model is made from.
std::string contents_of(std::string_view bytes) {
  SafetensorsFile file = parse_safetensors(bytes, "m");
  take_checksums(file, "m");
  std::string text;
  for (const char* key : {"model", "schema", "outputs", "seed"}) text += file.metadata.at(key) + "\n";
  for (const SafetensorsTensor& tensor : file.tensors) text.append(tensor.name).append(tensor.data);
  return text;
}

TEST(TensorChecksums, AreTheXxh3OfEachTensorAndOfTheOtherMetadata) {
  // XXH128 of "abc" and of nothing, as xxhsum -H2 prints them.
  const SafetensorsMetadata metadata = with_checksums({}, {{"a", "U8", {3}, "abc"}, {"b", "U8", {0}, ""}});
  EXPECT_EQ(metadata.at("thalweg.xxh3"),
            R"({"__metadata__":"99aa06d3014798d86001c324468d497f","a":"06b05ab6733a618578af5f94892f3950",)"
            R"("b":"99aa06d3014798d86001c324468d497f"})");
}

TEST(TensorChecksums, TellKeysAndTextsOfTheMetadataApart) {
  EXPECT_NE(with_checksums({{"ab", "c"}}, {}).at(kChecksumsKey),
            with_checksums({{"a", "bc"}}, {}).at(kChecksumsKey));
}

TEST(TensorChecksums, NoBitOfAModelsFileChangesTheModelUnnoticed) {
  const std::string sound = bytes_of_model();
  std::size_t harmless = 0;
  for (std::size_t bit = 0; bit < 8 * sound.size(); ++bit) {
    std::string damaged = sound;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    try {
      ASSERT_EQ(contents_of(damaged), contents_of(sound)) << "bit " << bit;
      ++harmless;
    } catch (const Error&) {
    }
  }
  EXPECT_LE(harmless, 8 * (std::string_view(kChecksumsKey).size() + 8)) << "of that key, and white space";
}

TEST(TensorChecksums, NameTheTensorThatIsDamaged) {
  const test::FaultyFiles files;
  const test::ScratchFolder folder;
  const std::string file = folder / "m.safetensors";
  line().save(file);
  std::string bytes = read_file(file);
  bytes.back() ^= 1;  // of the bias, which is last
  test::overwrite(file, bytes);
  test::expect_error<CorruptCheckpoint>([&] { Model::load(cpu(), file); },
                                        {"m.safetensors: tensor \"layers.0.bias\" has the checksum"});
}

TEST(TensorChecksums, NameTensorsThatAreMissingOrHaveNone) {
  const std::vector<SafetensorsTensor> both{{"a", "U8", {3}, "abc"}, {"b", "U8", {0}, ""}};
  SafetensorsFile file{with_checksums({}, both), {both[0]}};
  test::expect_error<CorruptCheckpoint>([&] { take_checksums(file, "m"); }, {"m: tensor \"b\" is missing"});
  file = {with_checksums({}, {both[0]}), both};
  test::expect_error<CorruptCheckpoint>([&] { take_checksums(file, "m"); },
                                        {"m: a tensor has no checksum, and others have one"});
  file = {{{kChecksumsKey, "3"}}, both};
  test::expect_error<CorruptCheckpoint>([&] { take_checksums(file, "m"); }, {"m: thalweg.xxh3: "});
}

TEST(TensorChecksums, AFileOfAnotherProgramNeedsNone) {
  const test::FaultyFiles files;
  const test::ScratchFolder folder;
  const std::string file = folder / "m.safetensors";
  line().save(file);
  const std::string bytes = read_file(file);
  EXPECT_TRUE(read_float_tensors(file).checked);
  EXPECT_FALSE(read_float_tensors(file).metadata.contains(kChecksumsKey)) << "they are not the caller's";
  SafetensorsFile contents = parse_safetensors(bytes, file);
  contents.metadata.erase(kChecksumsKey);
  std::string bare = safetensors_header(contents.metadata, contents.tensors);
  for (const SafetensorsTensor& tensor : contents.tensors) bare += tensor.data;
  test::overwrite(file, bare);
  EXPECT_FALSE(read_float_tensors(file).checked);
  EXPECT_EQ(Model::load(cpu(), file).parameters()[0].values[0], 3);
}

TEST(TensorChecksums, AreInTheModelOfACheckpointToo) {
  const test::FaultyFiles files;
  const test::ScratchFolder run;
  const Model model = line();
  CheckpointData data{.parameters = model.parameters(), .metadata = model_metadata(model.spec())};
  data.step = 5;
  const std::string folder = checkpoint_folder(run.path(), 5);
  write_checkpoint(folder, data);
  EXPECT_EQ(read_checkpoint(folder).metadata, data.metadata);
  std::string bytes = read_file(folder + "/model.safetensors");
  bytes.back() ^= 1;
  test::overwrite(folder + "/model.safetensors", bytes);
  test::expect_error<CorruptCheckpoint>([&] { Model::load(cpu(), folder); }, {"tensor \"layers.0.bias\""});
}

}  // namespace
}  // namespace thalweg
