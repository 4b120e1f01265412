// The update op on every device: one step of every rule against double, equal bits, what stays untouched.
#include "kernels/update/update.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "host/runtime/device_of.hpp"
#include "tests/support/optimizer_problem.hpp"

namespace thalweg {
namespace {

/// Arenas of a few segments in two groups, with values between the used elements and the padded size that an
/// update must leave alone.
struct Arena {
  std::vector<UpdateSegment> segments;
  std::vector<float> param, grad, state[kMaxStates], average;
};

Arena make_arena(const std::vector<std::int64_t>& sizes) {
  Arena a;
  std::int64_t offset = 0;
  for (std::int64_t used : sizes) {
    const std::int64_t size = (used + kSegmentAlign - 1) / kSegmentAlign * kSegmentAlign;
    const auto group = static_cast<std::int32_t>(a.segments.size() % 2);
    a.segments.push_back({.offset = offset, .size = size, .used = used, .group = group});
    offset += size;
  }
  a.param = test::random_floats(offset, 1);
  a.grad = test::random_floats(offset, 2);
  a.state[0] = test::random_floats(offset, 3, 0.5f, 1.0f);  // sums of squares and averages: away from zero
  a.state[1] = test::random_floats(offset, 4, 0.5f, 1.0f);
  a.state[2] = test::random_floats(offset, 5, 0.5f, 1.0f);
  a.average = test::random_floats(offset, 6);
  return a;
}

UpdateScalars make_scalars(Rule rule) {
  UpdateScalars s{.beta1 = 0.875f,
                  .one_minus_beta1 = 0.125f,
                  .one_minus_beta2 = 0.03125f,
                  .eps = 1e-3f,
                  .beta = 0.5f,
                  .step_size_factor = 1.25f,
                  .denom_scale = 1.5f,
                  .extrapolate = 0.5f,
                  .average_rate = 0.25f};
  s.group[0] = {.lr = 0.1f, .decay = 0.01f, .l2 = 0.2f, .shrink = 0.004f, .lower = -0.5f, .upper = 0.75f};
  s.group[0].constraint = Constraint::box;
  s.group[1] = {.lr = 0.3f};
  if (rule == Rule::ftrl) s.group[0].ftrl_l1 = 0.7f, s.group[0].ftrl_l2 = 0.3f;
  return s;
}

struct Outcome {
  std::vector<float> param, state[kMaxStates], average;
};

Outcome run_step(const std::string& device, int threads, Rule rule, const Arena& a,
                 const UpdateScalars& scalars, float grad_scale,
                 const std::vector<std::int32_t>* features = nullptr, std::int64_t in_features = 0,
                 std::int64_t outputs = 0, std::optional<float> squared_norm = std::nullopt) {
  const Context& ctx = test::context_of(device, threads);
  const test::Guarded<float> param(ctx, a.param), grad(ctx, a.grad), average(ctx, a.average);
  const test::Guarded<float> state[] = {{ctx, a.state[0]}, {ctx, a.state[1]}, {ctx, a.state[2]}};
  const test::Guarded<float> scale(ctx, std::vector<float>{grad_scale, squared_norm.value_or(0.0f)});
  const test::Guarded<std::uint8_t> bytes(ctx, test::SmallOptimizer::bytes_of(scalars));
  const std::vector<std::int32_t> none;
  const test::Guarded<std::int32_t> list(ctx, features != nullptr ? *features : none);
  const auto length = static_cast<std::int64_t>(features != nullptr ? features->size() : 0);
  const test::Guarded<std::int64_t> count(ctx, std::vector<std::int64_t>{length});
  UpdateArgs args{.rule = rule,
                  .segments = a.segments.data(),
                  .segment_count = static_cast<int>(a.segments.size()),
                  .scalars = reinterpret_cast<const UpdateScalars*>(bytes.data()),
                  .grad_scale = scale.data(),
                  .squared_norm = squared_norm ? scale.data() + 1 : nullptr,
                  .param = param.data(),
                  .grad = grad.data(),
                  .average = average.data()};
  for (int k = 0; k < state_count(rule); ++k) args.state[k] = state[k].data();
  if (features != nullptr)
    args.touched = {list.data(), count.data(), length + 5, in_features, outputs, a.segments[0].offset};
  backend_of(ctx).update.step(device_of(ctx), args);
  return {
      param.download(), {state[0].download(), state[1].download(), state[2].download()}, average.download()};
}

/// One element in double, and the size of the terms that its roundings act on.
struct Expected {
  double param, state[kMaxStates], average;
  double terms;        ///< |param| plus the step with every sum taken over absolute values
  double state_terms;  ///< the same for the states
  bool undecided;      ///< the sign of the direction is a matter of rounding
};

double sign_of(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

Expected expect_element(Rule rule, const UpdateScalars& s, const GroupScalars& group, double scale, double w0,
                        double grad, const double (&before)[kMaxStates], double average) {
  Expected e{.param = w0 * (1 - group.decay), .state = {before[0], before[1], before[2]}};
  const double g = grad * scale + group.l2 * w0, abs_g = std::abs(grad * scale) + std::abs(group.l2 * w0);
  const double lr = group.lr, b1 = 1 - double{s.one_minus_beta1}, b2 = 1 - double{s.one_minus_beta2};
  const double mu = s.beta1;
  double step = 0, abs_step = 0;
  double& first = e.state[0];
  double& second = e.state[1];
  e.state_terms = abs_g + abs_g * abs_g + std::abs(first) + std::abs(second);
  switch (rule) {
    case Rule::sgd:
      step = lr * g, abs_step = lr * abs_g;
      break;
    case Rule::momentum:
      first = mu * first + g;
      step = lr * first, abs_step = lr * (mu * std::abs(before[0]) + abs_g);
      break;
    case Rule::nesterov:
      first = mu * first + g;
      step = lr * (g + mu * first), abs_step = lr * (abs_g + mu * (mu * std::abs(before[0]) + abs_g));
      break;
    case Rule::adagrad:
    case Rule::rmsprop:
      first = rule == Rule::adagrad ? first + g * g : b2 * first + (1 - b2) * g * g;
      step = lr * g / (std::sqrt(first) + s.eps), abs_step = lr * abs_g / std::sqrt(first);
      break;
    case Rule::adam:
    case Rule::adamw:
    case Rule::amsgrad: {
      first = b1 * first + (1 - b1) * g;
      second = b2 * second + (1 - b2) * g * g;
      e.state[2] = rule == Rule::amsgrad ? std::max(e.state[2], second) : e.state[2];
      const double root = std::sqrt(rule == Rule::amsgrad ? e.state[2] : second) * s.denom_scale;
      step = lr * s.step_size_factor * first / (root + s.eps);
      abs_step = lr * s.step_size_factor * (std::abs(before[0]) + abs_g) / root;
      break;
    }
    case Rule::sign:
      step = abs_step = lr * sign_of(g);
      e.undecided = std::abs(g) < test::gamma_bound(8) * abs_g;
      break;
    case Rule::lion: {
      const double direction = b1 * first + (1 - b1) * g;
      step = abs_step = lr * sign_of(direction);
      e.undecided = std::abs(direction) < test::gamma_bound(8) * (std::abs(before[0]) + abs_g);
      first = b2 * first + (1 - b2) * g;
      break;
    }
    case Rule::adams_bashforth:
      step = lr * (1.5 * g - 0.5 * first), abs_step = lr * (1.5 * abs_g + 0.5 * std::abs(first));
      first = g;
      break;
    case Rule::ftrl: {
      const double sigma = (std::sqrt(second + g * g) - std::sqrt(second)) / lr;
      first += g - sigma * e.param;
      second += g * g;
      const double penalty = (s.beta + std::sqrt(second)) / lr + group.ftrl_l2;
      const double solved = -sign_of(first) * std::max(0.0, std::abs(first) - group.ftrl_l1) / penalty;
      e.state_terms += 4 * std::sqrt(second) / lr * std::abs(w0);  // sigma is a difference of roots
      step = e.param - solved, abs_step = (e.state_terms + group.ftrl_l1) / penalty;
      break;
    }
  }
  const double moved = e.param - step;
  e.param = sign_of(moved) * std::max(0.0, std::abs(moved) - group.shrink);
  if (group.constraint == Constraint::box)
    e.param = std::clamp(e.param, double{group.lower}, double{group.upper});
  e.terms = std::abs(w0) + std::abs(abs_step) + group.shrink;
  e.average = average + s.average_rate * (e.param - average);
  return e;
}

class UpdateTest : public testing::TestWithParam<std::string> {};

TEST_P(UpdateTest, OneStepOfEveryRuleMatchesDoubleWithinItsRoundings) {
  // The longest path from the inputs to a parameter is Adam's, 18 roundings: two for g, four more through its
  // square, a root, two more to the denominator, two for m, the division, the rate, the step, decay,
  // threshold and average. The terms bound what each of them acts on.
  const double bound = test::gamma_bound(20);
  const Arena a = make_arena({33, 1000, 127, 2500, 1});
  for (const auto& [rule, text] : kNames<Rule>) {
    const UpdateScalars scalars = make_scalars(rule);
    const Outcome got = run_step(GetParam(), 2, rule, a, scalars, 0.7f);
    int undecided = 0;
    for (const UpdateSegment& segment : a.segments) {
      for (std::int64_t i = segment.offset; i < segment.offset + segment.used; ++i) {
        const double before[] = {a.state[0][i], a.state[1][i], a.state[2][i]};
        const Expected want = expect_element(rule, scalars, scalars.group[segment.group], 0.7f, a.param[i],
                                             a.grad[i], before, a.average[i]);
        const auto where =
            "rule " + std::to_string(static_cast<int>(rule)) + ", element " + std::to_string(i);
        for (int k = 0; k < state_count(rule); ++k)
          ASSERT_NEAR(got.state[k][i], want.state[k], bound * want.state_terms) << where << ", state " << k;
        undecided += want.undecided ? 1 : 0;
        if (want.undecided) continue;
        ASSERT_NEAR(got.param[i], want.param, bound * want.terms) << where;
        ASSERT_NEAR(got.average[i], want.average, bound * (want.terms + std::abs(a.average[i]))) << where;
      }
    }
    EXPECT_LE(undecided, 5);
  }
}

TEST_P(UpdateTest, PaddingIsNeitherReadNorWritten) {
  Arena a = make_arena({0, 3, 1024, 257});
  for (const UpdateSegment& segment : a.segments)
    for (std::int64_t i = segment.offset + segment.used; i < segment.offset + segment.size; ++i)
      a.param[i] = a.grad[i] = a.state[0][i] = a.average[i] = std::nanf("");
  const Outcome got = run_step(GetParam(), 2, Rule::adam, a, make_scalars(Rule::adam), 1.0f);
  for (const UpdateSegment& segment : a.segments) {
    for (std::int64_t i = segment.offset; i < segment.offset + segment.size; ++i) {
      const bool used = i < segment.offset + segment.used;
      ASSERT_EQ(std::isnan(got.param[i]), !used) << i;
      ASSERT_EQ(got.state[1][i] == a.state[1][i], !used) << i;
    }
  }
}

TEST_P(UpdateTest, TouchedElementsMoveAsInTheWholeUpdateAndTheOthersRest) {
  constexpr std::int64_t kInputs = 700, kOutputs = 3;
  const Arena a = make_arena({kInputs * kOutputs});
  std::vector<std::int32_t> features;
  for (std::int32_t f = 0; f < kInputs; f += 1 + f % 3) features.push_back(f);
  for (const auto& [rule, text] : kNames<Rule>) {
    const UpdateScalars scalars = make_scalars(rule);
    const Outcome whole = run_step(GetParam(), 2, rule, a, scalars, 0.7f);
    const Outcome lazy = run_step(GetParam(), 2, rule, a, scalars, 0.7f, &features, kInputs, kOutputs);
    std::vector<float> want = a.param, want_state = a.state[0], want_average = a.average;
    for (std::int64_t o = 0; o < kOutputs; ++o) {
      for (std::int32_t f : features) {
        const auto i = static_cast<std::size_t>(o * kInputs + f);
        want[i] = whole.param[i], want_state[i] = whole.state[0][i], want_average[i] = whole.average[i];
      }
    }
    test::expect_same_bits(lazy.param, want, "param");
    test::expect_same_bits(lazy.state[0], want_state, "state");
    test::expect_same_bits(lazy.average, want_average, "average");
  }
  features.clear();
  const Outcome idle =
      run_step(GetParam(), 2, Rule::adam, a, make_scalars(Rule::adam), 0.7f, &features, kInputs, kOutputs);
  test::expect_same_bits(idle.param, a.param, "nothing touched");
}

TEST_P(UpdateTest, TouchedElementsAreUpdatedToTheLastWhereverTheirSegmentBegins) {
  for (const std::int64_t count : {1, 63, 64, 65, 511, 512, 513, 1025}) {
    Arena a = make_arena({100, 2 * count});
    a.segments.erase(a.segments.begin());
    std::vector<std::int32_t> features;
    for (std::int32_t f = 0; f < count; ++f) features.push_back(2 * f + 1);
    const UpdateScalars scalars = make_scalars(Rule::amsgrad);
    const Outcome whole = run_step(GetParam(), 2, Rule::amsgrad, a, scalars, 0.7f);
    const Outcome lazy = run_step(GetParam(), 2, Rule::amsgrad, a, scalars, 0.7f, &features, 2 * count, 1);
    Outcome want{a.param, {a.state[0], a.state[1], a.state[2]}, a.average};
    for (std::int32_t f : features) {
      const auto i = static_cast<std::size_t>(a.segments[0].offset + f);
      want.param[i] = whole.param[i], want.average[i] = whole.average[i];
      for (int k = 0; k < kMaxStates; ++k) want.state[k][i] = whole.state[k][i];
    }
    test::expect_same_bits(lazy.param, want.param, "param of " + std::to_string(count));
    test::expect_same_bits(lazy.average, want.average, "average");
    for (int k = 0; k < kMaxStates; ++k) test::expect_same_bits(lazy.state[k], want.state[k], "state");
  }
}

TEST_P(UpdateTest, ASquaredNormThatIsNotFiniteLeavesEverythingAlone) {
  const Arena a = make_arena({1500, 7});
  const Arena one = make_arena({700 * 2});
  const std::vector<std::int32_t> features = {0, 3, 699};
  const UpdateScalars scalars = make_scalars(Rule::adam);
  const auto step = [&](std::optional<float> norm) {
    return run_step(GetParam(), 2, Rule::adam, a, scalars, 0.7f, nullptr, 0, 0, norm);
  };
  const auto lazy_step = [&](std::optional<float> norm) {
    return run_step(GetParam(), 2, Rule::adam, one, scalars, 0.7f, &features, 700, 2, norm);
  };
  for (float norm : {std::nanf(""), HUGE_VALF}) {
    for (const auto& [got, before] : {std::pair(step(norm), &a), std::pair(lazy_step(norm), &one)}) {
      test::expect_same_bits(got.param, before->param, "param");
      for (int k = 0; k < 2; ++k) test::expect_same_bits(got.state[k], before->state[k], "state");
      test::expect_same_bits(got.average, before->average, "average");
    }
  }
  for (float norm : {0.0f, 1e30f}) {
    test::expect_same_bits(step(norm).param, step(std::nullopt).param, "finite");
    test::expect_same_bits(lazy_step(norm).param, lazy_step(std::nullopt).param, "finite, touched");
  }
  EXPECT_NE(step(1.0f).param, a.param);
  EXPECT_NE(lazy_step(1.0f).param, one.param);
}

TEST_P(UpdateTest, EachArenaMayBeginAtAnyFloat) {
  const Context& ctx = test::context_of(GetParam(), 2);
  const Arena a = make_arena({300});
  const UpdateScalars scalars = make_scalars(Rule::amsgrad);
  const Outcome want = run_step(GetParam(), 2, Rule::amsgrad, a, scalars, 1.0f);
  const test::Guarded<std::uint8_t> bytes(ctx, test::SmallOptimizer::bytes_of(scalars));
  const std::vector<float>* const arenas[] = {&a.param,    &a.grad,     &a.state[0],
                                              &a.state[1], &a.state[2], &a.average};
  for (std::size_t shifted = 0; shifted < 6; ++shifted) {
    std::vector<test::Guarded<float>> placed;
    for (std::size_t k = 0; k < 6; ++k) {
      std::vector<float> values(k == shifted ? 1 : 0, 7.0f);
      values.insert(values.end(), arenas[k]->begin(), arenas[k]->end());
      placed.emplace_back(ctx, values);
    }
    const auto at = [&](std::size_t k) { return placed[k].data() + (k == shifted ? 1 : 0); };
    backend_of(ctx).update.step(device_of(ctx),
                                {.rule = Rule::amsgrad,
                                 .segments = a.segments.data(),
                                 .segment_count = 1,
                                 .scalars = reinterpret_cast<const UpdateScalars*>(bytes.data()),
                                 .param = at(0),
                                 .grad = at(1),
                                 .state = {at(2), at(3), at(4)},
                                 .average = at(5)});
    std::vector<float> param = placed[0].download();
    if (shifted == 0) param.erase(param.begin());
    test::expect_same_bits(param, want.param, "arena " + std::to_string(shifted));
  }
}

TEST_P(UpdateTest, ArenasOfManySegmentsAreUpdatedToTheLast) {
  std::vector<std::int64_t> sizes;
  for (std::int64_t i = 0; i < 600; ++i) sizes.push_back(i % 5 == 4 ? 0 : 1 + i % 3);
  const Arena a = make_arena(sizes);
  const Outcome got = run_step(GetParam(), 2, Rule::sgd, a, make_scalars(Rule::sgd), 1.0f);
  for (const UpdateSegment& segment : a.segments) {
    for (std::int64_t i = segment.offset; i < segment.offset + segment.size; ++i)
      ASSERT_EQ(got.average[i] != a.average[i], i < segment.offset + segment.used) << i;
  }
}

TEST_P(UpdateTest, ZeroRateLeavesParametersAlone) {
  const Arena a = make_arena({300});
  for (const auto& [rule, text] : kNames<Rule>) {
    UpdateScalars scalars = make_scalars(rule);
    scalars.group[0] = {};
    test::expect_same_bits(run_step(GetParam(), 1, rule, a, scalars, 1.0f).param, a.param,
                           "rule " + std::to_string(static_cast<int>(rule)));
  }
}

TEST_P(UpdateTest, FtrlLearnsNothingAtARateOfZero) {
  const Arena a = make_arena({300});
  UpdateScalars scalars = make_scalars(Rule::ftrl);
  scalars.group[0] = {};
  const Outcome got = run_step(GetParam(), 1, Rule::ftrl, a, scalars, 1.0f);
  for (int s = 0; s < 2; ++s) test::expect_same_bits(got.state[s], a.state[s], "state " + std::to_string(s));
}

TEST_P(UpdateTest, NanGradientsReachTheParameter) {
  Arena a = make_arena({40});
  a.grad[7] = std::nanf("");
  for (const auto& [rule, text] : kNames<Rule>) {
    const Outcome got = run_step(GetParam(), 1, rule, a, make_scalars(rule), 1.0f);
    EXPECT_TRUE(std::isnan(got.param[7])) << static_cast<int>(rule);
    EXPECT_FALSE(std::isnan(got.param[8])) << static_cast<int>(rule);
  }
}

TEST_P(UpdateTest, AverageOfRateOneIsTheParameter) {
  const Arena a = make_arena({513});
  UpdateScalars scalars = make_scalars(Rule::sgd);
  scalars.average_rate = 1.0f;
  const Outcome got = run_step(GetParam(), 1, Rule::sgd, a, scalars, 1.0f);
  for (int i = 0; i < 513; ++i) ASSERT_EQ(got.average[i], got.param[i]);
  scalars.average_rate = 0.0f;
  test::expect_same_bits(run_step(GetParam(), 1, Rule::sgd, a, scalars, 1.0f).average, a.average, "rate 0");
}

TEST_P(UpdateTest, LargeL1LeavesExactZerosAndNonNegativeHolds) {
  const Arena a = make_arena({1000});
  UpdateScalars scalars = make_scalars(Rule::sgd);
  scalars.group[0] = {.lr = 0.1f, .shrink = 0.5f, .constraint = Constraint::non_negative};
  const Outcome got = run_step(GetParam(), 2, Rule::sgd, a, scalars, 1.0f);
  int zeros = 0;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_GE(got.param[i], 0.0f);
    zeros += got.param[i] == 0.0f ? 1 : 0;
  }
  EXPECT_GT(zeros, 600) << "three quarters of [-1, 1) lie below the threshold";
  EXPECT_LT(zeros, 900);
}

INSTANTIATE_TEST_SUITE_P(Update, UpdateTest, testing::ValuesIn(test::all_devices()),
                         [](const auto& info) { return test::test_name(info.param); });

TEST(UpdateCosts, AreAFloatForEveryArenaAndElement) {
  // parameter and gradient are read, the parameter is written, and each state both
  const auto expect = [](Rule rule, std::int64_t states) {
    const Cost cost = update_cost(rule, 10);
    EXPECT_EQ(cost.flops, 140);
    EXPECT_EQ(cost.bytes_read, 80 + 40 * states);
    EXPECT_EQ(cost.bytes_written, 40 + 40 * states);
  };
  for (const Rule rule : {Rule::sgd, Rule::sign}) expect(rule, 0);
  for (const Rule rule : {Rule::momentum, Rule::nesterov, Rule::adagrad, Rule::rmsprop, Rule::lion})
    expect(rule, 1);
  expect(Rule::adams_bashforth, 1);
  for (const Rule rule : {Rule::adam, Rule::adamw, Rule::ftrl}) expect(rule, 2);
  expect(Rule::amsgrad, 3);
  const Cost norm = gradient_norm_cost(10);
  EXPECT_EQ(norm.flops, 20);
  EXPECT_EQ(norm.bytes_read, 40);
  EXPECT_EQ(norm.bytes_written, 8);  // the sum and the clip factor
}

TEST(UpdateBits, AreEqualOnEveryDeviceAndThreadCount) {
  const auto devices = test::exact_devices();
  std::vector<std::int64_t> sizes(std::begin(test::kNastySizes), std::end(test::kNastySizes));
  sizes.push_back(40000);
  const Arena a = make_arena(sizes);
  for (const auto& [rule, text] : kNames<Rule>) {
    const Outcome want = run_step(devices.front(), 1, rule, a, make_scalars(rule), 0.7f);
    EXPECT_NE(want.param, a.param);
    for (const std::string& device : devices) {
      for (int threads : test::thread_counts(device)) {
        const Outcome got = run_step(device, threads, rule, a, make_scalars(rule), 0.7f);
        test::expect_same_bits(got.param, want.param, device);
        for (int k = 0; k < kMaxStates; ++k) test::expect_same_bits(got.state[k], want.state[k], device);
        test::expect_same_bits(got.average, want.average, device);
      }
    }
  }
}

}  // namespace
}  // namespace thalweg
