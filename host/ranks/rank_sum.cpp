#include "host/ranks/rank_sum.hpp"

#include <cstring>

#include "host/ranks/fold.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/base/arena.hpp"

namespace thalweg {
namespace {

std::vector<Piece> pieces_of(std::int64_t arena, int ranks) {
  const std::int64_t units = arena / kSegmentAlign;
  std::vector<Piece> pieces;
  for (std::int64_t r = 0; r < ranks; ++r)
    pieces.push_back({units * r / ranks * kSegmentAlign, units * (r + 1) / ranks * kSegmentAlign});
  return pieces;
}

/// A batch may have a part for each slice, which takes the most memory.
int most_places(int slices, SliceRange owned) {
  std::vector<SliceRange> single;
  for (int s = owned.begin; s < owned.end; ++s) single.push_back({s, s + 1});
  return tree_program(slices, single).places;
}

}  // namespace

std::int64_t rank_arenas(int slices, int ranks, int rank) {
  return most_places(slices, slices_of_rank(slices, ranks, rank));
}

RankSum::RankSum(const Context& ctx, std::int64_t arena, int slices, Communicator& ranks)
    : ranks_(ranks), slices_(slices), pieces_(pieces_of(arena, ranks.count())) {
  std::vector<SliceRange> leaves;
  for (int r = 0; r < ranks.count(); ++r) {
    for (const SliceRange node : cover(slices, slices_of_rank(slices, ranks.count(), r))) {
      nodes_.push_back({node, r});
      leaves.push_back(node);
    }
  }
  above_ = tree_program(slices, leaves);
  for (std::int64_t i = rank_arenas(slices, ranks.count(), ranks.rank()); i > 0; --i)
    sums_.emplace_back(ctx, arena);
  const auto [begin, end] = own_piece();
  for (const Node& node : nodes_) {
    if (node.owner != ranks.rank()) received_.emplace_back(ctx, end - begin);
  }
}

void RankSum::sum(const Context& ctx, std::int64_t rows, const RunPart& run, float* grad, float* losses) {
  run_parts(ctx, rows, run);
  exchange();
  add_nodes(ctx, grad);
  std::vector<Piece> loss_pieces;
  for (int r = 0; r < ranks_.count(); ++r) {
    const auto [begin, end] = rows_of(rows, slices_, slices_of_rank(slices_, ranks_.count(), r));
    loss_pieces.push_back({begin, end});
  }
  const Gathered arrays[] = {{grad, pieces_}, {losses, loss_pieces}};
  ranks_.gather(arrays);
}

void RankSum::gather(std::span<float* const> arenas) {
  std::vector<Gathered> arrays;
  for (float* const arena : arenas) arrays.push_back({arena, pieces_});
  ranks_.gather(arrays);
}

/// Part by part, each sum added to its neighbour's as soon as both are there: few are kept at a time.
void RankSum::run_parts(const Context& ctx, std::int64_t rows, const RunPart& run) {
  const std::vector<SliceRange> parts = own_batches(rows, slices_, cover(slices_, owned()));
  const TreeProgram own = tree_program(slices_, parts);
  std::vector<float*> values;
  for (const int place : own.place) values.push_back(sums_[static_cast<std::size_t>(place)].data());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    run({rows_of(rows, slices_, parts[i]), parts[i].end - parts[i].begin}, values[i]);
    fold(device_of(ctx), own.after[i], values, pieces_.back().end);
  }
  node_sums_.clear();
  for (const int root : own.roots) node_sums_.push_back(values[static_cast<std::size_t>(root)]);
}

/// Each rank gets its piece of every node.
void RankSum::exchange() {
  std::vector<Message> sends, receives;
  for (float* const sum : node_sums_) {
    for (int peer = 0; peer < ranks_.count(); ++peer) {
      const auto [begin, end] = pieces_[static_cast<std::size_t>(peer)];
      if (peer != ranks_.rank()) sends.push_back({peer, sum + begin, end - begin});
    }
  }
  for (const Node& node : nodes_) {
    if (node.owner == ranks_.rank()) continue;
    Buffer<float>& to = received_[receives.size()];
    receives.push_back({node.owner, to.data(), to.size()});
  }
  ranks_.exchange(sends, receives);
}

void RankSum::add_nodes(const Context& ctx, float* grad) {
  const auto [begin, end] = own_piece();
  std::vector<float*> values;
  std::size_t own = 0, other = 0;
  for (const Node& node : nodes_)
    values.push_back(node.owner == ranks_.rank() ? node_sums_[own++] + begin : received_[other++].data());
  for (const auto& adds : above_.after) fold(device_of(ctx), adds, values, end - begin);
  std::memcpy(grad + begin, values[0], static_cast<std::size_t>(end - begin) * sizeof(float));
}

}  // namespace thalweg
