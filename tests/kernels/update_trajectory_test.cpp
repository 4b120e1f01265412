// Fifty steps of every optimizer that PyTorch has, and its gradient clipping, against what PyTorch recorded.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "host/runtime/device_of.hpp"
#include "kernels/update/update.hpp"
#include "tests/support/json_data.hpp"
#include "tests/support/optimizer_problem.hpp"

namespace thalweg {
namespace {

using Rows = std::vector<std::vector<double>>;

/// Gradient of mean((x w - y)^2) / 2 at float parameters, in double, rounded once.
std::vector<float> gradient(const Rows& x, const std::vector<double>& y, const std::vector<float>& w) {
  std::vector<double> sum(w.size());
  for (std::size_t n = 0; n < x.size(); ++n) {
    double residual = -y[n];
    for (std::size_t j = 0; j < w.size(); ++j) residual += x[n][j] * w[j];
    for (std::size_t j = 0; j < w.size(); ++j) sum[j] += residual * x[n][j];
  }
  std::vector<float> grad(w.size());
  for (std::size_t j = 0; j < w.size(); ++j)
    grad[j] = static_cast<float>(sum[j] / static_cast<double>(x.size()));
  return grad;
}

class Trajectory : public testing::TestWithParam<std::string> {};

TEST_P(Trajectory, FollowsPytorchForFiftySteps) {
  const auto recorded = test::read_test_data("pytorch_trajectories.json");
  const auto& problem = recorded.at("problem");
  const std::vector<Rows> inputs = problem.at("inputs");
  const Rows targets = problem.at("targets");
  int cases = 0;
  for (const auto& [name, entry] : recorded.items()) {
    if (!entry.is_object() || !entry.contains("path")) continue;
    ++cases;
    const auto config = test::section_from_json<OptimizerConfig>(entry.at("settings"));
    test::SmallOptimizer optimizer(test::context_of(GetParam()), config, problem.at("start"));
    const Rows path = entry.at("path");
    ASSERT_EQ(path.size(), 50u);
    for (std::size_t step = 0; step < path.size(); ++step) {
      const std::size_t batch = step % inputs.size();
      optimizer.step(gradient(inputs[batch], targets[batch], optimizer.param()));
      double largest = 0;
      for (double w : path[step]) largest = std::max(largest, std::abs(w));
      // Each step adds a few roundings of 2^-24 and the problem contracts what came before: 1e-5 of the
      // largest parameter is far above their sum, and far below one wrong term of a formula.
      for (std::size_t j = 0; j < path[step].size(); ++j)
        ASSERT_NEAR(optimizer.param()[j], path[step][j], 1e-5 * largest)
            << name << ", step " << step + 1 << ", parameter " << j;
    }
  }
  EXPECT_EQ(cases, 10);
}

TEST_P(Trajectory, ClipsByTheGlobalNormAsPytorchDoes) {
  const Context& ctx = test::context_of(GetParam());
  const auto recorded = test::read_test_data("pytorch_clipping.json");
  const std::vector<std::vector<float>> gradients = recorded.at("gradients");
  std::vector<float> arena(2 * kSegmentAlign);
  std::vector<UpdateSegment> segments;
  for (const auto& grad : gradients) {
    const auto offset = kSegmentAlign * static_cast<std::int64_t>(segments.size());
    segments.push_back(
        {.offset = offset, .size = kSegmentAlign, .used = static_cast<std::int64_t>(grad.size())});
    std::copy(grad.begin(), grad.end(), arena.begin() + offset);
  }
  const test::Guarded<float> grad(ctx, arena);
  int clipped = 0;
  for (const auto& entry : recorded.at("cases")) {
    const test::Guarded<float> out(ctx, 2);
    backend_of(ctx).update.gradient_norm(device_of(ctx), {.segments = segments.data(),
                                                          .segment_count = 2,
                                                          .grad = grad.data(),
                                                          .clip_norm = entry.at("clip_norm"),
                                                          .out = out.data()});
    const std::vector<float> result = out.download();
    const double norm = entry.at("norm");
    // The gradients are small integers over 16: their squares and sums are exact in float32.
    EXPECT_EQ(static_cast<double>(result[0]), std::round(norm * norm * 256) / 256);
    const std::vector<std::vector<double>> want = entry.at("clipped");
    for (std::size_t k = 0; k < want.size(); ++k)
      for (std::size_t j = 0; j < want[k].size(); ++j)
        EXPECT_NEAR(gradients[k][j] * static_cast<double>(result[1]), want[k][j],
                    test::gamma_bound(4) * std::abs(want[k][j]));
    clipped += result[1] < 1.0f ? 1 : 0;
  }
  EXPECT_EQ(clipped, 3) << "three of the four cases clip";
}

INSTANTIATE_TEST_SUITE_P(Update, Trajectory, testing::ValuesIn(test::all_devices()),
                         [](const auto& info) { return test::test_name(info.param); });

}  // namespace
}  // namespace thalweg
