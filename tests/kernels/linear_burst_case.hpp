#pragma once
// A case of a burst of steps of a linear model, and what it leaves.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "kernels/linear_step/linear_burst.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/loss_kinds.hpp"
#include "thalweg/config.hpp"

namespace thalweg::test {

struct BurstCase {
  std::int64_t features = 5, max_batch = 16;
  std::vector<std::int64_t> counts = {16, 16, 16};  ///< rows of each step
  int slices = 8;
  LossKind kind = LossKind::logistic;
  OptimizerConfig optimizer = {.name = Rule::sgd};
  bool as_bytes = false, scaled = false, weighted = false, bias = true, permutes_list = false;
  std::int64_t listed_every = 0;  ///< each so many steps list their rows; 0: none
  std::int64_t bad_row = -1;      ///< of the data set, whose target is infinite
};

inline std::string text(const BurstCase& c) {
  return std::to_string(c.features) + " features, " + std::to_string(c.max_batch) + " rows, " +
         std::to_string(c.slices) + " slices, loss " + std::to_string(static_cast<int>(c.kind)) + ", " +
         std::string(name_of(c.optimizer.name)) + (c.as_bytes ? ", u8" : "") + (c.scaled ? ", scaled" : "") +
         (c.weighted ? ", weighted" : "") + (c.bias ? ", bias" : "") + ", bad row " +
         std::to_string(c.bad_row);
}

/// What a burst leaves.
struct BurstResult {
  std::vector<std::vector<float>> arenas;  ///< parameters, states, average
  std::vector<StepRecord> records;
  BurstState state;
};

/// Every number of the records; a NaN, whose bits nobody promises, as 0.5.
inline std::vector<float> numbers_of(const std::vector<StepRecord>& records) {
  std::vector<float> numbers;
  for (const StepRecord& record : records) {
    for (const float number : {record.loss_sum, record.squared_norm})
      numbers.push_back(std::isnan(number) ? 0.5f : number);
    for (const std::int32_t number : {record.first_bad, record.updated})
      numbers.push_back(static_cast<float>(number));
  }
  return numbers;
}

inline void expect_same(const BurstResult& got, const BurstResult& want, const std::string& what) {
  for (std::size_t a = 0; a < want.arenas.size(); ++a)
    expect_same_bits(got.arenas[a], want.arenas[a], "arena " + std::to_string(a) + ", " + what);
  expect_same_bits(numbers_of(got.records), numbers_of(want.records), "records, " + what);
  EXPECT_EQ(got.state.next, want.state.next) << what;
  EXPECT_EQ(got.state.halted, want.state.halted) << what;
  EXPECT_EQ(std::isnan(got.state.gate), std::isnan(want.state.gate)) << what;
}

}  // namespace thalweg::test
