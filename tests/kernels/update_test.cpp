// The update op on every device: one step of every rule against the reference, equal bits, what stays
// untouched. The known answers and PyTorch's trajectories hold the reference itself.
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
    const std::int64_t size = padded_size(used);
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

/// The arrays of an outcome, by their names.
std::vector<std::pair<std::string, const std::vector<float>*>> arrays_of(const Outcome& outcome) {
  return {{"param", &outcome.param},
          {"state 0", &outcome.state[0]},
          {"state 1", &outcome.state[1]},
          {"state 2", &outcome.state[2]},
          {"average", &outcome.average}};
}

/// What the roundings inside a rule act on where that is larger than its inputs: ftrl's z takes a difference
/// of two roots, times the parameter.
double difference_of_roots(Rule rule, const Arena& a, const UpdateScalars& scalars, std::size_t i) {
  if (rule != Rule::ftrl) return 0.0;
  const double root = std::sqrt(a.state[1][i] + a.grad[i] * a.grad[i]);
  return 4 * root / std::min(scalars.group[0].lr, scalars.group[1].lr) * std::abs(a.param[i]);
}

/// A step whose inputs can be moved, one by one.
struct Inputs {
  static constexpr int kCount = 7;
  Rule rule;
  Arena arena;
  UpdateScalars scalars;

  /// The step with input `which` times 1 + by.
  Inputs moved(int which, double by) const {
    Inputs other = *this;
    std::vector<float>* const arrays[] = {&other.arena.param,    &other.arena.grad,     &other.arena.state[0],
                                          &other.arena.state[1], &other.arena.state[2], &other.arena.average};
    const auto scale = [by](float& x) { x = static_cast<float>(x * (1 + by)); };
    if (which == kCount - 1) {
      for (GroupScalars& group : other.scalars.group) scale(group.lr);
      return other;
    }
    for (float& x : *arrays[which]) scale(x);
    for (std::size_t i = 0; which == 2 && i < arena.param.size(); ++i)
      other.arena.state[0][i] += static_cast<float>(by * difference_of_roots(rule, arena, scalars, i));
    return other;
  }
  Outcome step(const std::string& device) const { return run_step(device, 2, rule, arena, scalars, 0.7f); }
};

/// By how much each result moves when every input errs by `roundings` of them, and it itself, too.
std::vector<std::vector<double>> bounds_of(const Inputs& inputs, const Outcome& want, int roundings) {
  const double relative = test::gamma_bound(roundings);
  std::vector<std::vector<double>> bounds;
  for (const auto& [name, values] : arrays_of(want)) {
    bounds.emplace_back();
    for (const float value : *values) bounds.back().push_back(relative * std::abs(value));
  }
  for (int which = 0; which < Inputs::kCount; ++which) {
    const Outcome up = inputs.moved(which, relative).step("reference"),
                  down = inputs.moved(which, -relative).step("reference");
    const auto higher = arrays_of(up), lower = arrays_of(down), middle = arrays_of(want);
    for (std::size_t k = 0; k < bounds.size(); ++k) {
      for (std::size_t i = 0; i < bounds[k].size(); ++i) {
        const double at = (*middle[k].second)[i];
        bounds[k][i] += std::max(std::abs((*higher[k].second)[i] - at), std::abs((*lower[k].second)[i] - at));
      }
    }
  }
  return bounds;
}

class UpdateAgainstReference : public testing::TestWithParam<std::string> {};

/// The longest path from the inputs to a parameter is Adam's, 18 roundings: two for g, four more through its
/// square, a root, two more to the denominator, two for m, the division, the rate, the step, decay,
/// threshold and average. The bound of a sign is large where the inputs' roundings decide it.
TEST_P(UpdateAgainstReference, OneStepOfEveryRuleIsTheReferencesWithinItsRoundings) {
  for (const auto& [rule, text] : kNames<Rule>) {
    const Inputs inputs{rule, make_arena({33, 1000, 127, 2500, 1}), make_scalars(rule)};
    const Outcome want = inputs.step("reference"), got = inputs.step(GetParam());
    const auto bounds = bounds_of(inputs, want, 20);
    const auto wanted = arrays_of(want), found = arrays_of(got);
    for (std::size_t k = 0; k < wanted.size(); ++k) {
      const auto& [name, values] = wanted[k];
      test::expect_within(*found[k].second, {values->begin(), values->end()}, bounds[k],
                          std::string(text) + ": " + name);
    }
    const auto loose = std::count_if(bounds[0].begin(), bounds[0].end(), [](double b) { return b > 1e-3; });
    EXPECT_LE(loose, 5) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Update, UpdateAgainstReference, testing::ValuesIn(test::exact_devices()),
                         [](const auto& info) { return test::test_name(info.param); });

class UpdateTest : public testing::TestWithParam<std::string> {};

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
