#include "host/checkpoint/checkpoint.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <filesystem>
#include <future>
#include <limits>

#include "host/checkpoint/checksum.hpp"
#include "host/checkpoint/files.hpp"
#include "host/checkpoint/manifest.hpp"
#include "host/checkpoint/safetensors.hpp"
#include "tests/support/fault_ops.hpp"
#include "tests/support/files.hpp"
#include "tests/support/scratch_folder.hpp"
#include "thalweg/error.hpp"
#include "thalweg/model.hpp"

namespace thalweg {
namespace {

namespace fs = std::filesystem;
using test::entries;
using test::FaultyFiles;
using test::io_error_of;
using test::Locked;
using test::overwrite;
using test::ScratchFolder;
using test::Unprivileged;

const char* const kFiles[] = {"model.safetensors", "state.safetensors", "config.toml", "manifest.json"};

CheckpointData small_checkpoint(std::int64_t step) {
  CheckpointData data;
  data.parameters = {{"layers.0.weight", {2, 3}, {1, -2, 3.5f, -0.0f, 1e-42f, 6}},
                     {"layers.0.bias", {2}, {7, 8}}};
  data.buffers = {{"layers.0.norm.running_mean", {2}, {0.25f, 0.5f}}};
  data.states = {{"layers.0.weight/momentum", {2, 3}, {1, 2, 3, 4, 5, static_cast<float>(step)}},
                 {"layers.0.bias/momentum", {2}, {9, 10}}};
  data.metadata = {{"format", "pt"}, {"schema", "{\"classes\":[\"a\",\"\xc3\xa9\"]}"}};
  data.progress = {{"best", 0.1 + 0.2},
                   {"none", std::bit_cast<double>(std::uint64_t{0x7ff8000000000123})},
                   {"plateau.factor", -0.0}};
  data.step = step;
  data.epoch = 4;
  data.seed = std::numeric_limits<std::uint64_t>::max();
  data.config_toml = "seed = 1\n[train]\nepochs = 4\n";
  data.data_fingerprint = "rows=10 xxh3=00ff";
  return data;
}

std::string slurp(const std::string& path) { return read_file(path); }
std::string damage_report(const std::string& folder) {
  try {
    read_checkpoint(folder);
  } catch (const CorruptCheckpoint& error) {
    return error.what();
  }
  return "";
}

void expect_equal(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].name, b[i].name);
    EXPECT_EQ(a[i].shape, b[i].shape);
    ASSERT_EQ(a[i].values.size(), b[i].values.size());
    for (std::size_t k = 0; k < a[i].values.size(); ++k) {
      EXPECT_EQ(std::bit_cast<std::uint32_t>(a[i].values[k]), std::bit_cast<std::uint32_t>(b[i].values[k]));
    }
  }
}

TEST(Checkpoint, ComesBackBitForBit) {
  const ScratchFolder root;
  const CheckpointData data = small_checkpoint(123);
  const std::string folder = checkpoint_folder(root / "run/checkpoints", 123);
  EXPECT_EQ(folder, root / "run/checkpoints/step-000000123");
  write_checkpoint(folder, data);
  const CheckpointData read = read_checkpoint(folder);
  expect_equal(read.parameters, data.parameters);
  expect_equal(read.buffers, data.buffers);
  expect_equal(read.states, data.states);
  EXPECT_EQ(read.metadata, data.metadata);
  EXPECT_EQ(read.step, data.step);
  EXPECT_EQ(read.epoch, data.epoch);
  EXPECT_EQ(read.seed, data.seed);
  EXPECT_EQ(read.config_toml, data.config_toml);
  EXPECT_EQ(read.data_fingerprint, data.data_fingerprint);
  ASSERT_EQ(read.progress.size(), data.progress.size());
  for (const auto& [name, value] : data.progress) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(read.progress.at(name)), std::bit_cast<std::uint64_t>(value))
        << name;
  }
}

TEST(Checkpoint, AnEmptyOneComesBackToo) {
  const ScratchFolder root;
  write_checkpoint(root / "step-000000000", {});
  const CheckpointData read = read_checkpoint(root / "step-000000000");
  EXPECT_TRUE(read.parameters.empty());
  EXPECT_TRUE(read.progress.empty());
}

TEST(Checkpoint, EqualStateGivesEqualBytes) {
  const ScratchFolder root;
  write_checkpoint(root / "a/step-000000001", small_checkpoint(1));
  write_checkpoint(root / "b/step-000000001", small_checkpoint(1));
  EXPECT_EQ(entries(root / "a/step-000000001"), entries(root / "b/step-000000001"));
  for (const char* file : kFiles) {
    EXPECT_EQ(slurp(root / "a/step-000000001/" + file), slurp(root / "b/step-000000001/" + file)) << file;
  }
}

TEST(Checkpoint, TheFormatIsFrozen) {
  const ScratchFolder root;
  write_checkpoint(root / "step-000000001", small_checkpoint(1));
  EXPECT_EQ(slurp(root / "step-000000001/manifest.json"), R"({
  "format": "thalweg checkpoint",
  "version": 2,
  "step": 1,
  "data_fingerprint": "rows=10 xxh3=00ff",
  "parameters_xxh3": "ddf454b182f88a2255689ff8579512fb",
  "files": [
    {
      "name": "model.safetensors",
      "bytes": 648,
      "xxh3": "5e7888e640480ea48f52f59b108f250a"
    },
    {
      "name": "state.safetensors",
      "bytes": 480,
      "xxh3": "812df53ccc1111bfbd23b261625390e0"
    },
    {
      "name": "config.toml",
      "bytes": 28,
      "xxh3": "2dcc38008ca09213a6396eaf37dc1c3e"
    }
  ],
  "manifest_xxh3": "989d0f2a5ae480ebdade2fbeb2e2d21d"
}
)");
  EXPECT_EQ(checksum(""), "99aa06d3014798d86001c324468d497f")
      << "XXH3_128bits of nothing, as xxhsum -H2 prints";
}

TEST(Checkpoint, AModelWithoutChecksumsOfItsOwnIsRead) {
  const ScratchFolder root;
  const std::string folder = root / "step-000000001", model = folder + "/model.safetensors";
  write_checkpoint(folder, small_checkpoint(1));
  const std::string bytes = slurp(model);
  SafetensorsFile file = parse_safetensors(bytes, model);
  file.metadata.erase("thalweg.xxh3");
  std::string former = safetensors_header(file.metadata, file.tensors);
  for (const SafetensorsTensor& tensor : file.tensors) former += tensor.data;
  EXPECT_EQ(checksum(former), "9ac43063f073b1faae30502657b3caa5") << "the bytes that older programs wrote";
  overwrite(model, former);
  Manifest manifest = parse_manifest(slurp(folder + "/manifest.json"), "manifest");
  manifest.files[0] = {"model.safetensors", former.size(), checksum(former)};
  overwrite(folder + "/manifest.json", manifest_text(manifest));
  EXPECT_EQ(damage_report(folder), "");
  EXPECT_EQ(read_checkpoint(folder).metadata, small_checkpoint(1).metadata);
}

TEST(Checkpoint, TwoThatSaveIntoOneFolderLeaveEachOthersWhole) {
  constexpr std::int64_t kSaves = 100;
  const ScratchFolder root;
  const auto save = [&](std::int64_t first) {
    for (std::int64_t step = first; step < first + kSaves; ++step)
      write_checkpoint(checkpoint_folder(root.path(), step), small_checkpoint(step));
  };
  const FaultyFiles files;  // whose fsync does not wait for the disk
  auto other = std::async(std::launch::async, save, 1001);
  save(1);
  other.get();
  for (const std::int64_t first : {1, 1001})
    for (std::int64_t step = first; step < first + kSaves; ++step)
      EXPECT_EQ(damage_report(checkpoint_folder(root.path(), step)), "");
  EXPECT_EQ(entries(root.path()).size(), static_cast<std::size_t>(2 * kSaves)) << "and no temporary";
}

TEST(Checkpoint, OneOfAnotherVersionIsRefusedNamingBoth) {
  const ScratchFolder root;
  const std::string folder = root / "step-000000001", manifest = folder + "/manifest.json";
  write_checkpoint(folder, small_checkpoint(1));
  std::string text = slurp(manifest);
  text.replace(text.find("\"version\": 2"), 12, "\"version\": 1");
  overwrite(manifest, text);
  EXPECT_NE(damage_report(folder).find("is of format version 1, this program reads 2"), std::string::npos)
      << damage_report(folder);
}

TEST(Checkpoint, ParametersChecksumSeesEveryBitAndNothingElse) {
  const CheckpointData data = small_checkpoint(1);
  std::vector<NamedTensor> other = data.parameters;
  EXPECT_EQ(parameters_xxh3(other), parameters_xxh3(data.parameters));
  other[0].values[3] = 0.0f;  // was -0.0
  EXPECT_NE(parameters_xxh3(other), parameters_xxh3(data.parameters));
}

TEST(Checkpoint, EveryTruncationIsDetected) {
  const ScratchFolder root;
  const std::string folder = root / "step-000000001";
  write_checkpoint(folder, small_checkpoint(1));
  for (const char* file : kFiles) {
    const std::string path = folder + "/" + file;
    const std::string bytes = slurp(path);
    for (std::size_t size = bytes.size(); size-- > 0;) {
      fs::resize_file(path, size);
      ASSERT_NE(damage_report(folder).find(file), std::string::npos) << file << " cut to " << size;
    }
    overwrite(path, bytes + " ");
    ASSERT_NE(damage_report(folder), "") << file << " with a byte more";
    overwrite(path, bytes);
    ASSERT_EQ(damage_report(folder), "") << "the whole file must be good again";
  }
}

TEST(Checkpoint, EveryFlippedBitIsDetected) {
  const ScratchFolder root;
  const std::string folder = root / "step-000000001";
  write_checkpoint(folder, small_checkpoint(1));
  for (const char* file : kFiles) {
    const std::string path = folder + "/" + file;
    const std::string bytes = slurp(path);
    std::fstream in_place(path, std::ios::binary | std::ios::in | std::ios::out);
    const auto put = [&](std::size_t at, char byte) {
      in_place.seekp(static_cast<std::streamoff>(at)).put(byte).flush();
    };
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      const char byte = bytes[bit / 8];
      put(bit / 8, static_cast<char>(byte ^ (1 << (bit % 8))));
      ASSERT_NE(damage_report(folder).find(file), std::string::npos) << file << " bit " << bit;
      put(bit / 8, byte);
    }
    ASSERT_EQ(damage_report(folder), "");
  }
}

TEST(Checkpoint, AMissingFileIsNamed) {
  const ScratchFolder root;
  for (const char* file : kFiles) {
    const std::string folder = root / "step-000000001";
    write_checkpoint(folder, small_checkpoint(1));
    fs::remove(folder + "/" + file);
    EXPECT_NE(damage_report(folder).find(std::string(file) + ": is missing"), std::string::npos);
  }
  EXPECT_NE(damage_report(root / "nothing").find("manifest.json: is missing"), std::string::npos);
}

TEST(Checkpoint, AManifestThatIsWholeMustFitItsFiles) {
  const ScratchFolder root;
  const std::string folder = root / "step-000000001";
  write_checkpoint(folder, small_checkpoint(1));
  const Manifest right = parse_manifest(slurp(folder + "/manifest.json"), "manifest");
  const auto report_of = [&](const auto& change) {
    Manifest manifest = right;
    change(manifest);
    overwrite(folder + "/manifest.json", manifest_text(manifest));
    return damage_report(folder);
  };
  EXPECT_EQ(report_of([](Manifest&) {}), "");
  EXPECT_NE(report_of([](Manifest& m) { m.step = 2; }).find("another step"), std::string::npos);
  EXPECT_NE(report_of([](Manifest& m) { m.data_fingerprint = "x"; }).find("other data"), std::string::npos);
  EXPECT_NE(report_of([](Manifest& m) { m.parameters_xxh3.front() ^= 1; }).find("other parameters"),
            std::string::npos);
  EXPECT_NE(report_of([](Manifest& m) { m.files[2].name = "../config.toml"; }).find("names other files"),
            std::string::npos);
}

TEST(Checkpoint, AStateWithAnEntryThatIsNoProgressIsRefusedThoughEveryChecksumFits) {
  const ScratchFolder root;
  const std::string folder = root / "step-000000001", state = folder + "/state.safetensors";
  write_checkpoint(folder, small_checkpoint(1));
  const std::string bytes = slurp(state);
  Manifest manifest = parse_manifest(slurp(folder + "/manifest.json"), "manifest");
  const auto report_with = [&](const std::string& key, const std::string& text) {
    SafetensorsFile file = parse_safetensors(bytes, "state");
    file.metadata[key] = text;
    std::string changed = safetensors_header(file.metadata, file.tensors);
    for (const SafetensorsTensor& tensor : file.tensors) changed += tensor.data;
    overwrite(state, changed);
    manifest.files[1].bytes = changed.size();
    manifest.files[1].xxh3 = checksum(changed);
    overwrite(folder + "/manifest.json", manifest_text(manifest));
    return damage_report(folder);
  };
  EXPECT_NE(report_with("unknown", "0").find("state.safetensors: holds \"unknown\""), std::string::npos);
  EXPECT_NE(report_with("thalweg.step", "1x").find("thalweg.step is \"1x\""), std::string::npos);
  EXPECT_EQ(report_with("thalweg.step", "1"), "");
}

TEST(Checkpoint, OfTwoDamagedFilesTheModelIsNamed) {
  const ScratchFolder root;
  const std::string folder = root / "step-000000001";
  write_checkpoint(folder, small_checkpoint(1));
  for (const char* file : {"/state.safetensors", "/model.safetensors"}) overwrite(folder + file, "");
  EXPECT_NE(damage_report(folder).find("model.safetensors"), std::string::npos);
}

TEST(Checkpoint, PartsOfTwoCheckpointsDoNotMix) {
  const ScratchFolder root;
  write_checkpoint(root / "step-000000001", small_checkpoint(1));
  write_checkpoint(root / "step-000000002", small_checkpoint(2));
  fs::copy_file(root / "step-000000001/state.safetensors", root / "step-000000002/state.safetensors",
                fs::copy_options::overwrite_existing);
  EXPECT_NE(damage_report(root / "step-000000002").find("state.safetensors"), std::string::npos);
}

TEST(Checkpoint, AManifestCannotNameAFileElsewhere) {
  const ScratchFolder root;
  const std::string folder = root / "step-000000001";
  write_checkpoint(folder, small_checkpoint(1));
  fs::copy_file(folder + "/config.toml", root / "config.toml");
  const Manifest good = parse_manifest(read_file(folder + "/manifest.json"), "manifest");
  for (const std::string& name :
       {std::string("../config.toml"), root / "config.toml", std::string("config.toml/"),
        std::string("./config.toml"), std::string("config.toml\0", 12)}) {
    Manifest other = good;
    other.files[2].name = name;
    overwrite(folder + "/manifest.json", manifest_text(other));
    EXPECT_NE(damage_report(folder).find("names other files"), std::string::npos) << name;
  }
  overwrite(folder + "/manifest.json", manifest_text(good));
  EXPECT_NO_THROW(read_checkpoint(folder));
}

TEST(Checkpoint, AManifestThatIsNoneIsRefusedWithoutReadingFar) {
  const ScratchFolder root;
  const std::string folder = root / "step-000000001";
  write_checkpoint(folder, small_checkpoint(1));
  fs::resize_file(folder + "/manifest.json", std::uint64_t{1} << 40);
  EXPECT_NE(damage_report(folder).find("allowed are 1048576"), std::string::npos);
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  for (const std::string& version : {deep, std::string("1e300"), std::string("1, \"step\": 1e300")}) {
    overwrite(folder + "/manifest.json",
              "{\"format\": \"thalweg checkpoint\", \"version\": " + version + "}");
    EXPECT_NE(damage_report(folder).find("manifest.json: "), std::string::npos);
  }
}

TEST(Checkpoint, TheNewestValidOneIsTakenAndDamagedOnesAreNamed) {
  const ScratchFolder root;
  std::vector<std::string> reports;
  EXPECT_EQ(newest_valid_checkpoint(root / "none", reports), std::nullopt);
  for (const std::int64_t step : {9, 10, 1000000000, 2}) {
    write_checkpoint(checkpoint_folder(root.path(), step), small_checkpoint(step));
  }
  fs::create_directory(root / ".tmp-step-000000099-1");
  fs::create_directory(root / "step-abc");
  fs::create_directory(root / "step-2000000000x");
  EXPECT_EQ(newest_valid_checkpoint(root.path(), reports), root / "step-1000000000")
      << "by number, not by name";
  EXPECT_TRUE(reports.empty());

  overwrite(root / "step-1000000000/config.toml", "");
  fs::remove_all(root / "step-000000010/model.safetensors");
  EXPECT_EQ(newest_valid_checkpoint(root.path(), reports), root / "step-000000009");
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_NE(reports[0].find("step-1000000000/config.toml"), std::string::npos);
  EXPECT_NE(reports[1].find("step-000000010/model.safetensors"), std::string::npos);
}

TEST(Checkpoint, TheNewestIsTheHighestNumberAndNotTheLastName) {
  const ScratchFolder root;
  for (const std::int64_t step : {999999999, 1000000000}) {
    write_checkpoint(checkpoint_folder(root.path(), step), small_checkpoint(step));
  }
  std::vector<std::string> reports;
  EXPECT_EQ(newest_valid_checkpoint(root.path(), reports), root / "step-1000000000");
}

TEST(Checkpoint, PruningKeepsTheNewestAndTheBest) {
  const ScratchFolder root;
  for (std::int64_t step = 1; step <= 6; ++step) {
    write_checkpoint(checkpoint_folder(root.path(), step), small_checkpoint(step));
  }
  KnownCheckpoints known;
  prune_checkpoints(root.path(), 2, {3}, known);
  EXPECT_EQ(entries(root.path()),
            (std::vector<std::string>{"step-000000003", "step-000000005", "step-000000006"}));
  prune_checkpoints(root.path(), 0, {}, known);
  EXPECT_EQ(entries(root.path()), (std::vector<std::string>{"step-000000006"}))
      << "the last one always stays";
}

TEST(Checkpoint, OneThatMayNotBeRemovedKeepsItsNameAndTheErrorSaysWhy) {
  const ScratchFolder root;
  for (std::int64_t step = 1; step <= 3; ++step) {
    write_checkpoint(checkpoint_folder(root.path(), step), small_checkpoint(step));
  }
  const std::string first = checkpoint_folder(root.path(), 1);
  const Locked locked(first);
  const Unprivileged nobody(root.path());
  KnownCheckpoints known;
  EXPECT_EQ(io_error_of([&] { prune_checkpoints(root.path(), 2, {}, known); }),
            "cannot remove " + first + ": Permission denied");
  EXPECT_EQ(io_error_of([&] { write_checkpoint(first, small_checkpoint(1)); }),
            "cannot remove " + first + ": Permission denied");
  EXPECT_EQ(entries(root.path()),
            (std::vector<std::string>{"step-000000001", "step-000000002", "step-000000003"}))
      << "no temporary is left";
}

/// As after a run that went back: 8 and 9 are damaged, 7 is its last good one.
TEST(Checkpoint, PruningCountsValidOnesAlone) {
  const ScratchFolder root;
  for (const std::int64_t step : {3, 4, 6, 7, 8, 9})
    write_checkpoint(checkpoint_folder(root.path(), step), small_checkpoint(step));
  for (const char* damaged : {"step-000000004", "step-000000008", "step-000000009"})
    overwrite(root / damaged + std::string("/model.safetensors"), "damaged");
  KnownCheckpoints known;
  prune_checkpoints(root.path(), 3, {}, known);  // 7, 6 and 3
  EXPECT_EQ(entries(root.path()),
            (std::vector<std::string>{"step-000000003", "step-000000004", "step-000000006", "step-000000007",
                                      "step-000000008", "step-000000009"}));
  prune_checkpoints(root.path(), 2, {}, known);  // what is older than 6 goes, damaged or not
  EXPECT_EQ(entries(root.path()), (std::vector<std::string>{"step-000000006", "step-000000007",
                                                            "step-000000008", "step-000000009"}));
}

TEST(Checkpoint, WhatIsKnownIsNotReadAgain) {
  const ScratchFolder root;
  const std::string valid = root / "step-000000001", damaged = root / "step-000000002";
  write_checkpoint(valid, small_checkpoint(1));
  fs::create_directory(damaged);
  KnownCheckpoints known;
  EXPECT_TRUE(known.valid(valid));
  EXPECT_FALSE(known.valid(damaged));
  overwrite(valid + "/config.toml", "damaged");
  EXPECT_TRUE(known.valid(valid)) << "read again";
  known.set_valid(damaged);
  EXPECT_TRUE(known.valid(damaged));
}

TEST(Checkpoint, ManyDamagedOnesAreAFewLinesAndACount) {
  const ScratchFolder root;
  write_checkpoint(checkpoint_folder(root.path(), 1), small_checkpoint(1));
  for (std::int64_t step = 2; step <= 1001; ++step)
    fs::create_directory(checkpoint_folder(root.path(), step));
  std::vector<std::string> reports;
  EXPECT_EQ(newest_valid_checkpoint(root.path(), reports), root / "step-000000001");
  ASSERT_EQ(reports.size(), 6u);
  EXPECT_NE(reports[0].find("step-000001001/manifest.json: is missing"), std::string::npos);
  EXPECT_EQ(reports[5], root.path() + ": 995 more damaged checkpoints");
}

TEST(Checkpoint, WritingReplacesWhatStandsUnderTheName) {
  const ScratchFolder root;
  const std::string folder = root / "step-000000001";
  write_checkpoint(folder, small_checkpoint(1));
  overwrite(folder + "/model.safetensors", "damaged");
  write_checkpoint(folder, small_checkpoint(1));
  EXPECT_EQ(damage_report(folder), "");
  CheckpointData other = small_checkpoint(1);
  other.parameters[0].values[0] = 42;
  write_checkpoint(folder, other);
  EXPECT_EQ(read_checkpoint(folder).parameters[0].values[0], 42.0f);
  EXPECT_EQ(entries(root.path()), (std::vector<std::string>{"step-000000001"}));
}

TEST(Checkpoint, LeftoversOfACrashedWriterAreCleaned) {
  const ScratchFolder root;
  fs::create_directories(root / ".tmp-step-000000001-99/deep");
  overwrite(root / ".tmp-step-000000001-99/deep/file", "x");
  write_checkpoint(root / "step-000000002", small_checkpoint(2));
  EXPECT_EQ(entries(root.path()), (std::vector<std::string>{"step-000000002"}));
}

TEST(Checkpoint, AFolderThatCannotBeWrittenIsAnIoError) {
  const ScratchFolder root;
  overwrite(root / "file", "");
  EXPECT_THROW(write_checkpoint(root / "file/step-000000001", small_checkpoint(1)), IoError);
}

struct FaultCase {
  test::Fault fault;
  bool must_throw;
};

/// One write of a checkpoint beside an older one, with a fault; whatever happens, a valid one is the newest.
void write_under_fault(const FaultCase& c, bool over_damaged) {
  const ScratchFolder root;
  const std::string before = root / "step-000000001", now = root / "step-000000002";
  {
    const FaultyFiles quick;
    write_checkpoint(before, small_checkpoint(1));
    if (over_damaged) fs::create_directory(now);
  }
  bool threw = false;
  {
    const FaultyFiles faulty(c.fault);
    try {
      write_checkpoint(now, small_checkpoint(2));
    } catch (const IoError& error) {
      threw = true;
      EXPECT_NE(std::string(error.what()).find(root.path()), std::string::npos) << "names the path";
    }
    ASSERT_GT(faulty.landed(), 0) << "the fault did not land";
  }
  EXPECT_EQ(threw, c.must_throw);
  std::vector<std::string> reports;
  const auto newest = newest_valid_checkpoint(root.path(), reports);
  ASSERT_TRUE(newest.has_value());
  if (!threw) {
    EXPECT_EQ(*newest, now);
  }
  if (!over_damaged) {
    EXPECT_TRUE(reports.empty()) << "a failed write left a damaged folder: " << reports[0];
  }
  EXPECT_EQ(damage_report(before), "");

  const FaultyFiles quick;
  write_checkpoint(now, small_checkpoint(2));
  EXPECT_EQ(damage_report(now), "");
  EXPECT_EQ(entries(root.path()), (std::vector<std::string>{"step-000000001", "step-000000002"}));
}

int calls_of_a_write(test::FileOp op, bool over_damaged) {
  const ScratchFolder root;
  const FaultyFiles counting;
  fs::create_directory(root / "x");
  if (over_damaged) fs::create_directory(root / "x/step-000000002");
  write_checkpoint(root / "x/step-000000002", small_checkpoint(2));
  return counting.calls(op);
}

TEST(Checkpoint, EveryFileOperationMayFailInEveryWay) {
  int cases = 0;
  for (const bool over_damaged : {false, true}) {
    for (int op = 0; op < test::kFileOps; ++op) {
      const auto file_op = static_cast<test::FileOp>(op);
      const int calls = calls_of_a_write(file_op, over_damaged);
      ASSERT_TRUE(calls > 0 || file_op == test::FileOp::remove) << op;
      for (int at = 0; at < calls; ++at) {
        for (const int error : {ENOSPC, EIO, EDQUOT, EINTR, 0}) {
          if (error == 0 && file_op != test::FileOp::write) continue;
          if (over_damaged && error != EIO) continue;  // all errors take the same way here
          for (const bool from_then_on : {false, true}) {
            const bool resumes = file_op == test::FileOp::open || file_op == test::FileOp::write ||
                                 file_op == test::FileOp::close;
            const bool harmless = error == 0 || (error == EINTR && resumes);
            SCOPED_TRACE(testing::Message() << "operation " << op << " call " << at << " errno " << error
                                            << (from_then_on ? " from then on" : ""));
            write_under_fault({{file_op, at, error, from_then_on}, !harmless}, over_damaged);
            ++cases;
          }
        }
      }
    }
  }
  EXPECT_GT(cases, 200);
}

}  // namespace
}  // namespace thalweg
