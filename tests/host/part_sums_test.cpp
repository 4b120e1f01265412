// A batch summed in parts: the memory that it takes, and the bits of the tree over slices.
#include "host/ranks/part_sums.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>

#include "host/ranks/fold.hpp"
#include "kernels/base/slices.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/random_rows.hpp"
#include "tests/support/slice_tree.hpp"
#include "thalweg/learner.hpp"

namespace thalweg {
namespace {

using Floats = std::vector<float>;

TEST(PartSums, AreAsManyAsTheBinaryDigitsOfTheSlices) {
  for (int slices = 1; slices <= 1024; ++slices)
    ASSERT_EQ(most_part_sums(slices, {0, slices}), std::bit_width(static_cast<unsigned>(slices)));
  EXPECT_EQ(most_part_sums(64, {0, 64}), 7);
  EXPECT_EQ(most_part_sums(8, {0, 8}), 4);
  EXPECT_EQ(most_part_sums(1024, {0, 1024}), 11);
}

TEST(PartSums, OfManyRowsAreThoseOfCallsThatBringWholeSlices) {
  EXPECT_EQ(own_batches(64, 8, std::vector{SliceRange{0, 8}}, 32), (std::vector<SliceRange>{{0, 4}, {4, 8}}));
  EXPECT_EQ(own_batches(64, 8, std::vector{SliceRange{0, 8}}, 31),
            (std::vector<SliceRange>{{0, 2}, {2, 4}, {4, 6}, {6, 8}}));
  EXPECT_EQ(own_batches(64, 7, std::vector{SliceRange{0, 7}}, 30),
            (std::vector<SliceRange>{{0, 2}, {2, 4}, {4, 7}}));
  EXPECT_EQ(own_batches(64, 2, std::vector{SliceRange{0, 2}}, 5), (std::vector<SliceRange>{{0, 1}, {1, 2}}));
  EXPECT_EQ(own_batches(256, 128, std::vector{SliceRange{0, 128}}, 1000),
            (std::vector<SliceRange>{{0, 64}, {64, 128}}))
      << "a call has at most 64 slices";
}

/// A sum over a batch of single terms.
struct Batch {
  int slices;
  Floats terms;

  /// The chains of the slices of rows [begin, end), which are cut into `count`, then their tree.
  float sum(std::int64_t begin, std::int64_t end, int count) const {
    Floats chains;
    for (int s = 0; s < count; ++s) {
      chains.push_back(0.0f);
      for (std::int64_t n = begin + (end - begin) * s / count; n < begin + (end - begin) * (s + 1) / count;
           ++n)
        chains.back() += terms[static_cast<std::size_t>(n)];
    }
    return test::slice_tree(chains);
  }
  float whole() const { return sum(0, std::ssize(terms), slices); }
  float in_parts(std::int64_t most_rows, int& calls) const {
    Floats memory(std::bit_width(static_cast<unsigned>(slices)));
    std::vector<float*> places;
    for (float& place : memory) places.push_back(&place);
    const auto run = [&](const BatchPart& part, float* to) {
      *to = sum(part.rows.begin, part.rows.end, part.slices);
      ++calls;
    };
    const auto roots =
        sum_parts({std::ssize(terms), slices, {{0, slices}}, most_rows}, places, run,
                  [](const auto& adds, const auto& sums) { fold(test::context_of("cpu"), adds, sums, 1); });
    EXPECT_EQ(roots, std::vector<float*>{&memory[0]});
    return memory[0];
  }
  float in_order() const {
    float sum = 0;
    for (int s = 0; s < slices; ++s) {
      const auto [begin, end] = rows_of(std::ssize(terms), slices, {s, s + 1});
      sum += this->sum(begin, end, 1);
    }
    return sum;
  }
};

Batch random_batch(std::mt19937& engine) {
  const int most = engine() % 4 == 0 ? 1024 : 64;
  Batch batch{.slices = 1 + static_cast<int>(engine() % static_cast<unsigned>(most)), .terms = {}};
  for (int n = static_cast<int>(engine() % 300); n > 0; --n)
    batch.terms.push_back(
        engine() % 8 == 0 ? -0.0f : static_cast<float>(static_cast<int>(engine() % 2001) - 1000) / 7);
  return batch;
}

TEST(PartSums, HaveTheBitsOfTheTreeForAnyRowsSlicesAndMicroBatches) {
  std::mt19937 engine(9);
  int others = 0;
  for (int draw = 0; draw < 20000; ++draw) {
    const Batch batch = random_batch(engine);
    const std::int64_t most = 1 + engine() % (batch.terms.size() + 1);
    int calls = 0;
    const float want = batch.whole(), got = batch.in_parts(most, calls);
    ASSERT_EQ(std::bit_cast<std::uint32_t>(got), std::bit_cast<std::uint32_t>(want))
        << "draw " << draw << ", " << batch.terms.size() << " rows, " << batch.slices << " slices, " << most;
    ASSERT_LE(calls, batch.slices);
    if (std::bit_cast<std::uint32_t>(batch.in_order()) != std::bit_cast<std::uint32_t>(want)) ++others;
  }
  EXPECT_GT(others, 5000) << "sums in the order of the slices";
}

/// The gradient of a linear model without a bias, whose objective writes the gradient of each output.
struct GivenGradients {
  std::int64_t rows;
  LearnerOptions options;
  Dataset data = test::random_data(rows, 3, false, 0, false);
  Floats of_outputs = test::random_floats(rows, 31);

  Floats gradient(const Context& ctx) const {
    Model model(ctx, resolve_model({.loss = Loss::squared, .bias = false}, schema_of(data), 1));
    LearnerOptions all = options;
    all.max_batch = rows;
    Learner learner(model, data, all);
    std::vector<NamedTensor> gradients;
    learner.value_and_gradient(test::first_rows(rows), gradients, [&](const ObjectiveCall& call) {
      for (std::int64_t n = 0; n < call.output.rows; ++n) {
        call.losses[n] = 0;
        call.grad_output.row(n)[0] = of_outputs[static_cast<std::size_t>(call.first + n)];
      }
    });
    return gradients[0].values;
  }
  Floats by_definition() const {
    Floats sums;
    for (std::size_t feature = 0; feature < 3; ++feature) {
      Floats chains;
      for (int s = 0; s < options.reduction_slices; ++s) {
        const auto [begin, end] = rows_of(rows, options.reduction_slices, {s, s + 1});
        chains.push_back(0.0f);
        for (auto n = static_cast<std::size_t>(begin); n < static_cast<std::size_t>(end); ++n)
          chains.back() = std::fma(of_outputs[n], data.dense_f32[3 * n + feature], chains.back());
      }
      sums.push_back(test::slice_tree(chains));
    }
    return sums;
  }
};

TEST(PartSums, OfALearnerAreTheTreeOverAsManySlicesAsAreAskedFor) {
  for (const std::string& device : test::exact_devices()) {
    for (const int slices : {5, 64, 65, 128, 1000, 1024}) {
      for (const std::int64_t rows : {41, 1500}) {
        for (const std::int64_t micro : {0, 7, 200}) {
          const GivenGradients given{rows, {.micro_batch = micro, .reduction_slices = slices}};
          test::expect_same_bits(given.gradient(test::context_of(device)), given.by_definition(),
                                 device + ", " + std::to_string(rows) + " rows, " + std::to_string(slices) +
                                     " slices, micro-batch " + std::to_string(micro));
        }
      }
    }
  }
}

}  // namespace
}  // namespace thalweg
