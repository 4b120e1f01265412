// The private side of a run: how much noise, on how many rows, and what is said of it.
#include "host/run/privacy.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/support/data_files.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

Config config() {
  Config c;
  c.data.standardize = Tristate::no;
  c.train.batch_size = 20;
  c.per_sample.clip_norm = 0.5;
  c.per_sample.noise_multiplier = 2;
  c.per_sample.reproducible_noise = true;
  c.seed = 7;
  return c;
}

Privacy privacy(const Config& c, std::int64_t rows = 500, std::int64_t steps = 100) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(rows));
  std::iota(all.begin(), all.end(), 0);
  return {c, test::number_data(1, {1}, {1}), all, steps};
}

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

TEST(Privacy, DeltaIsATenthOfOneOverTheRowsUnlessItIsGiven) {
  EXPECT_DOUBLE_EQ(privacy(config(), 500).report(1).delta, 0.0002);
  EXPECT_DOUBLE_EQ(privacy(config(), 500).report_delta(), 0.0002);
  Config given = config();
  given.per_sample.delta = 1e-6;
  EXPECT_EQ(privacy(given).report(1).delta, 1e-6);
}

TEST(Privacy, ReportsWhatTheAccountantSaysOfTheStepsTaken) {
  for (const Accountant accountant : {Accountant::rdp, Accountant::prv}) {
    Config c = config();
    c.per_sample.accountant = accountant;
    const PrivacyReport report = privacy(c).report(30);
    const SampledGaussian mechanism{.sampling_rate = 0.04, .noise_multiplier = 2, .steps = 30};
    EXPECT_EQ(report.epsilon, spent_epsilon(accountant, mechanism, 0.0002));
    EXPECT_EQ(report.accountant, name_of(accountant));
    EXPECT_EQ(report.sampling_rate, 0.04);
    EXPECT_EQ(report.noise_multiplier, 2);
    EXPECT_TRUE(report.reproducible_noise);
  }
}

TEST(Privacy, SetsTheLearnersNoiseAndDividesByTheExpectedBatch) {
  LearnerOptions options{.per_sample = per_sample_options(config().per_sample)};
  privacy(config()).set_options(options);
  EXPECT_EQ(options.per_sample.clip_norm, 0.5);
  EXPECT_EQ(options.per_sample.noise_multiplier, 2);
  EXPECT_EQ(options.per_sample.noise_seed, 7u);
  EXPECT_DOUBLE_EQ(options.per_sample.divisor, 20);
  EXPECT_EQ(options.max_batch, 72);  // 20 + 8 sqrt(20), rounded up, and 16
}

TEST(Privacy, TakesItsSeedFromTheSystemUnlessTheNoiseIsToBeReproducible) {
  Config c = config();
  c.per_sample.reproducible_noise = false;
  LearnerOptions one, two;
  privacy(c).set_options(one), privacy(c).set_options(two);
  EXPECT_NE(one.per_sample.noise_seed, two.per_sample.noise_seed);
  EXPECT_NE(one.per_sample.noise_seed, 7u);
}

TEST(Privacy, CarriesModeAndStatisticsToTheLearner) {
  const PerSampleOptions options = per_sample_options(
      {.clip_norm = 3, .mode = ClipMode::per_layer, .noise_multiplier = 9, .statistics = true});
  EXPECT_EQ(options.clip_norm, 3);
  EXPECT_EQ(options.mode, ClipMode::per_layer);
  EXPECT_TRUE(options.statistics);
  EXPECT_EQ(options.noise_multiplier, 0) << "which Privacy sets";
}

TEST(Privacy, SolvesForTheNoiseOfTheEpsilonOverTheWholeRun) {
  Config c = config();
  c.per_sample.noise_multiplier = 0;
  c.per_sample.accountant = Accountant::rdp;
  c.per_sample.delta = 1e-5;
  for (const double epsilon : {2.0, 0.5}) {
    c.per_sample.target_epsilon = epsilon;
    const Privacy solved = privacy(c, 500, 300);
    EXPECT_LE(solved.report(300).epsilon, epsilon);
    EXPECT_GT(solved.report(300).epsilon, 0.98 * epsilon);
    EXPECT_LT(solved.report(100).epsilon, 0.95 * epsilon);
  }
}

TEST(Privacy, SaysWhatIsNotPrivate) {
  const std::string notes = joined(privacy(config()).notes());
  for (const char* words : {"noise multiplier 2", "sampling rate 0.04", "delta 0.0002", "reproducible"})
    EXPECT_NE(notes.find(words), std::string::npos) << notes;
  EXPECT_EQ(notes.find("standardised"), std::string::npos);
  Config accepted = config();
  accepted.data.standardize = Tristate::yes;
  accepted.per_sample.reproducible_noise = false;
  const std::string said = joined(privacy(accepted).notes());
  EXPECT_NE(said.find("epsilon does not cover that"), std::string::npos);
  EXPECT_EQ(said.find("reproducible"), std::string::npos);
}

TEST(Privacy, SaysThatTheMeanOfTheWeightsIsReadFromTheData) {
  Dataset data = test::number_data(1, {1, 2}, {1, 2});
  const auto says_so = [&] {
    return joined(Privacy(config(), data, {0, 1}, 10).notes()).find("divided by their mean") !=
           std::string::npos;
  };
  EXPECT_FALSE(says_so());
  data.weight = {0.5f, 1.5f};
  EXPECT_TRUE(says_so());
}

TEST(Privacy, StandardisingByDefaultIsRefusedWhereTheDataAreDenseFloats) {
  Config c = config();
  c.data.standardize = Tristate::automatic;
  test::expect_error<ConfigError>([&] { privacy(c); }, {"data.standardize=false", "rows by hand"});
  Dataset sparse = test::number_data(1, {1}, {1}), bytes = sparse;
  sparse.sparse = true;
  bytes.dense_f32.clear(), bytes.dense_u8 = {1};
  for (const Dataset& data : {sparse, bytes}) EXPECT_NO_THROW(Privacy(c, data, {0, 1, 2}, 10));
}

TEST(Privacy, WithoutNoiseIsPoissonSamplingAlone) {
  Config c = config();
  c.per_sample.noise_multiplier = 0;
  c.per_sample.sampling = Sampling::poisson;
  c.data.standardize = Tristate::automatic;
  const Privacy plain = privacy(c);
  EXPECT_FALSE(plain.adds_noise());
  EXPECT_TRUE(plain.notes().empty());
  EXPECT_TRUE(privacy(config()).adds_noise());
}

}  // namespace
}  // namespace thalweg
