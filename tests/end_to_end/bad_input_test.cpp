// Every mistake a user can make ends with the documented exit code and an error that says what and where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "host/checkpoint/files.hpp"
#include "host/checkpoint/run_lock.hpp"
#include "host/cli/cli.hpp"
#include "tests/support/pipe.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;

struct Outcome {
  int code;
  std::string out, err;
};

Outcome thalweg_with(const std::vector<std::string>& arguments) {
  std::ostringstream out, err;
  const int code = cli::run(arguments, {out, err});
  return {code, out.str(), err.str()};
}

class BadInput : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& contents) {
    return folder_.write(name, contents);
  }

  Outcome train_on(const std::string& path, std::vector<std::string> settings = {}) {
    settings.insert(settings.begin(), {"train", "--quiet", "--train.epochs=1", "--data.train=" + path});
    return thalweg_with(settings);
  }

  void expect_error(const Outcome& outcome, int code, const std::vector<std::string>& fragments) {
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    for (const std::string& fragment : fragments) EXPECT_THAT(outcome.err, HasSubstr(fragment));
  }

  TemporaryFolder folder_;
};

constexpr int kUsage = 2, kBadData = 65, kNoInput = 66, kDevice = 69, kIo = 74, kDiverged = 76, kConfig = 78;

TEST_F(BadInput, AMissingFileIsNoInput) {
  expect_error(train_on(folder_.path("nowhere.csv")), kNoInput, {"nowhere.csv"});
}

TEST_F(BadInput, AnEmptyFileIsBadData) {
  expect_error(train_on(file("empty.csv", "")), kBadData, {"empty.csv"});
}

TEST_F(BadInput, APipeWithAConfigCannotHoldDataToo) {
  const std::string data = file("d.csv", "a,y\n1,2\n");
  for (const std::string command : {"train", "verify"}) {
    for (const std::string key : {"train", "target", "weight", "test", "test_target"}) {
      const Pipe config("seed = 1\n");
      const std::string setting = "--data." + key + "=" + config.path();
      expect_error(thalweg_with({command, "--quiet", config.path(), "--data.train=" + data, setting}),
                   kConfig, {config.path() + " is wanted twice"});
    }
  }
}

TEST_F(BadInput, ARaggedRowNamesItsLine) {
  expect_error(train_on(file("ragged.csv", "a,b,y\n1,2,3\n4,5\n")), kBadData, {"ragged.csv", "3"});
}

TEST_F(BadInput, TextInANumericColumnNamesLineAndColumn) {
  const std::string data = "a,y\n" + std::string("1,2\n3,4\n") + "5,high\n";
  const Outcome outcome = train_on(file("text.csv", data), {"--model.loss=squared"});
  expect_error(outcome, kBadData, {"text.csv", "4", "y", "high"});
}

TEST_F(BadInput, AMissingValueWithoutImputationNamesThePlace) {
  expect_error(train_on(file("missing.csv", "a,y\n1,2\n,4\n")), kBadData,
               {"missing.csv", "3", "a", "impute"});
}

TEST_F(BadInput, NotANumberAndInfinityNameTheRow) {
  for (const std::string value : {"inf", "-inf", "1e999"}) {
    expect_error(train_on(file("inf.csv", "a,y\n1,2\n" + value + ",4\n")), kBadData, {"inf.csv", "3"});
  }
  expect_error(train_on(file("inf.libsvm", "1 1:2\n0 1:inf\n"), {"--data.format=libsvm"}), kBadData,
               {"inf.libsvm", "2"});
}

TEST_F(BadInput, AnUnknownTargetColumnListsTheNearest) {
  expect_error(train_on(file("t.csv", "size,price\n1,2\n3,4\n"), {"--data.target=prise"}), kConfig,
               {"prise", "price"});
}

TEST_F(BadInput, ALabelOutsideTheClassesSeenInTraining) {
  const std::string train = file("train.csv", "a,y\n1,red\n2,blue\n"),
                    test = file("test.csv", "a,y\n1,green\n");
  expect_error(train_on(train, {"--data.test=" + test}), kBadData, {"test.csv", "green"});
}

TEST_F(BadInput, ANegativeCountForPoissonNamesTheRow) {
  expect_error(train_on(file("p.csv", "a,y\n1,2\n2,-1\n"), {"--model.loss=poisson"}), kBadData,
               {"p.csv", "3", "-1"});
}

TEST_F(BadInput, AnEvaluationRefusesTheTargetsThatTrainingRefuses) {
  const std::string run = folder_.path("run"), counts = file("p.csv", "a,y\n1,2\n2,1\n");
  ASSERT_EQ(train_on(counts, {"--model.loss=poisson", "--out=" + run}).code, 0);
  expect_error(thalweg_with({"evaluate", run, "--data.test=" + file("t.csv", "a,y\n1,2\n2,-3\n")}), kBadData,
               {"t.csv", "3", "-3"});
  EXPECT_EQ(thalweg_with({"evaluate", run, "--data.test=" + counts}).code, 0);
}

TEST_F(BadInput, AnIndexOfZeroInAOneBasedFile) {
  expect_error(train_on(file("z.libsvm", "1 0:2\n"), {"--data.format=libsvm", "--data.index_base=1"}),
               kBadData, {"z.libsvm", "1", "0"});
}

TEST_F(BadInput, UnsortedAndDuplicateIndicesNameTheLine) {
  for (const std::string row : {"1 3:1 2:1\n", "1 2:1 2:1\n"}) {
    expect_error(train_on(file("u.libsvm", "0 1:1\n" + row), {"--data.format=libsvm"}), kBadData,
                 {"u.libsvm", "2"});
  }
}

TEST_F(BadInput, TruncatedIdxAndNpy) {
  const std::string idx("\0\0\x08\x03\0\0\0\x02\0\0\0\x02\0\0\0\x02zzz", 19);
  expect_error(train_on(file("t.idx", idx),
                        {"--data.format=idx", "--data.target=" + data_file("mnist10k-labels-idx1-ubyte.gz")}),
               kBadData, {"t.idx"});
  expect_error(train_on(file("t.npy", "\x93NUMPY\x01"), {"--data.target=" + file("y.npy", "")}), kBadData,
               {".npy"});
}

TEST_F(BadInput, TestRowsOfAnotherWidth) {
  const std::string train = file("train.csv", "a,b,y\n1,2,3\n2,3,4\n"), test = file("test.csv", "a,y\n1,2\n");
  expect_error(train_on(train, {"--data.test=" + test}), kBadData, {"test.csv"});
}

TEST_F(BadInput, ARegressionLossOnClassesAndTheReverse) {
  expect_error(train_on(file("c.csv", "a,y\n1,red\n2,blue\n"), {"--model.loss=squared"}), kBadData, {"red"});
  expect_error(train_on(file("m.csv", "a,y\n1,r\n2,g\n3,b\n"), {"--model.loss=logistic"}), kConfig,
               {"logistic", "3"});
}

TEST_F(BadInput, ABatchSizeOfZeroOrOfTextIsAConfigError) {
  const std::string good = file("good.csv", "a,y\n1,2\n3,4\n");
  expect_error(train_on(good, {"--train.batch_size=0"}), kConfig, {"train.batch_size", "0"});
  expect_error(train_on(good, {"--train.batch_size=many"}), kConfig, {"train.batch_size", "many"});
}

TEST_F(BadInput, ABatchLargerThanTheDataIsOneBatch) {
  const Outcome outcome =
      train_on(file("good.csv", "a,y\n1,2\n3,4\n"), {"--train.batch_size=1000", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("\"steps\": 1,"));
}

TEST_F(BadInput, AnUnknownKeyIsAnsweredWithTheNearest) {
  const std::string good = file("good.csv", "a,y\n1,2\n3,4\n");
  expect_error(train_on(good, {"--train.epoch=3"}), kConfig, {"train.epoch", "train.epochs"});
  const std::string config = file("c.toml", "[train]\nepochz = 3\n");
  expect_error(thalweg_with({"train", config}), kConfig, {"c.toml", "2", "epochz", "epochs"});
}

TEST_F(BadInput, ABrokenConfigFileNamesLineAndColumn) {
  for (const char* broken : {"[[[", "[[[a]]]", "seed = ", "[train\n", "seed = 1\nseed = 2\n"}) {
    expect_error(thalweg_with({"train", file("broken.toml", broken)}), kConfig, {"broken.toml:"});
  }
}

TEST_F(BadInput, AWrongTypeAndAWrongNameAreConfigErrors) {
  const std::string config = file("c.toml", "[train]\nepochs = \"ten\"\n");
  expect_error(thalweg_with({"train", config}), kConfig, {"c.toml", "2", "train.epochs"});
  const std::string good = file("good.csv", "a,y\n1,2\n3,4\n");
  expect_error(train_on(good, {"--optimizer.name=adamm"}), kConfig, {"adamm", "adam"});
  expect_error(train_on(good, {"--model.loss=hing"}), kConfig, {"hing"});
}

TEST_F(BadInput, ContradictorySettingsAreConfigErrors) {
  const std::string good = file("good.csv", "a,y\n1,2\n3,4\n");
  expect_error(train_on(good, {"--model.hidden=4", "--model.normalization=batch", "--train.micro_batch=1"}),
               kConfig, {"batch"});
  expect_error(train_on(data_file("a9a"), {"--data.standardize=true"}), kConfig, {"standardize"});
}

TEST_F(BadInput, AnOutFolderThatCannotBeMadeIsAnIoError) {
  const std::string good = file("good.csv", "a,y\n1,2\n3,4\n"), blocker = file("blocker", "");
  expect_error(train_on(good, {"--out=" + blocker + "/run"}), kIo, {"blocker"});
}

TEST_F(BadInput, AnOutFolderOfAnotherRunIsAnIoError) {
  const std::string data = file("d.csv", "a,y\n1,2\n2,3\n"), out = folder_.path("run");
  ASSERT_EQ(train_on(data, {"--out=" + out}).code, 0);
  const std::string config = read_file(out + "/config.toml"), log = read_file(out + "/metrics.jsonl");
  const RunLock other(out, {});
  for (const char* resume : {"auto", "never"}) {
    expect_error(
        train_on(data, {"--out=" + out, "--train.epochs=2", std::string("--checkpoint.resume=") + resume}),
        kIo, {"another run writes to " + out, "pid"});
  }
  EXPECT_EQ(read_file(out + "/config.toml"), config);
  EXPECT_EQ(read_file(out + "/metrics.jsonl"), log);
  EXPECT_EQ(thalweg_with({"evaluate", out, "--data.test=" + data}).code, 0) << "reading takes no lock";
  EXPECT_EQ(thalweg_with({"inspect", out}).code, 0);
}

TEST_F(BadInput, ADeviceWithoutEndIsRefusedSoon) {
  expect_error(train_on("/dev/zero"), kBadData, {"/dev/zero is binary"});
  expect_error(train_on("/dev/zero", {"--data.format=npy", "--data.target=y"}), kBadData,
               {"/dev/zero is not a npy array"});
  expect_error(train_on("/dev/zero", {"--data.format=npz"}), kBadData, {"/dev/zero"});
  expect_error(thalweg_with({"train", "/dev/zero"}), kConfig, {"config file /dev/zero", "more than 64 MiB"});
}

TEST_F(BadInput, AFullDiskIsAnIoError) {
  const std::string good = file("good.csv", "a,y\n1,2\n3,4\n");
  const Outcome trained = train_on(good, {"--out=" + folder_.path("run")});
  ASSERT_EQ(trained.code, 0) << trained.err;
  const Outcome outcome =
      thalweg_with({"predict", folder_.path("run"), "--data.test=" + good, "--output=/dev/full/p.csv"});
  expect_error(outcome, kIo, {"/dev/full"});
}

TEST_F(BadInput, ResumeRefusesAnotherConfigAndOtherData) {
  const std::string out = "--out=" + folder_.path("run");
  const std::string good = file("good.csv", "a,y\n1,2\n3,4\n");
  ASSERT_EQ(train_on(good, {out}).code, 0);
  expect_error(train_on(good, {out, "--optimizer.lr=0.5"}), kConfig, {"optimizer.lr", "0.5", "never"});
  file("good.csv", "a,y\n1,2\n3,5\n");
  expect_error(train_on(good, {out, "--train.epochs=2"}), kBadData, {"data", "changed"});
  EXPECT_EQ(train_on(good, {out, "--checkpoint.resume=never"}).code, 0);
}

TEST_F(BadInput, ALearningRateThatDivergesNamesTheRowAndKeepsTheLastGoodStep) {
  const std::string good = file("good.csv", "a,y\n100,2\n300,4\n-50,1\n");
  const std::string out = folder_.path("run");
  const Outcome outcome =
      train_on(good, {"--optimizer.name=sgd", "--optimizer.lr=1e18", "--data.standardize=false",
                      "--train.epochs=50", "--out=" + out, "--model.loss=squared"});
  expect_error(outcome, kDiverged, {"good.csv", "step"});
  const Context ctx({.device = "cpu"});
  for (const NamedTensor& tensor : Model::load(ctx, out).parameters()) {
    for (const float value : tensor.values) EXPECT_TRUE(std::isfinite(value)) << tensor.name;
  }
}

TEST_F(BadInput, WrongCommandLinesAreUsageErrors) {
  expect_error(thalweg_with({}), kUsage, {});
  expect_error(thalweg_with({"trian"}), kUsage, {});
  expect_error(thalweg_with({"train"}), kUsage, {"--data.train"});
  expect_error(thalweg_with({"evaluate"}), kUsage, {"model"});
  expect_error(thalweg_with({"train", "--data.train"}), kUsage, {"--data.train"});
  expect_error(thalweg_with({"completion", "tcsh"}), kUsage, {"tcsh"});
}

TEST_F(BadInput, AModelThatIsNotThereAndOneThatIsNone) {
  expect_error(thalweg_with({"inspect", folder_.path("nothing")}), kNoInput, {"nothing"});
  const std::string broken = file("model.safetensors", "not a model");
  expect_error(thalweg_with({"inspect", broken}), kBadData, {"model.safetensors"});
}

TEST_F(BadInput, ADeviceThatIsNotThereIsNamed) {
  const std::string good = file("good.csv", "a,y\n1,2\n3,4\n");
  expect_error(train_on(good, {"--device=cpu:sse9"}), kDevice, {"cpu:sse9", "reference"});
  expect_error(train_on(good, {"--device=tpu"}), kConfig, {"tpu", "reference"});
}

}  // namespace
}  // namespace thalweg::test
