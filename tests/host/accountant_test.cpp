// The accountants against Opacus' recorded ones, and against what is known in closed form.
#include "host/privacy/accountant.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/privacy/fft.hpp"
#include "host/privacy/poisson_sampler.hpp"
#include "tests/support/json_data.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

TEST(Accountant, AgreesWithOpacusWithinOnePercentOnTwentySettings) {
  const auto recorded = test::read_test_data("opacus_epsilon.json");
  ASSERT_EQ(recorded["settings"].size(), 20u);
  for (const auto& entry : recorded["settings"]) {
    const SampledGaussian mechanism{entry["sampling_rate"].get<double>(),
                                    entry["noise_multiplier"].get<double>(),
                                    entry["steps"].get<std::int64_t>()};
    const double delta = entry["delta"], rdp = entry["rdp"], prv = entry["prv"];
    EXPECT_NEAR(rdp_epsilon(mechanism, delta), rdp, 0.01 * rdp) << entry;
    EXPECT_NEAR(prv_epsilon(mechanism, delta), prv, 0.01 * prv) << entry;
  }
}

/// delta(epsilon) of one Gaussian release of sensitivity 1 (Balle and Wang, "Improving the Gaussian
/// mechanism", 2018, theorem 8).
double gaussian_delta(double sigma, double epsilon) {
  const auto normal = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
  return normal(0.5 / sigma - epsilon * sigma) - std::exp(epsilon) * normal(-0.5 / sigma - epsilon * sigma);
}

TEST(Accountant, MeetsTheClosedFormOfTheGaussianMechanismWithoutSampling) {
  for (const auto& [sigma, steps] : {std::pair{4.0, 1}, {8.0, 16}, {20.0, 25}}) {
    const double one = sigma / std::sqrt(steps);  // so many releases are one of less noise
    const double spent = prv_epsilon({1.0, sigma, steps}, 1e-5);
    EXPECT_LE(gaussian_delta(one, spent), 1e-5) << sigma;
    EXPECT_GE(gaussian_delta(one, spent - 0.021), 1e-5) << sigma;
    EXPECT_GE(rdp_epsilon({1.0, sigma, steps}, 1e-5), spent - 0.021) << sigma;
  }
}

TEST(Accountant, LiesAboveTheClosedFormByItsStatedErrorsAndNoMore) {
  // Gopi et al. 2021, theorem 5.5: epsilon's error is 0.01, delta's a thousandth of delta. The solutions of
  // gaussian_delta(sigma, epsilon) = 0.999e-5 for sigma 4 and 2, by bisection:
  constexpr double kOf4 = 0.92640343, kOf2 = 1.99321127;
  // A cell of the grid, h = 0.01 / sqrt(log(12e8) / 2) = 0.0031 wide, has its mass in the middle, which moves
  // epsilon by at most h^2 / 8 times the slope of log delta, 16.2 and 8.3: 2e-5. Leaving out delta's error
  // would move it by 0.001 over the slope: 6e-5.
  constexpr double kGrid = 2e-5;
  EXPECT_NEAR(prv_epsilon({1.0, 4, 1}, 1e-5) - 0.01, kOf4, kGrid);
  EXPECT_NEAR(prv_epsilon({1.0, 8, 16}, 1e-5) - 0.01, kOf2, kGrid);
  EXPECT_NEAR(prv_epsilon({1.0, 20, 25}, 1e-5) - 0.01, kOf4, kGrid);
}

TEST(Accountant, FindsTheBestRenyiOrderAlsoWhereNoiseIsMuch) {
  // Without sampling the divergence at order a is a / (2 sigma^2) (Mironov et al. 2019), and Balle et al.
  // 2020 make epsilon = a / (2 sigma^2) - (log delta + log a) / (a - 1) + log(1 - 1 / a) of it; with
  // sampling, the paper's binomial sum. Carried out in Python with 60 digits, of the orders 2 to 10, 12 to 63
  // and powers of two to 1024 the best are:
  struct Known {
    SampledGaussian mechanism;
    double epsilon;
  };
  for (const auto& [mechanism, epsilon] : {Known{{1.0, 20, 1}, 0.180982474486},         // order 64
                                           Known{{1.0, 30, 1}, 0.115715927359},         // 128
                                           Known{{1.0, 100, 1}, 0.0322890340926},       // 256
                                           Known{{1.0, 300, 1}, 0.00919029856596},      // 1024
                                           Known{{0.02, 20, 100}, 0.0324675719018},     // 256
                                           Known{{0.01, 20, 10}, 0.00481663614741}}) {  // 1024
    EXPECT_NEAR(rdp_epsilon(mechanism, 1e-5), epsilon, 1e-9 * epsilon) << mechanism.noise_multiplier;
  }
}

TEST(Accountant, ConsidersRenyiOrdersInTenthsFromOneToElevenAndTheWholeOnesFromTwelve) {
  // The same closed form of one step without sampling, carried out in Python with 30 digits.
  EXPECT_NEAR(rdp_epsilon({1.0, 0.02, 1}, 1e-5), 1486.7782575789, 1e-9) << "order 1.1";
  EXPECT_NEAR(rdp_epsilon({1.0, 2.4, 1}, 1e-5), 1.7715851169696, 1e-12) << "order 10.9; 11 would be better";
  EXPECT_NEAR(rdp_epsilon({1.0, 2.5, 1}, 1e-5), 1.6937176062088, 1e-12) << "order 12";
}

TEST(Accountant, FindsTheBestRenyiOrderBetweenWholeOnes) {
  // Mironov et al. 2019, equation 2: the integral of (1 - q + q exp((2 x - 1) / (2 sigma^2)))^a under a
  // normal density of deviation sigma, by Simpson's rule in Python, which the paper's series equals; the
  // conversion as above, at the best order of whole tenths.
  struct Known {
    SampledGaussian mechanism;
    double epsilon;
  };
  for (const auto& [mechanism, epsilon] : {Known{{0.05, 0.8, 200}, 8.73182993238},  // order 2.9
                                           Known{{0.02, 0.6, 500}, 11.8170796491},  // 2.4
                                           Known{{0.01, 0.5, 50}, 7.05009710596},   // 2.7
                                           Known{{0.1, 1.0, 100}, 7.89925500244},   // 3.2
                                           Known{{0.01, 1.0, 500}, 1.65287609399},  // 8.2
                                           Known{{0.01, 1.1, 300}, 1.14972435158},  // 10.3
                                           // far into the tails of the error function; by Gauss and Legendre
                                           Known{{0.01, 0.15, 1}, 40.634245042124},    // 1.5
                                           Known{{0.01, 0.2, 5}, 39.220146452792},     // 1.4
                                           Known{{0.2, 0.3, 3}, 31.454771881803},      // 1.6
                                           Known{{0.5, 0.3, 3000}, 8847.12394844673},  // 1.1
                                           Known{{0.3, 0.15, 2}, 80.482847265623}}) {  // 1.4
    EXPECT_NEAR(rdp_epsilon(mechanism, 1e-5), epsilon, 1e-9 * epsilon) << mechanism.noise_multiplier;
  }
}

TEST(Accountant, SpendsNothingInNoStepsAndEverythingWithoutNoise) {
  for (const Accountant accountant : {Accountant::rdp, Accountant::prv}) {
    EXPECT_EQ(spent_epsilon(accountant, {0.01, 1.0, 0}, 1e-5), 0);
    EXPECT_EQ(spent_epsilon(accountant, {0.0, 1.0, 10}, 1e-5), 0) << "no row is ever drawn";
    EXPECT_TRUE(std::isinf(spent_epsilon(accountant, {0.01, 0.0, 10}, 1e-5)));
    EXPECT_TRUE(std::isinf(spent_epsilon(accountant, {0.01, 1.0, 10}, 0.0)));
  }
}

TEST(Accountant, SolvesForTheLeastNoiseThatMeetsTheTarget) {
  for (const Accountant accountant : {Accountant::rdp, Accountant::prv}) {
    const double noise = solve_noise_multiplier(accountant, 3.0, 1e-5, 0.02, 500);
    EXPECT_LE(spent_epsilon(accountant, {0.02, noise, 500}, 1e-5), 3.0);
    EXPECT_GT(spent_epsilon(accountant, {0.02, noise * 0.995, 500}, 1e-5), 3.0);
  }
}

TEST(Accountant, SaysWhichTargetNoNoiseMeets) {
  try {
    solve_noise_multiplier(Accountant::rdp, 1e-9, 1e-5, 0.5, 1000000);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "per_sample.target_epsilon = 1e-09 cannot be met with delta = 1e-05, 1000000 steps and a "
                 "sampling rate of 0.5; raise it, or take fewer steps or smaller batches");
  }
}

TEST(Accountant, SpendsItsOwnErrorWhereDeltaAllowsAll) {
  EXPECT_EQ(prv_epsilon({0.01, 4.0, 1}, 0.999), 0.01);
}

/// A large epsilon, and one of which the numerical accountant's error is a fifth, so that it asks for more
/// noise than the Renyi accountant.
TEST(Accountant, SolvesForNoiseFarBelowOneAndFarAboveIt) {
  const auto expect_least = [](Accountant accountant, double epsilon, double low, double high) {
    const double noise = solve_noise_multiplier(accountant, epsilon, 1e-5, 0.02, 2);
    EXPECT_LE(spent_epsilon(accountant, {0.02, noise, 2}, 1e-5), epsilon);
    EXPECT_GT(spent_epsilon(accountant, {0.02, noise * 0.998, 2}, 1e-5), epsilon);
    EXPECT_GT(noise, low);
    EXPECT_LT(noise, high);
  };
  expect_least(Accountant::rdp, 40, 0.1, 0.4);
  expect_least(Accountant::rdp, 8, 0.3, 0.7);
  expect_least(Accountant::prv, 8, 0.3, 0.7);
  expect_least(Accountant::prv, 0.05, 2, 8);
  expect_least(Accountant::prv, 0.011, 8, 400);
}

TEST(FourierTransform, OfAShiftedPulseTurnsAndComesBack) {
  std::vector<std::complex<double>> values(64);
  values[3] = 1.0;
  fourier_transform(values, Transform::forward);
  for (std::size_t k = 0; k < 64; ++k) {
    EXPECT_LT(std::abs(values[k] - std::polar(1.0, -2 * M_PI * 3 * static_cast<double>(k) / 64)), 1e-14);
  }
  fourier_transform(values, Transform::inverse);
  for (std::size_t k = 0; k < 64; ++k) EXPECT_NEAR(values[k].real(), k == 3 ? 1.0 : 0.0, 1e-15);
}

TEST(PoissonSampler, TakesEachRowWithTheRateIndependently) {
  std::vector<std::int64_t> rows(1000);
  std::iota(rows.begin(), rows.end(), 5000);
  const PoissonSampler sampler(rows, 50, 3);
  EXPECT_DOUBLE_EQ(sampler.rate(), 0.05);
  std::vector<double> times(1000);
  double total = 0, squares = 0;
  const int steps = 2000;
  for (int step = 1; step <= steps; ++step) {
    const auto drawn = sampler.rows(static_cast<std::uint64_t>(step));
    ASSERT_LE(static_cast<std::int64_t>(drawn.size()), sampler.capacity());
    EXPECT_TRUE(std::is_sorted(drawn.begin(), drawn.end()));
    for (const std::int64_t row : drawn) times[static_cast<std::size_t>(row - 5000)] += 1;
    total += static_cast<double>(drawn.size()), squares += std::pow(static_cast<double>(drawn.size()), 2);
  }
  const double mean = total / steps, variance = squares / steps - mean * mean;
  EXPECT_NEAR(mean, 50, 5 * std::sqrt(47.5 / steps));
  EXPECT_NEAR(variance, 47.5, 5 * 47.5 * std::sqrt(2.0 / steps));
  for (const double count : times) EXPECT_NEAR(count, 100, 6 * std::sqrt(95.0));
  EXPECT_EQ(sampler.rows(7), PoissonSampler(rows, 50, 3).rows(7));
  EXPECT_NE(sampler.rows(7), PoissonSampler(rows, 50, 4).rows(7));
}

TEST(PoissonSampler, HasRoomForTheMeanEightDeviationsAndAFew) {
  std::vector<std::int64_t> rows(10000);
  std::iota(rows.begin(), rows.end(), 0);
  EXPECT_EQ(PoissonSampler(rows, 400, 1).capacity(), 400 + 8 * 20 + 16);
  EXPECT_EQ(PoissonSampler(rows, 2, 1).capacity(), 2 + 12 + 16) << "8 sqrt(2) is 11.3";
  EXPECT_EQ(PoissonSampler(rows, 9990, 1).capacity(), 10000) << "there are no more rows";
  EXPECT_EQ(PoissonSampler(rows, 20000, 1).rate(), 1);
}

TEST(PoissonSampler, DrawsAnewInEveryStepHoweverFarTheRun) {
  std::vector<std::int64_t> rows(1000);
  std::iota(rows.begin(), rows.end(), 0);
  const PoissonSampler sampler(rows, 50, 3);
  EXPECT_NE(sampler.rows(7), sampler.rows(8));
  EXPECT_NE(sampler.rows(7), sampler.rows(7 + (std::uint64_t{1} << 32)));
}

TEST(PoissonSampler, TakesTheRowsWhoseWordsTheirPageDefines) {
  // docs/numerics.md, "Random numbers", carried out in Python: seed 3, step 2^33 + 5, rate 1 / 4.
  std::vector<std::int64_t> rows(24);
  std::iota(rows.begin(), rows.end(), 100);
  EXPECT_EQ(PoissonSampler(rows, 6, 3).rows((std::uint64_t{1} << 33) + 5),
            (std::vector<std::int64_t>{104, 106, 108, 109, 112, 123}));
}

TEST(SystemSeed, IsAnotherEachTimeInBothHalves) {
  const std::uint64_t one = system_seed(), two = system_seed();
  EXPECT_NE(one >> 32, two >> 32);
  EXPECT_NE(one & 0xffffffffu, two & 0xffffffffu);
}

TEST(PoissonSampler, TakesEveryRowAtRateOneAndSometimesNone) {
  const std::vector<std::int64_t> rows{2, 4, 6};
  EXPECT_EQ(PoissonSampler(rows, 9, 1).rows(1), rows);
  const PoissonSampler rare({1, 2, 3, 4, 5, 6, 7, 8}, 1, 1);
  int empty = 0;
  for (std::uint64_t step = 1; step <= 100; ++step) empty += rare.rows(step).empty();
  EXPECT_GT(empty, 10);
}

}  // namespace
}  // namespace thalweg
