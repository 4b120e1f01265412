#pragma once
// Optimizer: the states of a rule on the arenas, and the calls of one update.
#include <optional>
#include <vector>

#include "host/model/network.hpp"
#include "host/runtime/memory.hpp"
#include "host/step/optimizer_scalars.hpp"
#include "kernels/update/update.hpp"

namespace thalweg {

class Optimizer {
 public:
  /// `param`: the arena as it begins, which is also where an average begins. `sparse_weight`: as
  /// Layer::sparse_weight.
  Optimizer(const Context& ctx, const ParameterPlan& plan, const float* param, const OptimizerConfig& config,
            std::int64_t sparse_weight = -1);

  /// Lazy: the sparse weight is updated only where the batch touched it.
  bool lazy() const { return lazy_; }
  bool averages() const { return average_.size() > 0; }

  /// The scalars that `update` reads in step `step` (counted from 1) at the scheduled rate `lr`.
  UpdateScalars scalars(double lr, std::int64_t step) const {
    return update_scalars(config_, lr, step, groups_);
  }

  /// Whether an element's update needs no other element of its segment.
  bool updates_elements_alone() const { return !constrains_segment(config_.constraint); }
  /// From now on `update` leaves what lies outside [begin, end) of the arena to others, but for the elements
  /// of a lazy update. Multiples of kSegmentAlign; only where updates_elements_alone.
  void update_only(std::int64_t begin, std::int64_t end);

  /// The op that leaves the sum of squares of the gradient, and the clip factor for `update`, in the
  /// backend's memory.
  GradientNormArgs gradient_norm(const float* grad, const TouchedElements& touched);
  const float* squared_norm() const { return norm_.data(); }

  /// `scalars` and `gate` lie in the backend's memory; nothing is written when *gate is not finite.
  void update(const Context& ctx, float* param, const float* grad, const TouchedElements& touched,
              const UpdateScalars* scalars, const float* gate);

  /// All segments of the arena, in the order of the parameters.
  const std::vector<UpdateSegment>& segments() const { return segments_; }
  std::vector<Buffer<float>>& states() { return states_; }
  Buffer<float>& average() { return average_; }

 private:
  void plan_segments(const ParameterPlan& plan, std::int64_t sparse_weight);

  OptimizerConfig config_;
  std::vector<ParameterGroup> groups_;
  bool lazy_;
  std::vector<UpdateSegment> segments_;         ///< all, in the order of the parameters
  std::vector<UpdateSegment> whole_, touched_;  ///< those that each step updates whole; the lazy one, if any
  std::vector<UpdateSegment> own_;              ///< of whole_, what `update` changes
  std::vector<Buffer<float>> states_;
  Buffer<float> average_;
  Buffer<float> norm_;
};

}  // namespace thalweg
