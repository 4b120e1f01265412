#pragma once
// The optimizer step on the flat arena: every rule in one pass over parameters, gradients and state.
#include <cstdint>

#include "kernels/base/arena.hpp"
#include "kernels/base/cost.hpp"
#include "kernels/base/device.hpp"
#include "kernels/base/hd.hpp"
#include "kernels/base/isa.hpp"
#include "kernels/base/required.hpp"
#include "kernels/base/touched.hpp"
#include "thalweg/choices.hpp"

namespace thalweg {

/// Whether `project` enforces it, on each segment as one vector.
THALWEG_HD constexpr bool constrains_segment(Constraint constraint) {
  return constraint == Constraint::l2_ball || constraint == Constraint::simplex;
}

constexpr int kMaxGroups = 8;
constexpr int kMaxStates = 3;

// What the rule reads besides the element: computed on the host, in double, once a step, from the step number
// (host/step/optimizer_scalars.hpp), and rounded once. update_math.hpp says how each rule uses it.
struct GroupScalars {
  float lr = 0;                    ///< scheduled rate times the group's factor
  float decay = 0;                 ///< decoupled: param -= decay * param, decay = lr * weight_decay
  float l2 = 0;                    ///< coupled: grad += l2 * param
  float shrink = 0;                ///< proximal L1: l1 times the rate of a lasting gradient; rules divide it
  float ftrl_l1 = 0, ftrl_l2 = 0;  ///< ftrl regularises inside its rule; its l2 and shrink above are 0
  /// bounds of Constraint::box; other constraints have their radius or sum (> 0) in upper
  float lower = 0, upper = 0;
  Constraint constraint = Constraint::none;
};

struct UpdateScalars {
  float beta1 = 0;  ///< momentum, nesterov: the momentum
  float one_minus_beta1 = 0, one_minus_beta2 = 0, eps = 0;
  float beta = 0;              ///< ftrl's beta
  float step_size_factor = 1;  ///< Adam family: 1 / (1 - beta1^t), times lr per element's group
  float denom_scale = 1;       ///< Adam family: 1 / sqrt(1 - beta2^t)
  float extrapolate = 0;       ///< Adams-Bashforth: 1/2 from the second step on, 0 on the first
  float average_rate = 0;      ///< average += average_rate * (param - average); 1 copies, 0 leaves it
  GroupScalars group[kMaxGroups];
};

/// A run of the arena with one group. Offsets and sizes are multiples of kSegmentAlign; padding holds zeros.
struct UpdateSegment {
  std::int64_t offset = 0;
  std::int64_t size = 0;  ///< padded
  std::int64_t used = 0;  ///< real elements
  std::int32_t group = 0;
};

struct UpdateArgs {
  Rule rule = Rule::sgd;
  const UpdateSegment* segments = nullptr;  ///< in host memory; the segments to update
  int segment_count = 0;
  TouchedElements touched;                 ///< features != null: of the one segment
  const UpdateScalars* scalars = nullptr;  ///< in the backend's memory
  const float* grad_scale = nullptr;       ///< [1] in the backend's memory; null: 1
  const float* squared_norm = nullptr;     ///< [1] in the backend's memory, as gradient_norm's out[0]: when
                                           ///< not finite, nothing is written; null: always update
  float* param = nullptr;                  ///< arena
  const float* grad = nullptr;             ///< arena
  float* state[kMaxStates] = {};           ///< arenas
  float* average = nullptr;                ///< arena (beginning as a copy of param) or null
};

// Sums over the arena (docs/numerics.md). Each segment's used elements are cut, from its first, into blocks
// of 4096. Inside a block element j joins chain j mod 128 (chains.hpp; a sum of squares by one fma(x, x,
// chain) per element, other sums by one addition). The blocks are numbered in the order of the segment list;
// touched elements are one more vector, of the list positions p in [0, outputs * *count), whose blocks are
// numbered after those of all segments. The block sums are then added by chains as
// well: block b joins chain b mod 128.
constexpr std::int64_t kSumBlock = 4096;

/// out = {sum of squares of the gradient, min(1, clip_norm / (sqrt(sum) + 1e-6))}, as PyTorch's
/// clip_grad_norm_; the factor is 1 when clip_norm <= 0. A sum that is not finite tells of a gradient that is
/// not (the factor is then of no use).
struct GradientNormArgs {
  const UpdateSegment* segments = nullptr;  ///< host memory
  int segment_count = 0;
  TouchedElements touched;      ///< features == null: none
  const float* grad = nullptr;  ///< arena
  float clip_norm = 0;
  float* out = nullptr;  ///< [2] in the backend's memory
};

/// Projections that need a whole segment. They apply to the segments whose group has such a constraint. Each
/// segment is one vector, with sums over the arena in the order above.
/// l2_ball: norm = sqrt(sum of squares); if norm > upper every element becomes element * (upper / norm).
/// simplex (entries >= 0, sum upper; Duchi et al., "Efficient projections onto the l1-ball", ICML 2008, by
/// the iteration of Michelot, 1986): m = the largest element, v = element - m, theta = -upper; then theta =
/// (sum of the v > theta, minus upper) / (count of the v > theta), until the count no longer falls; element =
/// max(0, v - theta). Largest and count do not depend on an order; the sums add v where v > theta and +0
/// elsewhere. A vector without a finite largest element stays as it is, and a NaN element stays NaN.
/// The average of these segments is updated here, from the projected parameters; `step` leaves it alone.
struct ProjectArgs {
  const UpdateSegment* segments = nullptr;  ///< host memory
  int segment_count = 0;
  const UpdateScalars* scalars = nullptr;  ///< in the backend's memory
  const float* squared_norm = nullptr;     ///< as in UpdateArgs
  float* param = nullptr;
  float* average = nullptr;  ///< arena or null
};

/// What a step leaves behind for the host, which may read it much later.
struct StepRecord {
  /// sum of the weighted losses, by chains: losses[n] joins chain n mod 128 (chains.hpp)
  float loss_sum = 0;
  float squared_norm = 0;       ///< squared norm of the gradient
  std::int32_t first_bad = -1;  ///< first row of the batch whose loss is not finite; -1: none
  std::int32_t updated = 0;     ///< whether the step's update took place
};

/// The progress of a burst, in the backend's memory. After a step that is not finite, the later steps of the
/// burst change nothing, so the parameters stay those of the last good step.
struct BurstState {
  std::int32_t next = 0;    ///< position of the next record
  std::int32_t halted = 0;  ///< set by the first step that is not finite
  float gate = 0;           ///< target of UpdateArgs::squared_norm: finite while updates may take place
};

/// Closes the gradient of a step whose norm is known: records[next++] is written, and `gate` becomes the
/// squared norm where loss and norm are finite and nothing was halted before, NaN otherwise. In a step that
/// was halted, statistics that its forward pass has moved are put back.
struct RecordArgs {
  const float* losses = nullptr;  ///< [count]
  std::int64_t count = 0;
  BurstState* burst = nullptr;    ///< [1]
  StepRecord* records = nullptr;  ///< one record per step of a burst
  float* statistics = nullptr;    ///< [statistics_size], as forward left them
  const float* statistics_before = nullptr;
  std::int64_t statistics_size = 0;
};

// update_contract.cpp: throws InternalError where a call breaks the contract of its op.
void require_contract(const RecordArgs& args);
void require_contract(const UpdateArgs& args);
void require_contract(const GradientNormArgs& args);
void require_contract(const ProjectArgs& args);

struct UpdateOps {
  Required<void(const Device&, const UpdateArgs&)> step;
  Required<void(const Device&, const GradientNormArgs&)> gradient_norm;
  /// gradient_norm, then the record of the step.
  Required<void(const Device&, const GradientNormArgs&, const RecordArgs&)> record;
  Required<void(const Device&, const ProjectArgs&)> project;
};

constexpr Cost update_cost(Rule rule, std::int64_t n) {
  return {.flops = 14 * n,
          .bytes_read = 4 * n * (2 + state_count(rule)),
          .bytes_written = 4 * n * (1 + state_count(rule))};
}

constexpr Cost gradient_norm_cost(std::int64_t n) {
  return {.flops = 2 * n, .bytes_read = 4 * n, .bytes_written = 8};
}

extern const UpdateOps update_reference;
extern const UpdateOps update_cuda;
THALWEG_CPU_TABLE(UpdateOps, update_cpu)

}  // namespace thalweg
