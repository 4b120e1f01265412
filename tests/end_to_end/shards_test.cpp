// Runs on sets of shards have the bits of runs on the same rows in memory, however they are read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <thread>

#include "host/checkpoint/checkpoint_files.hpp"
#include "host/cli/cli.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/run_support.hpp"
#include "thalweg/trainer.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;
using Words = std::vector<std::string>;

/// A number of the row and the column: in eighths, as every format holds it.
float cell(int row, int column) {
  return static_cast<float>((row * 37 + column * 101 + row * column) % 256) / 8 - 16;
}

class Shards : public DataFiles {
 protected:
  struct Result {
    int code;
    std::string out, err;
  };
  static Result run(const Words& arguments) {
    std::ostringstream out, err;
    const int code = cli::run(arguments, {out, err});
    return {code, out.str(), err.str()};
  }
  static nlohmann::json json_of(Words arguments, const Words& more = {}) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.insert(arguments.end(), {"--json", "--quiet"});
    const Result result = run(arguments);
    EXPECT_EQ(result.code, 0) << result.err;
    return result.code == 0 ? nlohmann::json::parse(result.out) : nlohmann::json();
  }
  /// parameters.xxh3 of a run; nothing where there is none.
  static std::string bits(const Words& data, const Words& settings, const Words& more = {}) {
    Words arguments{"train"};
    arguments.insert(arguments.end(), data.begin(), data.end());
    arguments.insert(arguments.end(), settings.begin(), settings.end());
    const nlohmann::json report = json_of(arguments, more);
    return report.is_object() ? report["parameters.xxh3"].get<std::string>() : "";
  }
  std::string convert(const std::string& data, const Words& settings,
                      const std::string& name = "shards") const {
    Words arguments{"convert", data, path(name), "--quiet"};
    arguments.insert(arguments.end(), settings.begin(), settings.end());
    const Result result = run(arguments);
    EXPECT_EQ(result.code, 0) << result.err;
    return path(name);
  }

  /// The files of 600 rows of 5 numbers, whose targets are numbers or one of three classes.
  void write_table(bool classes) const {
    std::string csv = "a,b,c,d,e,y\n";
    std::vector<float> x, y;
    for (int r = 0; r < 600; ++r) {
      float sum = 0;
      for (int c = 0; c < 5; ++c) {
        x.push_back(cell(r, c));
        csv += std::to_string(cell(r, c)) + ",";
        sum += static_cast<float>(c - 2) * cell(r, c);
      }
      y.push_back(classes ? (sum < -20 ? 0.0F : sum < 20 ? 1.0F : 2.0F) : sum / 4);
      csv += std::to_string(y.back()) + "\n";
    }
    write("d.csv", csv);
    write("x.npy", npy("<f4", "(600, 5)", x));
    write("y.npy", npy("<f4", "(600,)", y));
  }
  Words array() const { return {"--data.train=" + path("x.npy"), "--data.target=" + path("y.npy")}; }

  const Words linear_{"--optimizer.name=adamw", "--optimizer.lr=0.01",
                      "--train.batch_size=32",  "--train.epochs=3",
                      "--data.order=rows",      "--data.memory=4kB"};  // less than the rows take
  const Words mlp_{"--model.hidden=12",      "--model.dropout=0.25",  "--optimizer.name=adamw",
                   "--optimizer.lr=0.01",    "--train.batch_size=48", "--train.epochs=2",
                   "--train.micro_batch=20", "--data.order=rows",     "--data.memory=4kB"};
};

TEST_F(Shards, TheSameRowsAsArrayTableAndShardsMakeTheSameModel) {
  for (const bool classes : {false, true}) {
    write_table(classes);
    const std::string loss = classes ? "--model.loss=softmax_cross_entropy" : "--model.loss=squared";
    const std::string from_array = convert(path("x.npy"), {"--data.target=" + path("y.npy"), loss}, "a"),
                      from_table = convert(path("d.csv"), {loss}, "t");
    for (const Words& model : {linear_, mlp_}) {
      const std::string expected = bits(array(), model, {loss});
      EXPECT_EQ(expected.size(), 32U) << "the run is done";
      EXPECT_EQ(bits({"--data.train=" + path("d.csv")}, model, {loss}), expected);
      EXPECT_EQ(bits({"--data.train=" + from_array}, model, {loss}), expected);
      EXPECT_EQ(bits({"--data.train=" + from_table}, model, {loss}), expected);
    }
    std::filesystem::remove_all(from_array);
    std::filesystem::remove_all(from_table);
  }
}

TEST_F(Shards, ImagesAndSparseRowsMakeTheSameModel) {
  const Words images{"--data.target=" + data_folder() + "mnist10k-labels-idx1-ubyte.gz",
                     "--data.train_rows=0:300"};
  const std::string file = data_folder() + "mnist10k-images-idx3-ubyte.gz";
  const std::string mnist = convert(file, images, "mnist");
  Words idx = images;
  idx.push_back("--data.train=" + file);
  EXPECT_EQ(bits({"--data.train=" + mnist}, mlp_), bits(idx, mlp_));
  const std::string a9a = convert(data_folder() + "a9a", {"--data.train_rows=0:1500"}, "a9a");
  const Words svm{"--data.train=" + data_folder() + "a9a", "--data.train_rows=0:1500"};
  const Words sparse{"--model.loss=logistic",  "--optimizer.name=adagrad", "--optimizer.lr=0.1",
                     "--train.batch_size=100", "--train.epochs=2",         "--data.order=rows",
                     "--data.memory=4kB"};
  const std::string expected = bits(svm, sparse);
  EXPECT_EQ(bits({"--data.train=" + a9a}, sparse), expected);
  EXPECT_EQ(bits({"--data.train=" + a9a}, sparse, {"--data.class_weight=balanced"}),
            bits(svm, sparse, {"--data.class_weight=balanced"}));
}

/// uint8 rows have a scale, 1/255, without standardisation.
TEST_F(Shards, AStandardizationOtherThanThatOfConvertIsRefused) {
  const std::string file = data_folder() + "mnist10k-images-idx3-ubyte.gz";
  const Words images{"--data.target=" + data_folder() + "mnist10k-labels-idx1-ubyte.gz",
                     "--data.train_rows=0:50"};
  Words scaled = images;
  scaled.push_back("--data.standardize=true");
  const std::string plain = convert(file, images, "plain"), shifted = convert(file, scaled, "shifted");
  const auto code = [](const std::string& folder, const std::string& standardize) {
    return run({"train", "--data.train=" + folder, "--data.standardize=" + standardize, "--train.max_steps=1",
                "--quiet"})
        .code;
  };
  EXPECT_EQ(code(plain, "false"), 0);
  EXPECT_EQ(code(plain, "true"), 78);
  EXPECT_EQ(code(shifted, "true"), 0);
  EXPECT_EQ(code(shifted, "false"), 78);
}

TEST_F(Shards, TheFolderOfARunIsNotASetOfShards) {
  write_table(false);
  const std::string shards = convert(path("d.csv"), {});
  const Result result = run({"train", "--data.train=" + shards, "--out=" + shards, "--quiet"});
  EXPECT_EQ(result.code, 78);
  EXPECT_THAT(result.err, HasSubstr("is a set of shards, which the files of a run would damage"));
  EXPECT_EQ(run({"inspect", shards, "--verify"}).out, "1 valid, 0 damaged\n");
}

TEST_F(Shards, HashedInputsOfRowsOnTheDiskAreNamedAndNotCounted) {
  std::string csv = "c,y\n";
  for (int r = 0; r < 40; ++r) csv += "w" + std::to_string(r) + "," + std::to_string(r) + "\n";
  const std::string shards = convert(write("h.csv", csv), {"--data.hash_bits=6"});
  const Result result = run({"train", "--data.train=" + shards, "--train.max_steps=1", "--data.memory=1"});
  EXPECT_THAT(result.err, HasSubstr("hashing: 64 inputs (data.hash_bits = 6)\n"));
}

TEST_F(Shards, WeightsAreThoseOfTheFile) {
  write_table(false);
  std::vector<float> weights;
  for (int r = 0; r < 600; ++r) weights.push_back(static_cast<float>(r % 7));
  const std::string weight = "--data.weight=" + write("w.npy", npy("<f4", "(600,)", weights));
  Words data = array();
  data.push_back(weight);
  const std::string shards =
      convert(path("x.npy"), {"--data.target=" + path("y.npy"), weight, "--model.loss=squared"});
  EXPECT_EQ(bits({"--data.train=" + shards}, linear_), bits(data, linear_, {"--model.loss=squared"}));
}

TEST_F(Shards, HeldOutRowsAreThoseOfTheFile) {
  write_table(true);
  const Words raw{"--data.standardize=false"};
  const std::string shards = convert(path("x.npy"), {"--data.target=" + path("y.npy"), raw[0]});
  const Words held_out{"--data.validation_fraction=0.25"};
  Words data = array();
  data.push_back(raw[0]);
  Words arguments{"train", "--data.train=" + shards};
  arguments.insert(arguments.end(), linear_.begin(), linear_.end());
  const auto stored = json_of(arguments, held_out);
  arguments = {"train"};
  arguments.insert(arguments.end(), data.begin(), data.end());
  arguments.insert(arguments.end(), linear_.begin(), linear_.end());
  const auto memory = json_of(arguments, held_out);
  EXPECT_EQ(stored["parameters.xxh3"], memory["parameters.xxh3"]);
  EXPECT_EQ(stored["validation.loss"], memory["validation.loss"]);
  EXPECT_TRUE(stored["validation.loss"].is_number());
}

TEST_F(Shards, StandardisationIsThatOfAllRowsEvenOfThoseHeldOut) {
  write_table(true);
  const std::string shards = convert(path("x.npy"), {"--data.target=" + path("y.npy")});
  Config config;
  config.data.validation_fraction = 0.25;
  config.optimizer.lr = 0.01;
  config.train.batch_size = 32;
  config.train.epochs = 2;
  DataConfig all;
  all.train = path("x.npy"), all.target = path("y.npy");
  const TrainReport memory = train(config, read_training_data(all, TargetUse::automatic));
  config.data.train = shards;
  EXPECT_EQ(train(config).parameters_xxh3, memory.parameters_xxh3);
}

TEST_F(Shards, ThreadsMemoryAndReadersDoNotChangeTheBits) {
  write_table(true);
  const std::string shards = "--data.train=" + convert(path("x.npy"), {"--data.target=" + path("y.npy")});
  const int draws = std::getenv("THALWEG_FULL") != nullptr ? 500 : 12;
  for (const std::string order : {"rows", "blocks"}) {
    const Words settings{"--train.batch_size=32", "--train.epochs=2",       "--optimizer.lr=0.01",
                         "--data.order=" + order, "--data.block_bytes=160", "--data.window_bytes=4000",
                         "--model.hidden=8"};
    const std::string expected = bits({shards}, settings);
    std::mt19937 draw(1);
    const auto among = [&](int least, int most) {
      return std::uniform_int_distribution<int>(least, most)(draw);
    };
    for (int i = 0; i < draws; ++i) {
      const Words drawn{"--train.threads=" + std::to_string(among(1, 4)),
                        "--data.readers=" + std::to_string(among(1, 32)),
                        "--data.memory=" + std::to_string(1 << among(0, 14)) + "kB"};  // the rows take 12
      EXPECT_EQ(bits({shards}, settings, drawn), expected) << order << " " << testing::PrintToString(drawn);
    }
  }
}

TEST_F(Shards, AnOrderByBlocksIsAnotherThanThatOfRows) {
  write_table(true);
  const std::string shards = "--data.train=" + convert(path("x.npy"), {"--data.target=" + path("y.npy")});
  const Words settings{"--train.batch_size=32", "--train.epochs=1", "--optimizer.lr=0.01",
                       "--data.block_bytes=160", "--data.window_bytes=4000"};
  const std::string rows = bits({shards}, settings, {"--data.order=rows"});
  EXPECT_NE(bits({shards}, settings, {"--data.order=blocks"}), rows);
  EXPECT_EQ(bits({shards}, settings), rows) << "the set is small, so its rows are permuted";
}

TEST_F(Shards, EveryExactDeviceHasTheBits) {
  write_table(true);
  const std::string shards = "--data.train=" + convert(path("x.npy"), {"--data.target=" + path("y.npy")});
  for (const std::string order : {"--data.order=rows", "--data.order=blocks"})
    for (const Words& model : {linear_, mlp_}) {
      const Words more{order, "--data.block_bytes=160", "--data.window_bytes=4000", "--train.epochs=1"};
      const std::string expected = bits({shards}, model, more);
      for (const std::string& device : exact_devices()) {
        Words on_device = more;
        on_device.push_back("--device=" + device);
        EXPECT_EQ(bits({shards}, model, on_device), expected) << device << " " << order;
      }
    }
}

/// With its medians, categories, scale and unit of the targets.
TEST_F(Shards, ATestTableIsConvertedByItsModel) {
  std::string train = "size,kind,price\n", test = train;
  for (int r = 0; r < 60; ++r)
    train += (r % 7 == 0 ? "" : std::to_string(r % 11)) + "," + (r % 3 == 0 ? "red" : "blue") + "," +
             std::to_string(r) + "\n";
  for (int r = 0; r < 9; ++r) test += std::to_string(2 * r) + ",blue," + std::to_string(3 * r) + "\n";
  const std::string run_folder = path("run"), csv = write("test.csv", test);
  bits({"--data.train=" + write("train.csv", train), "--data.impute=median"}, linear_,
       {"--out=" + run_folder, "--data.standardize_target=true"});
  const std::string by_itself = convert(csv, {}, "alone");
  EXPECT_EQ(run({"evaluate", run_folder, "--data.test=" + by_itself}).code, 65);
  const std::string shards = convert(csv, {"--model.init=" + run_folder}, "by_model");
  const auto scores = [&](const std::string& data) {
    return json_of({"evaluate", run_folder, "--data.test=" + data});
  };
  EXPECT_EQ(scores(shards), scores(csv));
  EXPECT_TRUE(scores(csv).contains("test.rmse"));
  EXPECT_EQ(run({"convert", csv, path("none"), "--model.init=" + path("nowhere")}).code, 66);
}

TEST_F(Shards, ModelsAreAskedAboutShards) {
  write_table(true);
  const std::string shards = convert(path("x.npy"), {"--data.target=" + path("y.npy")});
  const std::string model = path("run");
  bits({"--data.train=" + shards}, linear_, {"--out=" + model});
  const Words files{"--data.test=" + path("x.npy"), "--data.test_target=" + path("y.npy")};
  const Words stored{"--data.test=" + shards};
  const auto asked = [&](Words command, const Words& data) {
    command.insert(command.end(), data.begin(), data.end());
    const Result result = run(command);
    EXPECT_EQ(result.code, 0) << result.err;
    return result.out;
  };
  EXPECT_EQ(asked({"evaluate", model, "--json"}, stored), asked({"evaluate", model, "--json"}, files));
  EXPECT_EQ(asked({"predict", model}, stored), asked({"predict", model}, files));
  asked({"gradients", model, "--output=" + path("a.npy")}, stored);
  asked({"gradients", model, "--output=" + path("b.npy")}, files);
  std::ifstream a(path("a.npy"), std::ios::binary), b(path("b.npy"), std::ios::binary);
  std::stringstream of_stored, of_files;
  of_stored << a.rdbuf(), of_files << b.rdbuf();
  EXPECT_TRUE(of_stored.str() == of_files.str());
  EXPECT_GT(of_stored.str().size(), 600U * 4);
  const Result same =
      run({"verify", "--data.train=" + shards, "--steps=5", "--train.batch_size=16", "--optimizer.lr=0.01"});
  EXPECT_EQ(same.code, 0) << same.err;
}

/// A test set that was converted by itself has a scale of its own; a model's takes its place.
TEST_F(Shards, TestShardsTakeTheScaleOfTheModel) {
  write_table(true);
  const std::string model = path("run");
  const std::string shards = convert(path("x.npy"), {"--data.target=" + path("y.npy")});
  bits({"--data.train=" + shards}, linear_, {"--out=" + model});
  std::vector<float> x, y;
  for (int r = 0; r < 40; ++r) {
    for (int c = 0; c < 5; ++c) x.push_back(cell(r + 1000, c) / 2);
    y.push_back(static_cast<float>(r % 3));
  }
  const std::string few = write("few.npy", npy("<f4", "(40, 5)", x)),
                    labels = write("l.npy", npy("<f4", "(40,)", y));
  const std::string test = convert(few, {"--data.target=" + labels}, "test");
  EXPECT_EQ(json_of({"evaluate", model, "--data.test=" + test}),
            json_of({"evaluate", model, "--data.test=" + few, "--data.test_target=" + labels}));
}

/// Runs in a child, which a signal may end.
pid_t start(const Words& arguments) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  std::ostringstream out, err;
  ::_exit(cli::run(arguments, {out, err}));
}

int end_of(pid_t child) {
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

bool has_ended(pid_t child) {
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT);
  return info.si_pid != 0;
}

/// Kills the run once it has a checkpoint of the step or a later one; false if it ended before.
bool killed_at(std::int64_t step, pid_t run, const std::string& checkpoints) {
  while (!has_ended(run) && newest_step(checkpoints) < step)
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  ::kill(run, SIGKILL);
  const int code = end_of(run);
  EXPECT_THAT(code, testing::AnyOf(0, 1000 + SIGKILL));
  return code != 0;
}

TEST_F(Shards, ARunThatIsKilledGoesOnWithTheSameBits) {
  write_table(true);
  const std::string shards = "--data.train=" + convert(path("x.npy"), {"--data.target=" + path("y.npy")});
  const Words settings{"--train.batch_size=4",       "--train.epochs=6",       "--optimizer.lr=0.01",
                       "--data.order=blocks",        "--data.block_bytes=160", "--data.window_bytes=4000",
                       "--checkpoint.every_steps=3", "--train.threads=1"};
  const std::string expected = bits({shards}, settings, {"--out=" + path("whole")});
  Words command{"train", shards, "--quiet", "--out=" + path("run")};
  command.insert(command.end(), settings.begin(), settings.end());
  std::mt19937 draw(3);
  int kills = 0;
  const std::string checkpoints = path("run/checkpoints");
  for (std::int64_t step = 0; kills < 5; ++kills) {
    step += std::uniform_int_distribution<int>(1, 100)(draw);
    if (!killed_at(step, start(command), checkpoints)) break;
  }
  EXPECT_GT(kills, 1);
  EXPECT_EQ(bits({shards}, settings, {"--out=" + path("run")}), expected);
}

TEST_F(Shards, AShardThatIsCutInTheMiddleOfARunEndsItAndLeavesAValidCheckpoint) {
  std::vector<float> x, y;
  for (int r = 0; r < 12'000; ++r) {
    for (int c = 0; c < 50; ++c) x.push_back(cell(r, c));
    y.push_back(static_cast<float>(r % 2));
  }
  write("x.npy", npy("<f4", "(12000, 50)", x));
  write("y.npy", npy("<f4", "(12000,)", y));
  const std::string shards = convert(path("x.npy"), {"--data.target=" + path("y.npy"), "--shard_mb=1"});
  Config config;
  config.data.train = shards;
  config.data.memory = "1MB";  // the rows take 2.4
  config.out = path("run");
  config.optimizer.lr = 0.01;
  config.train.batch_size = 100;
  config.train.epochs = 20;
  config.checkpoint.every_steps = 5;
  TrainObserver observer;
  observer.progress = [&](const Progress& progress) {
    if (progress.step == 40) std::filesystem::resize_file(shards + "/shard-00001.safetensors", 300'000);
  };
  expect_error<DataError>([&] { train(config, observer); }, {"shard-00001.safetensors: it ended at byte"});
  const Result checkpoints = run({"inspect", path("run"), "--verify"});
  EXPECT_EQ(checkpoints.code, 0) << checkpoints.out << checkpoints.err;
  EXPECT_THAT(checkpoints.out, testing::Not(HasSubstr("0 valid,")));
}

TEST_F(Shards, DamageEndsARunBeforeItsFirstStep) {
  write_table(true);
  const std::string shards = convert(path("x.npy"), {"--data.target=" + path("y.npy")});
  std::fstream shard(shards + "/shard-00000.safetensors", std::ios::in | std::ios::out | std::ios::binary);
  shard.seekp(5000);
  shard.put('\x55');
  shard.close();
  const Result result = run({"train", "--data.train=" + shards, "--optimizer.lr=0.01", "--quiet"});
  EXPECT_EQ(result.code, 65);
  EXPECT_THAT(result.err, HasSubstr("shard-00000.safetensors: damaged"));
}

}  // namespace
}  // namespace thalweg::test
