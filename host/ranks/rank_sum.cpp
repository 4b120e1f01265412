#include "host/ranks/rank_sum.hpp"

#include <algorithm>

#include "host/ranks/fold.hpp"
#include "kernels/base/arena.hpp"

namespace thalweg {
namespace {

std::int64_t units_of(std::int64_t floats) { return padded_size(floats) / kSegmentAlign; }

/// Elements [from, floats) cut into pieces that begin at multiples of kSegmentAlign, as `from` does.
std::vector<Piece> pieces_of(std::int64_t from, std::int64_t floats, std::int64_t ranks) {
  const std::int64_t units = units_of(floats - from);
  std::vector<Piece> pieces;
  for (std::int64_t r = 0; r < ranks; ++r)
    pieces.push_back({from + units * r / ranks * kSegmentAlign,
                      std::min(from + units * (r + 1) / ranks * kSegmentAlign, floats)});
  return pieces;
}

std::int64_t longest_piece(std::int64_t floats, std::int64_t ranks) {
  return (units_of(floats) + ranks - 1) / ranks * kSegmentAlign;
}

}  // namespace

std::int64_t rank_arenas(int slices, int ranks, int rank) {
  return most_part_sums(slices, slices_of_rank(slices, ranks, rank));
}

RankSum::RankSum(const Context& ctx, const RankArena& arena, int slices, Communicator& ranks)
    : ranks_(ranks),
      slices_(slices),
      form_(arena.floats, arena.touched),
      pieces_(pieces_of(arena.shared_from, arena.floats, ranks.count())) {
  std::vector<SliceRange> leaves;
  for (int r = 0; r < ranks.count(); ++r) {
    for (const SliceRange node : cover(slices, slices_of_rank(slices, ranks.count(), r))) {
      owners_.push_back(r);
      leaves.push_back(node);
    }
  }
  above_ = tree_program(slices, leaves);
  for (std::int64_t i = rank_arenas(slices, ranks.count(), ranks.rank()); i > 0; --i)
    sums_.emplace_back(ctx, form_.most());
  if (form_.packs()) packed_ = Buffer<float>(ctx, form_.most());
  const std::int64_t longest = longest_piece(form_.most(), ranks.count());
  for (const int owner : owners_) {
    if (owner != ranks.rank()) received_.emplace_back(ctx, longest);
  }
}

void RankSum::sum(const Context& ctx, std::int64_t rows, std::int64_t most_rows, const SumPart& run,
                  float* grad, std::span<float* const> of_rows) {
  const SliceRange owned = slices_of_rank(slices_, ranks_.count(), ranks_.rank());
  run_parts(ctx, {rows, slices_, cover(slices_, owned), most_rows}, run, grad);
  float* const sum = form_.packs() ? packed_.data() : grad;
  const std::vector<Piece> pieces = pieces_of(0, form_.size(), ranks_.count());
  exchange(pieces);
  add_nodes(ctx, pieces[static_cast<std::size_t>(ranks_.rank())], sum);
  std::vector<Piece> row_pieces;
  for (int r = 0; r < ranks_.count(); ++r) {
    const auto [begin, end] = rows_of(rows, slices_, slices_of_rank(slices_, ranks_.count(), r));
    row_pieces.push_back({begin, end});
  }
  std::vector<Gathered> arrays{{sum, pieces}};
  for (float* const values : of_rows) arrays.push_back({values, row_pieces});
  ranks_.gather(arrays);
  if (form_.packs()) form_.unpack(sum, grad);
}

void RankSum::gather(std::span<float* const> arenas) {
  std::vector<Gathered> arrays;
  for (float* const arena : arenas) arrays.push_back({arena, pieces_});
  ranks_.gather(arrays);
}

void RankSum::run_parts(const Context& ctx, const PartsOfBatch& batch, const SumPart& run, float* grad) {
  std::vector<float*> places;
  for (Buffer<float>& sum : sums_) places.push_back(sum.data());
  const auto run_packed = [&](const BatchPart& part, float* sum) {
    run(part, grad);
    form_.pack(grad, sum);
  };
  node_sums_ = sum_parts(batch, places, form_.packs() ? SumPart(run_packed) : run,
                         [&](const auto& adds, const auto& sums) { fold(ctx, adds, sums, form_.size()); });
}

/// Each rank gets its piece of every node.
void RankSum::exchange(const std::vector<Piece>& pieces) {
  std::vector<Message> sends, receives;
  for (float* const sum : node_sums_) {
    for (int peer = 0; peer < ranks_.count(); ++peer) {
      const auto [begin, end] = pieces[static_cast<std::size_t>(peer)];
      if (peer != ranks_.rank()) sends.push_back({peer, sum + begin, end - begin});
    }
  }
  const auto [begin, end] = pieces[static_cast<std::size_t>(ranks_.rank())];
  for (const int owner : owners_) {
    if (owner == ranks_.rank()) continue;
    receives.push_back({owner, received_[receives.size()].data(), end - begin});
  }
  ranks_.exchange(sends, receives);
}

void RankSum::add_nodes(const Context& ctx, Piece own, float* sum) {
  std::vector<float*> values;
  std::size_t mine = 0, other = 0;
  for (const int owner : owners_)
    values.push_back(owner == ranks_.rank() ? node_sums_[mine++] + own.begin : received_[other++].data());
  for (const auto& adds : above_.after) fold(ctx, adds, values, own.end - own.begin);
  std::copy_n(values[0], own.end - own.begin, sum + own.begin);
}

}  // namespace thalweg
