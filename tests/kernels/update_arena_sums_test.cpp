// Gradient norm and projections: sums over the arena in their documented order.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "host/runtime/device_of.hpp"
#include "kernels/base/chains.hpp"
#include "kernels/update/update.hpp"
#include "tests/support/optimizer_problem.hpp"

namespace thalweg {
namespace {

std::vector<UpdateSegment> lay_out(const std::vector<std::int64_t>& sizes) {
  std::vector<UpdateSegment> segments;
  std::int64_t offset = 0;
  for (std::int64_t used : sizes) {
    const std::int64_t size = padded_size(used);
    segments.push_back({.offset = offset, .size = size, .used = used});
    offset += size;
  }
  return segments;
}

std::int64_t arena_size(const std::vector<UpdateSegment>& segments) {
  return segments.empty() ? 0 : segments.back().offset + segments.back().size;
}

struct Touched {
  std::vector<std::int32_t> features;
  std::int64_t in_features, outputs;
};

/// With `touched` its elements stand for the first segment.
std::vector<float> run_norm(const std::string& device, int threads,
                            const std::vector<UpdateSegment>& segments, const std::vector<float>& arena,
                            float clip_norm, const Touched* touched = nullptr) {
  const Context& ctx = test::context_of(device, threads);
  const test::Guarded<float> grad(ctx, arena), out(ctx, 2);
  const test::Guarded<std::int32_t> list(
      ctx, touched != nullptr ? touched->features : std::vector<std::int32_t>());
  const auto length = static_cast<std::int64_t>(touched != nullptr ? touched->features.size() : 0);
  const test::Guarded<std::int64_t> count(ctx, std::vector<std::int64_t>{length});
  GradientNormArgs args{.segments = segments.data(),
                        .segment_count = static_cast<int>(segments.size()),
                        .grad = grad.data(),
                        .clip_norm = clip_norm,
                        .out = out.data()};
  if (touched != nullptr) {
    args.touched = {.features = list.data(),
                    .count = count.data(),
                    .capacity = length + 3,
                    .in_features = touched->in_features,
                    .outputs = touched->outputs,
                    .offset = segments[0].offset};
    ++args.segments, --args.segment_count;
  }
  backend_of(ctx).update.gradient_norm(device_of(ctx), args);
  return out.download();
}

/// The documented order, written out: block sums by chains, then chains over the blocks.
float squares_in_order(const std::vector<std::vector<float>>& vectors) {
  std::vector<float> sums;
  for (const std::vector<float>& v : vectors) {
    for (std::size_t begin = 0; begin < v.size(); begin += kSumBlock) {
      const std::size_t size = std::min<std::size_t>(v.size() - begin, kSumBlock);
      sums.push_back(chain_sum(static_cast<std::int64_t>(size), [&](float chain, std::int64_t j) {
        return std::fma(v[begin + j], v[begin + j], chain);
      }));
    }
  }
  return chain_sum(static_cast<std::int64_t>(sums.size()),
                   [&](float chain, std::int64_t j) { return chain + sums[j]; });
}

std::vector<float> part(const std::vector<float>& arena, const UpdateSegment& s) {
  return {arena.begin() + s.offset, arena.begin() + s.offset + s.used};
}

const std::vector<std::vector<std::int64_t>> kLayouts = {
    {}, {0}, {1}, {127}, {4096}, {4097, 0, 31}, {1000, 257, 3, 10000, 1}, {600000}};

class ArenaSums : public testing::TestWithParam<std::string> {};

TEST_P(ArenaSums, GradientNormMatchesDouble) {
  for (const auto& sizes : kLayouts) {
    const auto segments = lay_out(sizes);
    std::vector<float> arena = test::random_floats(arena_size(segments), 7);
    double want = 0;
    for (const UpdateSegment& s : segments) {
      std::fill(arena.begin() + s.offset + s.used, arena.begin() + s.offset + s.size, std::nanf(""));
      for (float x : part(arena, s)) want += static_cast<double>(x) * x;
    }
    const auto got = run_norm(GetParam(), 2, segments, arena, 2.0f);
    // Longest path of a term: 32 elements of its chain, 7 levels of tree, blocks / 128 + 1 of the second
    // chain, 7 levels, and the rounding of the result.
    const double bound = test::gamma_bound(32 + 7 + (600000 / kSumBlock / 128 + 1) + 7 + 1);
    EXPECT_NEAR(got[0], want, bound * want);
    const double factor = std::min(1.0, 2.0 / (std::sqrt(want) + 1e-6));
    EXPECT_NEAR(got[1], factor, (bound + test::gamma_bound(4)) * factor);
    EXPECT_EQ(run_norm(GetParam(), 1, segments, arena, 0.0f)[1], 1.0f) << "no clipping asked for";
  }
}

TEST_P(ArenaSums, TheClipFactorOfATinyGradientHasPytorchsMillionthInIt) {
  // clip_norm / (norm + 1e-6), as torch.nn.utils.clip_grad_norm_ has it: 1 / 2, 1 / 4 and 1 / 1.001
  const auto segments = lay_out({1});
  const auto factor = [&](float norm, float clip_norm) {
    std::vector<float> arena(kSegmentAlign, 0.0f);
    arena[0] = -norm;
    return run_norm(GetParam(), 1, segments, arena, clip_norm)[1];
  };
  const double bound = test::gamma_bound(6);
  EXPECT_NEAR(factor(1e-6f, 1e-6f), 0.5, bound);
  EXPECT_NEAR(factor(3e-6f, 1e-6f), 0.25, bound);
  EXPECT_NEAR(factor(1e-3f, 1e-3f), 1 / 1.001, bound);
  EXPECT_EQ(factor(1e-6f, 3e-6f), 1.0f) << "no gradient is made larger";
}

TEST_P(ArenaSums, GradientThatIsNotFiniteShowsInTheSum) {
  const auto segments = lay_out({5000, 20});
  for (float bad : {std::nanf(""), HUGE_VALF, -HUGE_VALF}) {
    for (std::int64_t at : {std::int64_t{0}, std::int64_t{4999}, segments[1].offset + 19}) {
      auto arena = test::random_floats(arena_size(segments), 8);
      arena[static_cast<std::size_t>(at)] = bad;
      EXPECT_FALSE(std::isfinite(run_norm(GetParam(), 2, segments, arena, 1.0f)[0]));
    }
  }
}

TEST_P(ArenaSums, TouchedGradientNormCountsTheListedElementsAndTheOtherSegments) {
  const auto segments = lay_out({3000 * 3, 33});
  const auto arena = test::random_integers(arena_size(segments), 9);
  Touched touched{{}, 3000, 3};
  for (std::int32_t f = 1; f < 3000; f += 2) touched.features.push_back(f);
  double want = 0;
  for (std::int64_t o = 0; o < 3; ++o)
    for (std::int32_t f : touched.features) want += std::pow(arena[o * 3000 + f], 2);
  double others = 0;
  for (float x : part(arena, segments[1])) others += x * x;
  EXPECT_EQ(run_norm(GetParam(), 2, segments, arena, 1.0f, &touched)[0], want + others);
  touched.features.clear();
  EXPECT_EQ(run_norm(GetParam(), 2, segments, arena, 1.0f, &touched)[0], others);
}

TEST_P(ArenaSums, TouchedGradientNormBeginsWhereItsSegmentDoes) {
  auto segments = lay_out({10, 8, 2});
  segments.erase(segments.begin());
  std::vector<float> arena(static_cast<std::size_t>(arena_size(segments)), 100.0f);
  const auto set = [&](int segment, std::int64_t element, float value) {
    arena[static_cast<std::size_t>(segments[static_cast<std::size_t>(segment)].offset + element)] = value;
  };
  set(0, 1, 1), set(0, 3, 2), set(0, 5, 3), set(0, 7, 4), set(1, 0, 5), set(1, 1, 6);
  const Touched touched{{1, 3}, 4, 2};  // elements 1, 3, 4 + 1 and 4 + 3
  EXPECT_EQ(run_norm(GetParam(), 1, segments, arena, 0.0f, &touched)[0], 1 + 4 + 9 + 16 + 25 + 36);
}

std::vector<float> run_project(const std::string& device, int threads, Constraint constraint, float upper,
                               const std::vector<UpdateSegment>& segments, const std::vector<float>& arena) {
  const Context& ctx = test::context_of(device, threads);
  UpdateScalars scalars;
  scalars.group[0].constraint = constraint;
  scalars.group[0].upper = upper;
  const test::Guarded<float> param(ctx, arena);
  const test::Guarded<std::uint8_t> bytes(ctx, test::SmallOptimizer::bytes_of(scalars));
  backend_of(ctx).update.project(device_of(ctx),
                                 {.segments = segments.data(),
                                  .segment_count = static_cast<int>(segments.size()),
                                  .scalars = reinterpret_cast<const UpdateScalars*>(bytes.data()),
                                  .param = param.data()});
  return param.download();
}

TEST_P(ArenaSums, BallProjectionScalesOnlyWhatLiesOutside) {
  auto segments = lay_out({5000, 16, 0, 700});
  segments[3].group = 1;
  auto arena = test::random_floats(arena_size(segments), 10);
  for (int i = 0; i < 16; ++i) arena[static_cast<std::size_t>(segments[1].offset + i)] *= 0.1f;
  const auto got = run_project(GetParam(), 2, Constraint::l2_ball, 3.0f, segments, arena);
  double norm = 0;
  for (float x : part(arena, segments[0])) norm += static_cast<double>(x) * x;
  norm = std::sqrt(norm);
  for (std::size_t i = 0; i < 5000; ++i)
    ASSERT_NEAR(got[i], arena[i] * 3.0 / norm, test::gamma_bound(60) * std::abs(arena[i]));
  const std::vector<float> rest(arena.begin() + 5000, arena.end());
  test::expect_same_bits({got.begin() + 5000, got.end()}, rest, "padding, a short vector, another group");
}

TEST_P(ArenaSums, ProjectionsGoOnBehindASegmentWithoutAConstraint) {
  // weight, bias, an empty one, weight, as in a model of two layers
  auto segments = lay_out({2, 2, 0, 2});
  segments[1].group = 1;
  std::vector<float> arena(static_cast<std::size_t>(arena_size(segments)), 0.0f);
  const auto set = [&](int segment, float a, float b) {
    arena[static_cast<std::size_t>(segments[static_cast<std::size_t>(segment)].offset)] = a;
    arena[static_cast<std::size_t>(segments[static_cast<std::size_t>(segment)].offset + 1)] = b;
  };
  set(0, 3, 4), set(1, 30, 40), set(3, -6, 8);
  const auto ball = run_project(GetParam(), 2, Constraint::l2_ball, 2.5f, segments, arena);
  EXPECT_EQ(part(ball, segments[0]), (std::vector<float>{1.5f, 2}));
  EXPECT_EQ(part(ball, segments[1]), (std::vector<float>{30, 40}));
  EXPECT_EQ(part(ball, segments[3]), (std::vector<float>{-1.5f, 2}));
  const auto simplex = run_project(GetParam(), 2, Constraint::simplex, 3, segments, arena);
  EXPECT_EQ(part(simplex, segments[0]), (std::vector<float>{1, 2}));
  EXPECT_EQ(part(simplex, segments[1]), (std::vector<float>{30, 40}));
  EXPECT_EQ(part(simplex, segments[3]), (std::vector<float>{0, 3}));
}

/// Duchi et al. 2008, figure 1, in double.
std::vector<double> simplex_by_sorting(const std::vector<float>& v, double z) {
  std::vector<double> sorted(v.begin(), v.end());
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  double sum = 0, theta = 0;
  for (std::size_t j = 0; j < sorted.size(); ++j) {
    sum += sorted[j];
    if (sorted[j] - (sum - z) / static_cast<double>(j + 1) > 0)
      theta = (sum - z) / static_cast<double>(j + 1);
  }
  std::vector<double> projected;
  for (float x : v) projected.push_back(std::max(0.0, x - theta));
  return projected;
}

TEST_P(ArenaSums, SimplexProjectionMatchesTheSortingAlgorithm) {
  for (std::int64_t size : {1, 2, 3, 31, 33, 127, 1000, 9000}) {
    for (float shift : {-50.0f, 0.0f, 1000.0f}) {
      for (float z : {0.5f, 1.0f, 300.0f}) {
        const auto segments = lay_out({size});
        auto arena = test::random_floats(arena_size(segments), 11 + static_cast<std::uint64_t>(size));
        for (float& x : arena) x += shift;
        const auto vector = part(arena, segments[0]);
        const auto want = simplex_by_sorting(vector, z);
        const auto got = run_project(GetParam(), 2, Constraint::simplex, z, segments, arena);
        // Differences from the largest element are at most 2 here, or z where theta ends; each is rounded,
        // summed over at most 60 roundings and divided by the count.
        const double bound = test::gamma_bound(70) * (2.0 + z);
        double sum = 0;
        for (std::int64_t i = 0; i < size; ++i) {
          ASSERT_NEAR(got[i], want[i], bound) << size << " elements, shift " << shift << ", sum " << z;
          ASSERT_GE(got[i], 0.0f);
          sum += got[i];
        }
        ASSERT_NEAR(sum, z, bound * static_cast<double>(size));
      }
    }
  }
}

TEST_P(ArenaSums, SimplexKeepsWhatIsAlreadyThereAndSharesTiesEqually) {
  const auto segments = lay_out({4});
  std::vector<float> arena(kSegmentAlign, 0.0f);
  const std::vector<float> inside = {0.5f, 0.25f, 0.25f, 0.0f};
  std::copy(inside.begin(), inside.end(), arena.begin());
  test::expect_same_bits(run_project(GetParam(), 1, Constraint::simplex, 1.0f, segments, arena), arena,
                         "inside");
  std::fill_n(arena.begin(), 4, 7.0f);
  const auto shared = run_project(GetParam(), 1, Constraint::simplex, 1.0f, segments, arena);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(shared[i], 0.25f);
}

/// As the arena of a multilayer perceptron: weight, bias, weight, bias. Halves and quarters are exact.
TEST_P(ArenaSums, AProjectionPassesOverFreeSegmentsToTheWeightsBehindThem) {
  std::vector<UpdateSegment> segments = lay_out({2, 2, 2, 2});
  segments[1].group = segments[3].group = 1;
  const auto projected = [&](Constraint constraint, float upper, const std::vector<float>& values) {
    std::vector<float> arena(static_cast<std::size_t>(arena_size(segments)));
    for (std::size_t i = 0; i < values.size(); ++i)
      arena[static_cast<std::size_t>(segments[i / 2].offset) + i % 2] = values[i];
    arena = run_project(GetParam(), 2, constraint, upper, segments, arena);
    std::vector<float> got;
    for (const UpdateSegment& segment : segments)
      for (const float x : part(arena, segment)) got.push_back(x);
    return got;
  };
  EXPECT_EQ(projected(Constraint::l2_ball, 5, {6, 8, 6, 8, 12, 16, 12, 16}),
            (std::vector<float>{3, 4, 6, 8, 3, 4, 12, 16}));
  EXPECT_EQ(projected(Constraint::simplex, 1, {2, 0, 2, 0, 0, 3, 0, 3}),
            (std::vector<float>{1, 0, 2, 0, 0, 1, 0, 3}));
}

TEST_P(ArenaSums, AveragesSeeTheProjectedParameters) {
  const Context& ctx = test::context_of(GetParam());
  const auto segments = lay_out({5000});
  const auto start = test::random_floats(arena_size(segments), 15);
  const auto old_average = test::random_floats(arena_size(segments), 16);
  for (Constraint constraint : {Constraint::l2_ball, Constraint::simplex}) {
    UpdateScalars scalars;
    scalars.average_rate = 0.25f;
    scalars.group[0] = {.lr = 0.5f, .upper = 2.0f, .constraint = constraint};
    const test::Guarded<float> param(ctx, start), grad(ctx, start), average(ctx, old_average);
    const test::Guarded<std::uint8_t> bytes(ctx, test::SmallOptimizer::bytes_of(scalars));
    const auto* const device_scalars = reinterpret_cast<const UpdateScalars*>(bytes.data());
    backend_of(ctx).update.step(device_of(ctx), {.rule = Rule::sgd,
                                                 .segments = segments.data(),
                                                 .segment_count = 1,
                                                 .scalars = device_scalars,
                                                 .param = param.data(),
                                                 .grad = grad.data(),
                                                 .average = average.data()});
    test::expect_same_bits(average.download(), old_average, "left to project");
    backend_of(ctx).update.project(device_of(ctx), {.segments = segments.data(),
                                                    .segment_count = 1,
                                                    .scalars = device_scalars,
                                                    .param = param.data(),
                                                    .average = average.data()});
    const auto projected = param.download(), got = average.download();
    for (std::size_t i = 0; i < 5000; ++i) {
      const double want = 0.75 * old_average[i] + 0.25 * projected[i];
      const double terms = std::abs(old_average[i]) + std::abs(projected[i]);
      ASSERT_NEAR(got[i], want, test::gamma_bound(2) * terms) << i;
    }
  }
}

TEST_P(ArenaSums, ASquaredNormThatIsNotFiniteStopsTheProjection) {
  const Context& ctx = test::context_of(GetParam());
  const auto segments = lay_out({5000});
  const auto start = test::random_floats(arena_size(segments), 17);
  UpdateScalars scalars;
  scalars.average_rate = 0.25f;
  scalars.group[0] = {.upper = 2.0f, .constraint = Constraint::l2_ball};
  const test::Guarded<std::uint8_t> bytes(ctx, test::SmallOptimizer::bytes_of(scalars));
  for (float norm : {std::nanf(""), HUGE_VALF, 1.0f}) {
    const test::Guarded<float> param(ctx, start), average(ctx, start);
    const test::Guarded<float> squared_norm(ctx, std::vector<float>{norm});
    backend_of(ctx).update.project(device_of(ctx),
                                   {.segments = segments.data(),
                                    .segment_count = 1,
                                    .scalars = reinterpret_cast<const UpdateScalars*>(bytes.data()),
                                    .squared_norm = squared_norm.data(),
                                    .param = param.data(),
                                    .average = average.data()});
    EXPECT_EQ(param.download() == start, !std::isfinite(norm));
    EXPECT_EQ(average.download() == start, !std::isfinite(norm));
  }
}

TEST_P(ArenaSums, SimplexNeverHidesANan) {
  const auto segments = lay_out({3});
  std::vector<float> arena(kSegmentAlign, 0.0f);
  arena[0] = 5.0f, arena[1] = std::nanf("");
  const auto got = run_project(GetParam(), 1, Constraint::simplex, 1.0f, segments, arena);
  EXPECT_TRUE(std::isnan(got[1]));
}

INSTANTIATE_TEST_SUITE_P(Update, ArenaSums, testing::ValuesIn(test::all_devices()),
                         [](const auto& info) { return test::test_name(info.param); });

TEST(ArenaSumsBits, GradientNormFollowsTheDocumentedOrderEverywhere) {
  for (const auto& sizes : kLayouts) {
    const auto segments = lay_out(sizes);
    const auto arena = test::random_floats(arena_size(segments), 12);
    std::vector<std::vector<float>> vectors;
    for (const UpdateSegment& s : segments) vectors.push_back(part(arena, s));
    const float want = squares_in_order(vectors);
    for (const std::string& device : test::exact_devices())
      for (int threads : test::thread_counts(device))
        EXPECT_EQ(run_norm(device, threads, segments, arena, 1.0f)[0], want) << device << " " << threads;
  }
}

TEST(ArenaSumsBits, TouchedBlocksComeAfterThoseOfWholeSegments) {
  const auto segments = lay_out({5000 * 2, 5000});
  const auto arena = test::random_floats(arena_size(segments), 13);
  Touched touched{{}, 5000, 2};
  for (std::int32_t f = 0; f < 5000; f += 1 + f % 2) touched.features.push_back(f);
  std::vector<float> listed;
  for (std::int64_t o = 0; o < 2; ++o)
    for (std::int32_t f : touched.features) listed.push_back(arena[static_cast<std::size_t>(o * 5000 + f)]);
  const float want = squares_in_order({part(arena, segments[1]), listed});
  for (const std::string& device : test::exact_devices())
    for (int threads : test::thread_counts(device))
      EXPECT_EQ(run_norm(device, threads, segments, arena, 1.0f, &touched)[0], want)
          << device << " " << threads;
}

TEST(ArenaSumsBits, ProjectionsAreEqualOnEveryDeviceAndThreadCount) {
  const auto segments = lay_out({20000, 257});
  const auto arena = test::random_floats(arena_size(segments), 14);
  const auto devices = test::exact_devices();
  for (Constraint constraint : {Constraint::l2_ball, Constraint::simplex}) {
    const auto want = run_project(devices.front(), 1, constraint, 2.5f, segments, arena);
    EXPECT_NE(want, arena);
    for (const std::string& device : devices)
      for (int threads : test::thread_counts(device))
        test::expect_same_bits(run_project(device, threads, constraint, 2.5f, segments, arena), want, device);
  }
}

}  // namespace
}  // namespace thalweg
