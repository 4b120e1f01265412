// Sums of parts of a batch, added up as the tree over slices adds them.
#include "kernels/fold/fold.hpp"

#include <gtest/gtest.h>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "tests/support/backends.hpp"

namespace thalweg {
namespace {

using test::Guarded;
using Floats = std::vector<float>;

/// Terms of `size` elements at `places`; the first becomes the sum.
struct Terms {
  std::vector<Floats> values;
  std::vector<Guarded<float>> memory;

  Terms(const Context& ctx, std::int64_t size, int right, const test::Places& places = test::all_middle) {
    for (int k = 0; k <= right; ++k) {
      values.push_back(test::random_floats(size, 7 + static_cast<std::uint64_t>(k)));
      memory.emplace_back(ctx, values.back(), places(k));
    }
  }
  FoldTerms arguments() const {
    FoldTerms terms{.sum = memory[0].data(), .count = static_cast<int>(memory.size()) - 1};
    for (int k = 0; k < terms.count; ++k) terms.right[k] = memory[static_cast<std::size_t>(k) + 1].data();
    return terms;
  }
  /// From the right to the left.
  float folded(std::size_t i) const {
    float sum = values.back()[i];
    for (std::size_t k = values.size() - 1; k-- > 0;) sum = values[k][i] + sum;
    return sum;
  }
  Floats want() const {
    Floats sums;
    for (std::size_t i = 0; i < values[0].size(); ++i) sums.push_back(folded(i));
    return sums;
  }
  void expect_right_terms_unchanged() const {
    for (std::size_t k = 1; k < memory.size(); ++k)
      test::expect_same_bits(memory[k].download(), values[k], "term " + std::to_string(k));
  }
};

class FoldTest : public testing::TestWithParam<std::string> {
 protected:
  const Context& ctx() const { return test::context_of(GetParam()); }
  bool exact() const { return GetParam() != "reference"; }

  /// The reference adds in double: the rounding of one sum against those of `right`.
  void expect_sums(const Floats& got, const Floats& want, int right, const std::string& what) const {
    if (exact()) return test::expect_same_bits(got, want, what);
    const double bound = test::gamma_bound(right + 1) * (right + 1);
    test::expect_within(got, {want.begin(), want.end()}, std::vector<double>(want.size(), bound), what);
  }
};

INSTANTIATE_TEST_SUITE_P(Devices, FoldTest, testing::ValuesIn(test::all_devices()),
                         [](const auto& info) { return test::test_name(info.param); });

// 2^24 + 1 rounds to 2^24: from the left the ones would be lost, (2^24 + 1) + 1 = 2^24.
TEST_P(FoldTest, AddsFromTheRightToTheLeft) {
  const Guarded<float> sum(ctx(), Floats{0x1p24f}), one(ctx(), Floats{1}), other(ctx(), Floats{1});
  backend_of(ctx()).fold.add(device_of(ctx()), {{sum.data(), {one.data(), other.data()}, 2}, 1});
  EXPECT_EQ(sum.download(), Floats{0x1p24f + 2});
  EXPECT_EQ(one.download(), Floats{1});
}

TEST_P(FoldTest, AddsTermsOfEverySizeAndNumber) {
  for (const std::int64_t size : test::kNastySizes) {
    for (const int right : {1, 2, 3, 10}) {
      const Terms terms(ctx(), size, right);
      backend_of(ctx()).fold.add(device_of(ctx()), {terms.arguments(), size});
      expect_sums(terms.memory[0].download(), terms.want(), right,
                  std::to_string(size) + " elements, " + std::to_string(right) + " terms");
      terms.expect_right_terms_unchanged();
    }
  }
}

TEST_P(FoldTest, EachTermMayLieOnAnyFourBytes) {
  for (const int odd : {0, 1, 2}) {
    const Terms terms(ctx(), 37, 2, test::one_odd(odd));
    backend_of(ctx()).fold.add(device_of(ctx()), {terms.arguments(), 37});
    expect_sums(terms.memory[0].download(), terms.want(), 2, "term " + std::to_string(odd) + " apart");
  }
}

TEST_P(FoldTest, ReadsNothingBehindATerm) {
  const Terms terms(ctx(), 1003, 2, test::all_last);
  backend_of(ctx()).fold.add(device_of(ctx()), {terms.arguments(), 1003});
  expect_sums(terms.memory[0].download(), terms.want(), 2, "in front of a closed page");
}

// The sum of -0 and an absent part, which is +0, is +0.
TEST_P(FoldTest, TakesInPlusZero) {
  const Guarded<float> sum(ctx(), Floats{-0.0f, -0.0f}), right(ctx(), Floats{0.0f, -0.0f});
  backend_of(ctx()).fold.add(device_of(ctx()), {{sum.data(), {right.data()}, 1}, 2});
  if (exact()) test::expect_same_bits(sum.download(), {0.0f, -0.0f}, "zeros");
}

TEST_P(FoldTest, AddsTouchedElementsAndLeavesTheOthersAlone) {
  constexpr std::int64_t kFeatures = 3000, kOutputs = 3, kOffset = 1024;
  std::vector<std::int32_t> features;
  for (std::int32_t f = 1; f < kFeatures; f += 2) features.push_back(f);
  const std::int64_t listed = 1200, size = kOffset + kOutputs * kFeatures;
  const Guarded<std::int32_t> list(ctx(), features);
  const Guarded<std::int64_t> count(ctx(), std::vector<std::int64_t>{listed});
  for (const int right : {1, 3}) {
    const Terms terms(ctx(), size, right);
    const TouchedElements touched{list.data(), count.data(), std::ssize(features),
                                  kFeatures,   kOutputs,     kOffset};
    backend_of(ctx()).fold.add_touched(device_of(ctx()), {terms.arguments(), touched});
    Floats want = terms.values[0];
    for (std::size_t o = 0; o < kOutputs; ++o) {
      for (std::size_t t = 0; t < listed; ++t) {
        const std::size_t at = kOffset + o * kFeatures + static_cast<std::size_t>(features[t]);
        want[at] = terms.folded(at);
      }
    }
    expect_sums(terms.memory[0].download(), want, right, std::to_string(right) + " terms");
    terms.expect_right_terms_unchanged();
  }
}

TEST_P(FoldTest, OneAndTwoThreadsGiveTheSameBits) {
  constexpr std::int64_t kSize = 100003;
  const Terms one(test::context_of(GetParam(), 1), kSize, 2), two(ctx(), kSize, 2);
  backend_of(ctx()).fold.add(device_of(test::context_of(GetParam(), 1)), {one.arguments(), kSize});
  backend_of(ctx()).fold.add(device_of(ctx()), {two.arguments(), kSize});
  test::expect_same_bits(two.memory[0].download(), one.memory[0].download(), GetParam());
}

}  // namespace
}  // namespace thalweg
