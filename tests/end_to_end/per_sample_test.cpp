// Private training, statistics, the matrix of gradients and standard errors, as a user asks for them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "host/cli/cli.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

using testing::HasSubstr;

class PerSampleRun : public testing::Test {
 protected:
  struct Outcome {
    int code;
    std::string out, err;
    nlohmann::json json() const { return nlohmann::json::parse(out); }
  };

  Outcome thalweg(const std::vector<std::string>& arguments) {
    std::ostringstream out, err;
    const int code = cli::run(arguments, {out, err});
    return {code, out.str(), err.str()};
  }

  Outcome train(std::vector<std::string> settings) {
    settings.insert(settings.begin(),
                    {"train", "--json", "--data.train=" + data_file("a9a"), "--data.train_rows=0:1000",
                     "--data.features=123", "--model.loss=logistic", "--optimizer.name=sgd",
                     "--optimizer.lr=0.5", "--train.epochs=3", "--train.batch_size=50"});
    return thalweg(settings);
  }

  TemporaryFolder folder_;
};

const std::vector<std::string> kPrivate = {"--per_sample.clip_norm=1", "--per_sample.target_epsilon=3",
                                           "--per_sample.delta=1e-5"};

TEST_F(PerSampleRun, PrivateTrainingSpendsTheEpsilonThatWasAskedFor) {
  const Outcome run = train(kPrivate);
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_LE(run.json()["privacy.epsilon"], 3.0);
  EXPECT_GT(run.json()["privacy.epsilon"], 2.9);
  EXPECT_EQ(run.json()["privacy.sampling_rate"], 0.05);
  EXPECT_EQ(run.json()["privacy.reproducible_noise"], false);
  EXPECT_THAT(run.err, HasSubstr("not private"));
  EXPECT_NE(train(kPrivate).json()["parameters.xxh3"], run.json()["parameters.xxh3"])
      << "the noise comes from the system";
}

TEST_F(PerSampleRun, ReproducibleNoiseGivesTheSameBitsAndSaysThatItIsNotPrivate) {
  std::vector<std::string> settings = kPrivate;
  settings.push_back("--per_sample.reproducible_noise=true");
  const Outcome first = train(settings);
  settings.push_back("--train.threads=1");
  settings.push_back("--train.micro_batch=7");
  EXPECT_EQ(train(settings).json()["parameters.xxh3"], first.json()["parameters.xxh3"]);
  EXPECT_THAT(first.err, HasSubstr("reproducible from the seed: not private"));
}

TEST_F(PerSampleRun, StatisticsAreInTheReportAndChangeNoBit) {
  const Outcome plain = train({}), measured = train({"--per_sample.statistics=true"});
  ASSERT_EQ(measured.code, 0) << measured.err;
  EXPECT_EQ(measured.json()["parameters.xxh3"], plain.json()["parameters.xxh3"]);
  EXPECT_GT(measured.json()["per_sample.norm.p50"], 0.0);
  EXPECT_GT(measured.json()["per_sample.noise_scale"], 1.0);
  EXPECT_LT(measured.json()["per_sample.top_norm.1.row"], 1000);
  EXPECT_FALSE(plain.json().contains("per_sample.norm.p50"));
}

TEST_F(PerSampleRun, StandardisingByTheDataHasToBeSaid) {
  const std::vector<std::string> housing{"train",
                                         "--json",
                                         "--data.train=" + data_file("california_housing.csv"),
                                         "--data.train_rows=0:200",
                                         "--data.target=median_house_value",
                                         "--per_sample.clip_norm=1",
                                         "--per_sample.noise_multiplier=1",
                                         "--train.epochs=1"};
  const Outcome silent = thalweg(housing);
  EXPECT_EQ(silent.code, 78);
  EXPECT_THAT(silent.err, HasSubstr("data.standardize=true to accept"));
  std::vector<std::string> said = housing;
  said.push_back("--data.standardize=true");
  const Outcome accepted = thalweg(said);
  EXPECT_EQ(accepted.code, 0) << accepted.err;
  EXPECT_THAT(accepted.err, HasSubstr("epsilon does not cover that"));
}

TEST_F(PerSampleRun, GradientsOfAllRowsGoToAFile) {
  const std::string run = folder_.path("run"), file = folder_.path("gradients.npy");
  ASSERT_EQ(train({"--out=" + run}).code, 0);
  const Outcome written = thalweg({"gradients", run, "--json", "--data.test=" + data_file("a9a.t"),
                                   "--data.test_rows=0:600", "--output=" + file});
  ASSERT_EQ(written.code, 0) << written.err;
  EXPECT_EQ(written.json()["rows"], 600);
  EXPECT_EQ(written.json()["parameters"], 124);
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  EXPECT_THAT(bytes.substr(0, 128), HasSubstr("(600, 124)"));
  EXPECT_EQ(bytes.size(), 128 + 600 * 124 * sizeof(float));
  EXPECT_EQ(thalweg({"gradients", run, "--data.test=" + data_file("a9a.t"), "--output=g.csv"}).code, 2);
}

TEST_F(PerSampleRun, StandardErrorsAreShownPerCoefficient) {
  const std::string run = folder_.path("run");
  ASSERT_EQ(train({"--out=" + run}).code, 0);
  const Outcome shown = thalweg({"inspect", run, "--standard-errors", "--json"});
  ASSERT_EQ(shown.code, 0) << shown.err;
  const auto output = shown.json()["outputs"][0];
  ASSERT_EQ(output["weights"].size(), 123u);
  EXPECT_EQ(output["weights"][0]["name"], "feature 1");
  EXPECT_GT(output["weights"][0]["standard_error"], 0.0);
  EXPECT_TRUE(output["intercept_standard_error"].is_null()) << "the columns of a category add up to it";
}

}  // namespace
}  // namespace thalweg::test
