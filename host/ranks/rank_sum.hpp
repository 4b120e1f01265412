#pragma once
// The gradient of a batch that several ranks share (docs/ranks.md, "A step").
#include <functional>
#include <vector>

#include "host/ranks/communicator.hpp"
#include "host/ranks/slice_owners.hpp"
#include "host/runtime/memory.hpp"

namespace thalweg {

/// Consecutive rows of a batch that are summed as a batch of their own.
struct BatchPart {
  RowsOfBatch rows;
  int slices = 0;
};

/// Memory that a rank has for sums besides that of the whole gradient, in gradients.
std::int64_t rank_arenas(int slices, int ranks, int rank);

class RankSum {
 public:
  /// `arena`: floats of a gradient, a multiple of kSegmentAlign. The memory is the host's.
  RankSum(const Context& ctx, std::int64_t arena, int slices, Communicator& ranks);

  /// Leaves the gradient of a part in its memory.
  using RunPart = std::function<void(const BatchPart& part, float* grad)>;
  /// Runs the parts of this rank of a batch of `rows` rows. Leaves the gradient of the batch in `grad`, and
  /// in `losses` [rows], of which the parts wrote their own, those of all ranks. All ranks have the same
  /// bits.
  void sum(const Context& ctx, std::int64_t rows, const RunPart& run, float* grad, float* losses);

  /// Leaves the pieces that each rank has of the arenas with all.
  void gather(std::span<float* const> arenas);
  /// What this rank has of an arena.
  Piece own_piece() const { return pieces_[static_cast<std::size_t>(ranks_.rank())]; }
  /// The slices of this rank.
  SliceRange owned() const { return slices_of_rank(slices_, ranks_.count(), ranks_.rank()); }
  Communicator& ranks() const { return ranks_; }

 private:
  struct Node {
    SliceRange slices;
    int owner;
  };
  void run_parts(const Context& ctx, std::int64_t rows, const RunPart& run);
  void exchange();
  void add_nodes(const Context& ctx, float* grad);

  Communicator& ranks_;
  int slices_;
  std::vector<Piece> pieces_;            ///< of the arena, by rank
  std::vector<Node> nodes_;              ///< of all ranks
  TreeProgram above_;                    ///< the tree above the nodes
  std::vector<Buffer<float>> sums_;      ///< of the parts, by place
  std::vector<float*> node_sums_;        ///< of the nodes of this rank: one of sums_ each
  std::vector<Buffer<float>> received_;  ///< this rank's piece of the nodes of the others
};

}  // namespace thalweg
