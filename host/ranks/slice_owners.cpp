#include "host/ranks/slice_owners.hpp"

#include <algorithm>
#include <bit>

#include "kernels/base/slices.hpp"

namespace thalweg {
namespace {

/// Whether a batch of the node's rows has the slices of the node.
bool cuts_alike(std::int64_t rows, int slices, SliceRange node) {
  const RowsOfBatch own = rows_of(rows, slices, node);
  const BatchSlices all = whole_batch(rows, slices);
  const BatchSlices alone = whole_batch(own.end - own.begin, node.end - node.begin);
  for (int s = 0; s < alone.slices; ++s) {
    if (alone.begin(s) != all.begin(node.begin + s) - own.begin) return false;
  }
  return true;
}

/// Whether one call may bring the node, as a batch of its own.
bool is_call(std::int64_t rows, int slices, SliceRange node, std::int64_t most_rows) {
  const auto [begin, end] = rows_of(rows, slices, node);
  return end - begin <= most_rows && node.end - node.begin <= kMaxSlices && cuts_alike(rows, slices, node);
}

void add_batches(std::int64_t rows, int slices, SliceRange node, std::int64_t most_rows,
                 std::vector<SliceRange>& to) {
  const auto count = static_cast<unsigned>(node.end - node.begin);
  if (count == 1 || is_call(rows, slices, node, most_rows)) return to.push_back(node);
  const int middle = node.begin + static_cast<int>(std::bit_floor(count - 1));
  add_batches(rows, slices, {node.begin, middle}, most_rows, to);
  add_batches(rows, slices, {middle, node.end}, most_rows, to);
}

/// Whether the tree adds the two ranges, neighbours, to each other.
bool are_pair(int slices, SliceRange left, SliceRange right) {
  const int width = left.end - left.begin;
  return std::has_single_bit(static_cast<unsigned>(width)) && left.begin % (2 * width) == 0 &&
         right.end == std::min(left.begin + 2 * width, slices);
}

/// A subtree whose value is there.
struct Pending {
  SliceRange range;
  int leaf;
};

/// Places that values leave are taken again.
class Places {
 public:
  int take() {
    if (free_.empty()) return count_++;
    const int place = free_.back();
    free_.pop_back();
    return place;
  }
  void leave(int place) { free_.push_back(place); }
  int count() const { return count_; }

 private:
  std::vector<int> free_;
  int count_ = 0;
};

}  // namespace

RowsOfBatch rows_of(std::int64_t rows, int slices, SliceRange range) {
  const BatchSlices batch = whole_batch(rows, slices);
  return {batch.begin(range.begin), batch.begin(range.end)};
}

SliceRange slices_of_rank(int slices, int ranks, int rank) {
  return {slices * rank / ranks, slices * (rank + 1) / ranks};
}

std::vector<SliceRange> cover(int slices, SliceRange owned) {
  std::vector<SliceRange> nodes;
  for (int at = owned.begin; at < owned.end; at = nodes.back().end) {
    int width = 1;
    const auto fits = [&](int wider) { return at % wider == 0 && std::min(at + wider, slices) <= owned.end; };
    while (width < slices && fits(2 * width)) width *= 2;
    nodes.push_back({at, std::min(at + width, slices)});
  }
  return nodes;
}

std::vector<SliceRange> own_batches(std::int64_t rows, int slices, std::span<const SliceRange> nodes,
                                    std::int64_t most_rows) {
  std::vector<SliceRange> batches;
  for (const SliceRange node : nodes) add_batches(rows, slices, node, most_rows, batches);
  return batches;
}

TreeProgram tree_program(int slices, std::span<const SliceRange> leaves) {
  TreeProgram program;
  std::vector<Pending> pending;
  Places places;
  for (int leaf = 0; leaf < std::ssize(leaves); ++leaf) {
    program.place.push_back(places.take());
    program.after.emplace_back();
    pending.push_back({leaves[static_cast<std::size_t>(leaf)], leaf});
    while (pending.size() > 1 && are_pair(slices, pending.end()[-2].range, pending.back().range)) {
      const Pending right = pending.back();
      pending.pop_back();
      Pending& left = pending.back();
      left.range.end = right.range.end;
      program.after.back().push_back({left.leaf, right.leaf});
      places.leave(program.place[static_cast<std::size_t>(right.leaf)]);
    }
  }
  for (const Pending& subtree : pending) program.roots.push_back(subtree.leaf);
  program.places = places.count();
  return program;
}

}  // namespace thalweg
