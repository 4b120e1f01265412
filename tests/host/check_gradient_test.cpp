// The check of a gradient against differences of losses.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/backends.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/own_objectives.hpp"
#include "tests/support/small_models.hpp"
#include "thalweg/error.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {
namespace {

using Rows = std::vector<std::int64_t>;

/// y = 0, 3 and 6 at x = 1, 2 and 4.
Dataset three_points() { return test::number_data(1, {1, 2, 4}, {0, 3, 6}); }

/// check_gradient of `objective` at the outputs 3 w, -2 w and 1000 w.
double checked(const std::string& device, float weight, const ObjectiveFunction& objective) {
  const Dataset data = test::number_data(1, {7, 3, -2, 1000}, {0, 0, 1, 2});
  const Model model =
      test::model_with(test::context_of(device), {.loss = Loss::squared, .bias = false}, data, {{weight}});
  return check_gradient(model, data, {1, 2, 3}, objective);
}

/// The sum of f(output), and its gradient times `factor`.
template <class Value, class Slope>
ObjectiveFunction each(const Value& value, const Slope& slope, float factor = 1) {
  return [=](const ObjectiveCall& call) {
    for (std::int64_t n = 0; n < call.output.rows; ++n) {
      call.losses[n] = value(call.output.row(n)[0]);
      call.grad_output.row(n)[0] = factor * call.scale * slope(call.output.row(n)[0]);
    }
  };
}

TEST(CheckGradient, FindsARightGradientRightOnEveryDeviceAndForOutputsOfAnySize) {
  const auto cube = each([](float x) { return x * x * x / 3; }, [](float x) { return x * x; });
  const auto sine = each([](float x) { return std::sin(x); }, [](float x) { return std::cos(x); });
  const auto root =
      each([](float x) { return std::sqrt(1 + x * x); }, [](float x) { return x / std::sqrt(1 + x * x); });
  for (const std::string& device : test::all_devices()) {
    for (const float weight : {1e-3f, 1.0f, 30.0f}) {
      EXPECT_LT(checked(device, weight, cube), 1e-3) << device << weight;
      EXPECT_LT(checked(device, weight, root), 1e-3) << device << weight;
    }
    EXPECT_LT(checked(device, 1e-3f, sine), 1e-3) << device;
  }
}

TEST(CheckGradient, TellsHowWrongAGradientIs) {
  const auto value = [](float x) { return 2 * x; };
  const auto slope = [](float) { return 2.0f; };
  EXPECT_NEAR(checked("cpu", 0.001f, each(value, slope, 1.25f)), 0.2, 1e-4) << "0.25 of 1.25";
  EXPECT_NEAR(checked("cpu", 0.001f, each(value, slope, 0.75f)), 0.25, 1e-4) << "0.25 of the differences";
  EXPECT_NEAR(checked("cpu", 0.001f, each(value, slope, -1)), 2, 1e-4);
  EXPECT_NEAR(checked("cpu", 0.001f, each(value, slope, 0)), 1, 1e-4);
  EXPECT_NEAR(checked("cpu", 0.001f, each(value, slope, 3)), 2 / 3.0, 1e-4) << "without scale, of three rows";
  EXPECT_EQ(checked("cpu", 1, each([](float) { return 5.0f; }, [](float) { return 0.0f; })), 0);
}

TEST(CheckGradient, SeesAllRowsAsOneBatchAndTheSlopeThatOneRowGivesToAnother) {
  const Dataset data = three_points();
  const Model model =
      test::model_with(test::context_of("cpu"), {.loss = Loss::squared, .bias = false}, data, {{1}});
  int calls = 0;
  const auto check = [&](bool forget) {
    return check_gradient(model, data, {2, 0, 1}, [&](const ObjectiveCall& call) {
      ++calls;
      EXPECT_EQ(Rows(call.rows, call.rows + 3), (Rows{2, 0, 1}));
      EXPECT_EQ(call.first, 0);
      EXPECT_EQ(call.batch_rows, 3);
      test::pairwise(data, call);
      if (forget) call.grad_output.row(1)[0] = 0;
    });
  };
  EXPECT_LT(check(false), 1e-3);
  EXPECT_EQ(calls, 7) << "one gradient, and two losses for each output";
  EXPECT_NEAR(check(true), 1, 1e-3) << "the largest slope is that of row 0";
}

TEST(CheckGradient, TakesEachOutputOfARowByItself) {
  const Dataset data = test::number_data(1, {1, 2}, {0, 0});
  const Model model = test::linear_outputs(test::context_of("cpu"), data, 2, {1, 3});
  const auto product = [&](int first) {
    return check_gradient(model, data, {0}, [&](const ObjectiveCall& call) {
      const float* x = call.output.row(0);
      call.losses[0] = x[0] * x[1];
      call.grad_output.row(0)[0] = x[first], call.grad_output.row(0)[1] = x[1 - first];
    });
  };
  EXPECT_LT(product(1), 1e-3);
  EXPECT_NEAR(product(0), 2 / 3.0, 1e-3) << "outputs 1 and 3, so the slopes are 3 and 1";
  test::expect_error<DivergedError>(
      [&] {
        check_gradient(model, data, {0, 1}, [](const ObjectiveCall& call) {
          call.losses[0] = call.losses[1] = 0;
          for (int i = 0; i < 4; ++i) call.grad_output.data[i] = i == 2 ? INFINITY : 0;
        });
      },
      {"the gradient of rows by hand row 1 is not finite"});
}

TEST(CheckGradient, GivesTheOutputsOfMoreRowsThanABlockInTheirOrder) {
  constexpr std::int64_t kRows = 1030;
  Dataset data = test::number_data(1, std::vector<float>(kRows), std::vector<float>(kRows));
  Rows rows;
  for (std::int64_t r = 0; r < kRows; ++r)
    data.dense_f32[static_cast<std::size_t>(r)] = static_cast<float>(r);
  for (std::int64_t r = kRows - 1; r >= 0; --r) rows.push_back(r);
  for (const std::string& device : test::all_devices()) {
    const Model model = test::linear_outputs(test::context_of(device), data, 2, {1, -2});
    int calls = 0;
    check_gradient(model, data, rows, [&](const ObjectiveCall& call) {
      for (std::int64_t n = 0; n < kRows; ++n) {
        call.losses[n] = call.grad_output.row(n)[0] = call.grad_output.row(n)[1] = 0;
        if (calls > 0) continue;
        EXPECT_EQ(call.output.row(n)[0], static_cast<float>(kRows - 1 - n)) << device;
        EXPECT_EQ(call.output.row(n)[1], -2 * static_cast<float>(kRows - 1 - n)) << device;
      }
      ++calls;
    });
    EXPECT_EQ(calls, 1 + 2 * 2 * kRows) << device;
  }
}

TEST(CheckGradient, RefusesOutputsThatAreNotFinite) {
  const auto zero = each([](float) { return 0.0f; }, [](float) { return 0.0f; });
  test::expect_error<DivergedError>([&] { checked("cpu", 3e38f, zero); },
                                    {"check_gradient: the output of rows by hand row 1 is not finite"});
}

TEST(CheckGradient, RefusesNoRowsAndLossesThatAreNotFinite) {
  const Dataset data = three_points();
  const Model model =
      test::model_with(test::context_of("cpu"), {.loss = Loss::squared, .bias = false}, data, {{1}});
  const auto log_of = each([](float x) { return std::log(x - 2); }, [](float x) { return 1 / (x - 2); });
  test::expect_error<ShapeError>([&] { check_gradient(model, data, {}, log_of); }, {"a list of no rows"});
  test::expect_error<DivergedError>(
      [&] {
        check_gradient(model, data, {2, 0}, log_of);
      },
      {"check_gradient: the loss of rows by hand row 0 is not finite"});
  test::expect_error<DivergedError>(
      [&] {
        check_gradient(model, data, {1}, each([](float) { return 0.0f; }, [](float) { return INFINITY; }));
      },
      {"the gradient of rows by hand row 1 is not finite"});
}

}  // namespace
}  // namespace thalweg
