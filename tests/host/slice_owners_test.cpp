// Slices that ranks own: the tree over slices, cut anywhere, is still that tree.
#include "host/ranks/slice_owners.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <vector>

#include "host/ranks/fold.hpp"
#include "host/ranks/packed_gradient.hpp"
#include "host/ranks/rank_sum.hpp"
#include "kernels/base/slices.hpp"
#include "tests/support/backends.hpp"
#include "tests/support/slice_tree.hpp"

namespace thalweg {
namespace {

using Ranges = std::vector<SliceRange>;
using Adds = std::vector<TreeProgram::Add>;

TEST(SliceOwners, GiveEachRankAsManySlicesAsTheOthersOrOneMore) {
  EXPECT_EQ(slices_of_rank(8, 3, 0), (SliceRange{0, 2}));
  EXPECT_EQ(slices_of_rank(8, 3, 1), (SliceRange{2, 5}));
  EXPECT_EQ(slices_of_rank(8, 3, 2), (SliceRange{5, 8}));
  EXPECT_EQ(slices_of_rank(4, 4, 3), (SliceRange{3, 4}));
}

TEST(SliceOwners, CoverSlicesByTheLargestNodesOfTheTree) {
  EXPECT_EQ(cover(8, {0, 8}), (Ranges{{0, 8}}));
  EXPECT_EQ(cover(8, {2, 5}), (Ranges{{2, 4}, {4, 5}}));
  EXPECT_EQ(cover(8, {5, 8}), (Ranges{{5, 6}, {6, 8}}));
  EXPECT_EQ(cover(8, {1, 8}), (Ranges{{1, 2}, {2, 4}, {4, 8}}));
  EXPECT_EQ(cover(7, {4, 7}), (Ranges{{4, 7}})) << "the last node is cut off at the number of slices";
  EXPECT_EQ(cover(7, {0, 7}), (Ranges{{0, 7}}));
  EXPECT_EQ(cover(5, {3, 5}), (Ranges{{3, 4}, {4, 5}}));
}

TEST(SliceOwners, KnowTheRowsOfASliceRange) {
  EXPECT_EQ(rows_of(10, 4, {1, 3}), (RowsOfBatch{2, 7}));
  EXPECT_EQ(rows_of(3, 8, {0, 2}), (RowsOfBatch{0, 0}));
}

// Five rows in eight slices: they begin at 0, 0, 1, 1, 2, 3, 3, 4. Rows 3 and 4 alone would be cut into one
// and one, as they are; row 2 alone would be in the second of two slices, and is in the first.
TEST(SliceOwners, TakeANodeApartWhoseRowsAloneWouldBeCutElsewhere) {
  EXPECT_EQ(own_batches(5, 8, Ranges{{4, 8}}, 1000), (Ranges{{4, 5}, {5, 6}, {6, 8}}));
  EXPECT_EQ(own_batches(10, 4, Ranges{{0, 2}, {2, 4}}, 1000), (Ranges{{0, 2}, {2, 4}}));
  EXPECT_EQ(own_batches(256, 8, Ranges{{0, 4}, {4, 6}}, 1000), (Ranges{{0, 4}, {4, 6}}));
}

TEST(SliceOwners, CutTheRowsOfEachPartAsTheBatchDoes) {
  std::mt19937 engine(3);
  for (int draw = 0; draw < 20000; ++draw) {
    const int slices = 1 + static_cast<int>(engine() % 64);
    const int ranks = 1 + static_cast<int>(engine() % static_cast<unsigned>(slices));
    const int rank = static_cast<int>(engine() % static_cast<unsigned>(ranks));
    const std::int64_t rows = engine() % 300;
    const SliceRange owned = slices_of_rank(slices, ranks, rank);
    int next = owned.begin;
    for (const SliceRange part : own_batches(rows, slices, cover(slices, owned), 1000)) {
      ASSERT_EQ(part.begin, next);
      next = part.end;
      const auto [begin, end] = rows_of(rows, slices, part);
      for (int s = 0; s <= part.end - part.begin; ++s)
        ASSERT_EQ(begin + (end - begin) * s / (part.end - part.begin), rows * (part.begin + s) / slices)
            << rows << " rows, " << slices << " slices, slice " << part.begin + s;
    }
    ASSERT_EQ(next, owned.end);
  }
}

TEST(TreeProgram, AddsNeighboursAsSoonAsBothAreThere) {
  const TreeProgram program = tree_program(8, Ranges{{0, 2}, {2, 4}, {4, 5}, {5, 6}, {6, 8}});
  EXPECT_EQ(program.after, (std::vector<Adds>{{}, {{0, 1}}, {}, {{2, 3}}, {{2, 4}, {0, 2}}}));
  EXPECT_EQ(program.place, (std::vector<int>{0, 1, 1, 2, 2}));
  EXPECT_EQ(program.places, 3);
  EXPECT_EQ(program.roots, (std::vector<int>{0}));
}

TEST(TreeProgram, LeavesWhatOtherRanksHaveToAddTo) {
  const TreeProgram program = tree_program(8, Ranges{{2, 3}, {3, 4}, {4, 5}});
  EXPECT_EQ(program.after, (std::vector<Adds>{{}, {{0, 1}}, {}}));
  EXPECT_EQ(program.roots, (std::vector<int>{0, 2}));
}

TEST(TreeProgram, KeepsAsManySumsAsTheTreeHasLevels) {
  EXPECT_EQ(rank_arenas(64, 1, 0), 7);
  EXPECT_EQ(rank_arenas(8, 1, 0), 4);
  EXPECT_EQ(rank_arenas(8, 2, 1), 3);
  EXPECT_EQ(rank_arenas(8, 8, 5), 1);
  EXPECT_EQ(rank_arenas(64, 3, 1), 7);
  EXPECT_EQ(cover(64, slices_of_rank(64, 3, 0)).size(), 3u);
  EXPECT_EQ(cover(64, slices_of_rank(64, 3, 1)).size(), 5u) << "which the others receive";
}

/// A batch of one element, summed by ranks that own the slices between `cuts`.
struct Cut {
  int slices;
  std::vector<int> cuts;  ///< ascending, from 0 to slices
  std::vector<float> chains;

  float by_nodes() const {
    Ranges nodes;
    std::vector<float> sums;
    for (std::size_t r = 0; r + 1 < cuts.size(); ++r) {
      for (const SliceRange node : cover(slices, {cuts[r], cuts[r + 1]})) {
        nodes.push_back(node);
        sums.push_back(test::slice_tree({chains.begin() + node.begin, chains.begin() + node.end}));
      }
    }
    const TreeProgram program = tree_program(slices, nodes);
    EXPECT_EQ(program.roots, (std::vector<int>{0}));
    for (const auto& adds : program.after) {
      for (const auto& [to, from] : adds)
        sums[static_cast<std::size_t>(to)] += sums[static_cast<std::size_t>(from)];
    }
    return sums[0];
  }
  float in_rank_order() const {
    float sum = 0;
    for (std::size_t r = 0; r + 1 < cuts.size(); ++r) {
      const float own = test::slice_tree({chains.begin() + cuts[r], chains.begin() + cuts[r + 1]});
      sum = r == 0 ? own : sum + own;
    }
    return sum;
  }
};

Cut random_cut(std::mt19937& engine) {
  Cut cut{.slices = 1 + static_cast<int>(engine() % 64), .cuts = {0}, .chains = {}};
  const unsigned often = 1 + engine() % 8;
  for (int s = 0; s < cut.slices; ++s) {
    const auto size = static_cast<float>(static_cast<int>(engine() % 2001) - 1000);
    cut.chains.push_back(engine() % 8 == 0 ? (engine() % 2 == 0 ? 0.0f : -0.0f) : size / 7);
    if (s > 0 && engine() % often == 0) cut.cuts.push_back(s);
  }
  cut.cuts.push_back(cut.slices);
  return cut;
}

TEST(TreeProgram, OfATreeCutAnywhereIsThatTreeAndAnAdditionInTheOrderOfRanksIsNot) {
  std::mt19937 engine(5);
  int others = 0;
  for (int draw = 0; draw < 100000; ++draw) {
    const Cut cut = random_cut(engine);
    const float want = test::slice_tree(cut.chains), got = cut.by_nodes();
    ASSERT_EQ(std::bit_cast<std::uint32_t>(got), std::bit_cast<std::uint32_t>(want))
        << "draw " << draw << ", " << cut.slices << " slices";
    if (std::bit_cast<std::uint32_t>(cut.in_rank_order()) != std::bit_cast<std::uint32_t>(want)) ++others;
  }
  EXPECT_GT(others, 20000);
}

TEST(Fold, AddsWholeVectorsInTurn) {
  std::vector<float> a(5000, 1.0f), b(5000, 2.0f), c(5000, 4.0f);
  b[4999] = 8.0f;
  float* const values[] = {a.data(), b.data(), c.data()};
  fold(test::context_of("cpu"), Adds{{1, 2}, {0, 1}}, values, 5000);
  EXPECT_EQ(a[0], 7.0f);
  EXPECT_EQ(a[4998], 7.0f);
  EXPECT_EQ(a[4999], 13.0f);
  EXPECT_EQ(b[4096], 2.0f) << "the sum alone is kept";
  EXPECT_EQ(c[0], 4.0f);
}

// An arena of a bias, of two outputs of five features, and of another bias; features 1 and 4 are touched.
TEST(PackedGradient, HasWhatABatchTouchesAndAllOfTheOtherSegments) {
  std::vector<float> arena(3 * 1024, 9.0f);
  arena[0] = 1, arena[1023] = 2, arena[2048] = 3, arena[3071] = 4;
  arena[1024 + 1] = 5, arena[1024 + 4] = 6, arena[1024 + 5 + 1] = 7, arena[1024 + 5 + 4] = 8;
  std::int32_t features[] = {1, 4, 0};
  std::int64_t count = 2;
  const TouchedElements touched{features, &count, 3, 5, 2, 1024};
  EXPECT_EQ(segment_end(touched), 2048);
  const PackedGradient form(3 * 1024, touched);
  EXPECT_EQ(form.size(), 2 * 1024 + 4);
  EXPECT_EQ(form.most(), 2 * 1024 + 6);
  std::vector<float> packed(2 * 1024 + 4);
  form.pack(arena.data(), packed.data());
  EXPECT_EQ(packed[0], 1);
  EXPECT_EQ(packed[1023], 2);
  EXPECT_EQ(packed[1024], 3);
  EXPECT_EQ(packed[2047], 4);
  EXPECT_EQ((std::vector<float>(packed.begin() + 2048, packed.end())), (std::vector<float>{5, 6, 7, 8}));
  std::vector<float> unpacked(3 * 1024, 9.0f);
  form.unpack(packed.data(), unpacked.data());
  EXPECT_EQ(unpacked, arena);
}

TEST(PackedGradient, OfDenseRowsIsTheWholeArena) {
  const PackedGradient form(2048, {});
  EXPECT_FALSE(form.packs());
  EXPECT_EQ(form.size(), 2048);
  EXPECT_EQ(form.most(), 2048);
}

}  // namespace
}  // namespace thalweg
