#pragma once
// The gradient of a batch that several ranks share (docs/ranks.md, "A step").
#include <vector>

#include "host/ranks/communicator.hpp"
#include "host/ranks/packed_gradient.hpp"
#include "host/ranks/part_sums.hpp"
#include "host/runtime/memory.hpp"

namespace thalweg {

/// Memory that a rank has for sums besides that of the whole gradient, in gradients.
std::int64_t rank_arenas(int slices, int ranks, int rank);

struct RankArena {
  std::int64_t floats = 0;  ///< a multiple of kSegmentAlign
  /// The elements that alone count of a segment of the gradient; no features: everything counts.
  TouchedElements touched = {};
  /// Each rank updates a piece of what begins here, and all of what lies before it.
  std::int64_t shared_from = 0;
};

class RankSum {
 public:
  /// The memory is the host's.
  RankSum(const Context& ctx, const RankArena& arena, int slices, Communicator& ranks);

  /// Runs the parts of this rank of a batch of `rows` rows; a call brings at most `most_rows`. What the batch
  /// does not touch may be anything in the gradient of a part. Leaves the gradient of the batch in `grad`.
  /// Each of `of_rows` [rows], of which the parts wrote their own rows, has those of all ranks. All ranks
  /// have the same bits.
  void sum(const Context& ctx, std::int64_t rows, std::int64_t most_rows, const SumPart& run, float* grad,
           std::span<float* const> of_rows);

  /// Leaves the pieces that each rank has of the arenas with all.
  void gather(std::span<float* const> arenas);
  /// What this rank has of an arena.
  Piece own_piece() const { return pieces_[static_cast<std::size_t>(ranks_.rank())]; }
  Communicator& ranks() const { return ranks_; }

 private:
  void run_parts(const Context& ctx, const PartsOfBatch& batch, const SumPart& run, float* grad);
  void exchange(const std::vector<Piece>& pieces);
  void add_nodes(const Context& ctx, Piece own, float* sum);

  Communicator& ranks_;
  int slices_;
  PackedGradient form_;
  std::vector<Piece> pieces_;            ///< of the arena, by rank
  std::vector<int> owners_;              ///< of the nodes of all ranks
  TreeProgram above_;                    ///< the tree above the nodes
  std::vector<Buffer<float>> sums_;      ///< of the parts, by place
  std::vector<float*> node_sums_;        ///< of the nodes of this rank: one of sums_ each
  std::vector<Buffer<float>> received_;  ///< this rank's piece of the nodes of the others
  Buffer<float> packed_;                 ///< the sum; none: it is not packed
};

}  // namespace thalweg
