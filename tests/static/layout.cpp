// Bank conflicts of the product kernels' shared memory, from its layout: the kernels' own functions read a
// piece whose floats are their own indices, so what a lane reads tells where it reads. For the account
// (ratchet.py):
//   TILE SIDES NAME PASSES IDEAL     passes of shared memory that a warp's accesses to a piece take
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <set>
#include <vector>

#include "kernels/gemm/product_tile.cuh"
#include "kernels/gemm/tiles.hpp"

namespace simt {
void misaligned(const void*, std::size_t, Site) { std::abort(); }
}  // namespace simt

namespace thalweg {
namespace {

constexpr int kBanks = 32, kLanes = 32;

struct Passes {
  int taken = 0, ideal = 0;
};

/// One access of a warp: lane l moves `floats` words from word first[l] on. Lanes share a pass as far as
/// their bytes go (eight lanes of 16 bytes); a bank gives one word in a pass, to any number of lanes.
void add_access(Passes& passes, const std::vector<int>& first, int floats) {
  const int together = kLanes / floats;
  for (int begin = 0; begin < kLanes; begin += together) {
    std::set<int> words[kBanks];
    for (int lane = begin; lane < begin + together; ++lane)
      for (int i = 0; i < floats; ++i) {
        const int word = first[static_cast<std::size_t>(lane)] + i;
        words[word % kBanks].insert(word);
      }
    std::size_t most = 0;
    for (const auto& bank : words) most = std::max(most, bank.size());
    passes.taken += static_cast<int>(most);
    passes.ideal += 1;
  }
}

/// What each lane reads of a piece for its products: `along` is the lane's place along the side.
template <class S, class Along>
Passes reads(Along along) {
  std::vector<float> piece(S::kFloats);
  std::iota(piece.begin(), piece.end(), 0.0f);
  Passes passes;
  for (int group = 0; group < S::kPerThread; group += S::kGroup) {
    std::vector<std::vector<int>> word(4 * S::kGroup);  // [value][lane]
    for (int lane = 0; lane < kLanes; ++lane) {
      float value[4][S::kGroup];
      S::template load<4>(piece.data() + S::place_of_thread(along(lane)), group, value);
      for (int k = 0; k < 4; ++k)
        for (int i = 0; i < S::kGroup; ++i)
          word[static_cast<std::size_t>(k * S::kGroup + i)].push_back(static_cast<int>(value[k][i]));
    }
    const bool quads = S::kDeepLines || S::kGroup == 4;
    if (!quads) {
      for (const auto& access : word) add_access(passes, access, 1);
    } else if (S::kDeepLines) {  // four terms of an output
      for (int i = 0; i < S::kGroup; ++i) add_access(passes, word[static_cast<std::size_t>(i)], 4);
    } else {  // four outputs of a term
      for (int k = 0; k < 4; ++k) add_access(passes, word[static_cast<std::size_t>(4 * k)], 4);
    }
  }
  const int times = S::kDeepLines || S::kLines >= 4 ? (S::kDeepLines ? S::kPositions : S::kLines) / 4 : 1;
  return {passes.taken * times, passes.ideal * times};
}

/// Copies of a piece, four neighbouring floats a lane, as Loader shares them out.
template <class S, int kThreads>
Passes copies() {
  constexpr int kQuadsPerLine = S::kPositions / 4, kQuads = S::kLines * kQuadsPerLine;
  Passes passes;
  for (int begin = 0; begin + kLanes <= kQuads; begin += kThreads) {  // the first warp's
    std::vector<int> first;
    for (int quad = begin; quad < begin + kLanes; ++quad)
      first.push_back(S::place(quad / kQuadsPerLine, quad % kQuadsPerLine * 4));
    add_access(passes, first, 4);
  }
  return passes;
}

template <class Shape, LineAlong kA, LineAlong kB>
void print(const char* tile, const char* sides) {
  using A = Side<Lines, kA, Shape::kRows, Shape::kRowsPerThread, Shape>;
  using B = Side<Lines, kB, Shape::kCols, Shape::kColsPerThread, Shape>;
  // ProductTile: a warp is four threads along the rows and eight along the columns.
  const Passes all[] = {reads<A>([](int lane) { return lane / 8; }),
                        reads<B>([](int lane) { return lane % 8; }), copies<A, Shape::kThreads>(),
                        copies<B, Shape::kThreads>()};
  const char* const names[] = {"rows", "columns", "row_copies", "column_copies"};
  for (int i = 0; i < 4; ++i)
    std::printf("%s %s %s %d %d\n", tile, sides, names[i], all[i].taken, all[i].ideal);
}

template <class Shape>
void print_all(const char* tile) {
  constexpr LineAlong kDepth = LineAlong::depth, kWidth = LineAlong::width;
  print<Shape, kDepth, kDepth>(tile, "depth,depth");
  print<Shape, kDepth, kWidth>(tile, "depth,width");
  print<Shape, kWidth, kWidth>(tile, "width,width");
}

/// A fault for the account to find: lines of 32 floats without padding, read along the lines.
void print_planted() {
  Passes passes;
  std::vector<int> first;
  for (int lane = 0; lane < kLanes; ++lane) first.push_back(lane * kBanks);
  add_access(passes, first, 1);
  std::printf("planted - rows %d %d\n", passes.taken, passes.ideal);
}

}  // namespace
}  // namespace thalweg

int main() {
  thalweg::print_all<thalweg::LargeTile>("LargeTile");
  thalweg::print_all<thalweg::MediumTile>("MediumTile");
  thalweg::print_all<thalweg::SmallTile>("SmallTile");
  thalweg::print<thalweg::FewTile, thalweg::LineAlong::width, thalweg::LineAlong::width>("FewTile",
                                                                                         "width,width");
  thalweg::print_planted();
}
