// The file of a model as commands find it: damaged, or that of a checkpoint.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "host/checkpoint/checkpoint.hpp"
#include "host/checkpoint/files.hpp"
#include "host/cli/cli.hpp"
#include "tests/support/files.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;
using Words = std::vector<std::string>;

class ModelFiles : public testing::Test {
 protected:
  std::string call(const Words& arguments, int code = 0) {
    std::ostringstream out, err;
    EXPECT_EQ(cli::run(arguments, {out, err}), code) << arguments[0] << ": " << err.str();
    errors_ = err.str();
    return out.str();
  }
  /// y = 2 x, for two epochs of two steps.
  void train(const Words& settings = {}, int code = 0) {
    Words words{"train",
                "--quiet",
                "--data.train=" + data_,
                "--data.standardize=false",
                "--data.standardize_target=false",
                "--train.epochs=2",
                "--train.batch_size=2",
                "--checkpoint.every_epochs=1",
                "--out=" + run_};
    words.insert(words.end(), settings.begin(), settings.end());
    call(words, code);
  }
  /// Changes the last byte of a model, which is of its bias.
  static void damage(const std::string& file) {
    std::string bytes = read_file(file);
    bytes.back() ^= 1;
    overwrite(file, bytes);
  }

  TemporaryFolder folder_;
  const std::string data_ = folder_.write("d.csv", "x,y\n1,2\n2,4\n3,6\n4,8\n");
  const std::string run_ = folder_.path("run"), model_ = run_ + "/model.safetensors";
  std::string errors_;
};

TEST_F(ModelFiles, OneThatIsDamagedIsRefusedByWhateverReadsIt) {
  train();
  damage(model_);
  const std::string test = "--data.test=" + data_;
  for (const Words& command :
       std::vector<Words>{{"predict", run_, test},
                          {"evaluate", run_, test},
                          {"gradients", run_, test, "--output=" + run_ + "/g.npy"},
                          {"inspect", run_},
                          {"inspect", run_, "--weights"},
                          {"export", run_, "--to=" + run_ + "/m.onnx"},
                          {"export", run_, "--to=" + run_ + "/card.md"},
                          {"train", "--data.train=" + data_, "--model.init=" + run_}}) {
    EXPECT_EQ(call(command, 65), "");
    EXPECT_THAT(errors_, HasSubstr("run/model.safetensors: tensor \"layers.0.bias\" has the checksum"));
  }
  EXPECT_FALSE(std::filesystem::exists(run_ + "/m.onnx"));
}

TEST_F(ModelFiles, VerifyNamesADamagedModelBesideItsCheckpoints) {
  train();
  EXPECT_EQ(call({"inspect", model_, "--verify"}), "1 valid, 0 damaged\n");
  damage(model_);
  EXPECT_EQ(call({"inspect", run_, "--verify"}, 65), "2 valid, 1 damaged\n");
  EXPECT_THAT(errors_, HasSubstr("run/model.safetensors: tensor \"layers.0.bias\""));
}

TEST_F(ModelFiles, VerifyReadsEachFold) {
  train({"--data.folds=2"});
  EXPECT_EQ(call({"inspect", run_, "--verify"}), "6 valid, 0 damaged\n");
  damage(run_ + "/fold-1/model.safetensors");
  EXPECT_EQ(call({"inspect", run_, "--verify"}, 65), "5 valid, 1 damaged\n");
  EXPECT_THAT(errors_, HasSubstr("run/fold-1/model.safetensors: tensor"));
}

}  // namespace
}  // namespace thalweg::test
