#pragma once
// What a gather leaves with each of three ranks, whatever carries their messages.
#include <gtest/gtest.h>

#include <vector>

#include "host/ranks/communicator.hpp"

namespace thalweg::test {

/// Two arrays; a rank has a piece without elements.
inline void expect_gathered_pieces(Communicator& ranks) {
  using Floats = std::vector<float>;
  const auto own = static_cast<float>(ranks.rank() + 1);
  Floats numbers(5, own), others(3, 10 * own);
  const Piece pieces[] = {{0, 2}, {2, 2}, {2, 5}}, one_each[] = {{0, 1}, {1, 2}, {2, 3}};
  const Gathered arrays[] = {{numbers.data(), pieces}, {others.data(), one_each}};
  ranks.gather(arrays);
  EXPECT_EQ(numbers, (Floats{1, 1, 3, 3, 3}));
  EXPECT_EQ(others, (Floats{10, 20, 30}));
}

}  // namespace thalweg::test
