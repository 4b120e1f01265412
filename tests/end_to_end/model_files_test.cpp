// The file of a model as commands find it: damaged, or that of a checkpoint.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "host/checkpoint/checkpoint.hpp"
#include "host/checkpoint/files.hpp"
#include "tests/support/commands.hpp"
#include "tests/support/files.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;

class ModelFiles : public CommandTest {
 protected:
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

TEST_F(ModelFiles, ACheckpointThatStandsForADivergedRunIsNamedWithItsReason) {
  train({"--optimizer.name=sgd", "--optimizer.lr=1e10"}, 76);
  ASSERT_FALSE(std::filesystem::exists(model_));
  const std::string words =
      "run: the run diverged; the model is that of its newest checkpoint, step 2, epoch 1\n";
  const std::string test = "--data.test=" + data_, why = "step 3 diverged: ";
  for (const Words& command : std::vector<Words>{{"predict", run_, test},
                                                 {"evaluate", run_, test},
                                                 {"gradients", run_, test, "--output=" + run_ + "/g.npy"},
                                                 {"inspect", run_, "--weights"},
                                                 {"export", run_, "--to=" + run_ + "/m.onnx"},
                                                 {"report", run_}}) {
    call(command);
    EXPECT_THAT(errors_, HasSubstr(words)) << command[0];
  }
  const auto seen = nlohmann::json::parse(call({"inspect", run_, "--json"}));
  EXPECT_EQ(seen["stage"], "diverged");
  EXPECT_THAT(std::string(seen["words"]), HasSubstr(why));
  EXPECT_THAT(call({"watch", run_, "--once", "--json"}), HasSubstr(why));
  const std::string page = read_file(run_ + "/report.html");
  EXPECT_THAT(page, HasSubstr("The run diverged: " + why));
  EXPECT_THAT(page, HasSubstr("the model is that of its newest checkpoint, step 2, epoch 1"));
  EXPECT_THAT(read_file(run_ + "/metrics.jsonl"), HasSubstr("{\"step\":2,\"diverged\":\"" + why));
}

TEST_F(ModelFiles, ACheckpointThatStandsForAKilledRunIsNamedUnlessNothingIsToBeSaid) {
  train();
  std::filesystem::remove(model_);
  overwrite(run_ + "/.lock", "pid 1");  // what a run that is killed leaves
  const std::string words =
      "run: the run was killed; the model is that of its newest checkpoint, step 4, epoch 2\n";
  call({"evaluate", run_, "--data.test=" + data_});
  EXPECT_THAT(errors_, HasSubstr(words));
  call({"evaluate", run_, "--data.test=" + data_, "--quiet"});
  EXPECT_EQ(errors_, "");
  damage(run_ + "/checkpoints/step-000000004/state.safetensors");
  call({"evaluate", run_, "--data.test=" + data_});
  EXPECT_THAT(errors_, HasSubstr("step-000000004/state.safetensors: has the checksum"));
  EXPECT_THAT(errors_, HasSubstr("step 2, epoch 1\n"));
  call({"evaluate", run_ + "/checkpoints/step-000000002", "--data.test=" + data_});
  EXPECT_EQ(errors_, "") << "the checkpoint was asked for";
}

TEST_F(ModelFiles, ARunThatLeftItsModelSaysNothingOfCheckpoints) {
  train();
  call({"evaluate", run_, "--data.test=" + data_});
  EXPECT_EQ(errors_, "");
  EXPECT_FALSE(nlohmann::json::parse(call({"inspect", run_, "--json"})).contains("stage"));
}

}  // namespace
}  // namespace thalweg::test
