#pragma once
// The optimizer step on the flat arena: every rule in one pass over parameters, gradients and state.
#include <cstdint>

#include "kernels/common/cost.hpp"
#include "kernels/common/isa.hpp"
#include "kernels/common/required.hpp"
#include "thalweg/context.hpp"

namespace thalweg {

enum class Rule : std::int32_t {
  sgd,
  momentum,
  nesterov,
  adagrad,
  rmsprop,
  adam,
  adamw,
  amsgrad,
  sign,
  lion,
  adams_bashforth,
  ftrl
};

enum class Constraint : std::int32_t { none, non_negative, box, l2_ball, simplex };

constexpr int kMaxGroups = 8;
constexpr int kMaxStates = 3;

/// Elements of each group's scalars: what the rule reads besides the element. Computed on the host, in
/// double, once a step, from the step number (R13); the meaning of a..d per rule stands in update_math.hpp.
struct GroupScalars {
  float lr = 0;                ///< scheduled rate times the group's factor
  float decay = 0;             ///< decoupled: param -= decay * param, decay = lr * weight_decay
  float l2 = 0;                ///< coupled: grad += l2 * param
  float shrink = 0;            ///< proximal L1: soft threshold by lr * l1 after the step
  float lower = 0, upper = 0;  ///< of Constraint::box and non_negative (0, +inf); radius or sum in upper
  Constraint constraint = Constraint::none;
};

struct UpdateScalars {
  float beta1 = 0, one_minus_beta1 = 0, beta2 = 0, one_minus_beta2 = 0, eps = 0;
  float step_size_factor = 1;  ///< Adam family: 1 / (1 - beta1^t), times lr per element's group
  float denom_scale = 1;       ///< Adam family: 1 / sqrt(1 - beta2^t)
  float extrapolate = 0;       ///< Adams-Bashforth: 1/2 from the second step on, 0 on the first
  float average_rate = 0;      ///< averaging: average += average_rate * (param - average); 0: off
  float l1 = 0, l2 = 0;        ///< ftrl's own (other rules take them per group)
  GroupScalars group[kMaxGroups];
};

/// A run of the arena with one group. Offsets and sizes are multiples of kSegmentAlign; padding holds zeros.
constexpr std::int64_t kSegmentAlign = 1024;
struct UpdateSegment {
  std::int64_t offset = 0;
  std::int64_t size = 0;  ///< padded
  std::int64_t used = 0;  ///< real elements
  std::int32_t group = 0;
  std::int32_t reserved = 0;
};

/// When set, only the elements {o * in_features + features[t]} of one segment are updated (lazy updates).
struct TouchedElements {
  const std::int32_t* features = nullptr;
  const std::int64_t* count = nullptr;  ///< [1]
  std::int64_t capacity = 0;
  std::int64_t in_features = 0;
  std::int64_t outputs = 0;
};

struct UpdateArgs {
  Rule rule = Rule::sgd;
  const UpdateSegment* segments = nullptr;  ///< in host memory; the segments to update
  int segment_count = 0;
  TouchedElements touched;                 ///< features != null: segment_count is 1
  const UpdateScalars* scalars = nullptr;  ///< in the backend's memory
  const float* grad_scale = nullptr;       ///< [1] in the backend's memory; null: 1
  float* param = nullptr;                  ///< arena
  const float* grad = nullptr;             ///< arena
  float* state[kMaxStates] = {};           ///< arenas
  float* average = nullptr;                ///< arena or null
};

/// Sum of squares of the gradient (docs/numerics.md, "Sums over the arena"): blocks of 4096 elements by
/// chains, then the block sums by chains; out = {sum, min(1, clip_norm / (sqrt(sum) + 1e-6))} (clip_norm <=
/// 0: 1). A sum that is not finite tells of a gradient that is not.
struct GradientNormArgs {
  const UpdateSegment* segments = nullptr;  ///< host memory
  int segment_count = 0;
  TouchedElements touched;      ///< as in UpdateArgs, applied to segment 0 of the list
  const float* grad = nullptr;  ///< arena
  float clip_norm = 0;
  float* out = nullptr;  ///< [2] in the backend's memory
};

/// Projections that need a whole segment: l2_ball (radius upper) and simplex (sum upper, entries >= 0);
/// applied to the segments whose group asks for one, each segment as one vector.
struct ProjectArgs {
  const UpdateSegment* segments = nullptr;
  int segment_count = 0;
  const UpdateScalars* scalars = nullptr;
  float* param = nullptr;
};

struct UpdateOps {
  Required<void(const Context&, const UpdateArgs&)> step;
  Required<void(const Context&, const GradientNormArgs&)> gradient_norm;
  Required<void(const Context&, const ProjectArgs&)> project;
};

/// State arenas that a rule reads and writes.
constexpr int state_count(Rule rule) {
  switch (rule) {
    case Rule::sgd:
    case Rule::sign:
      return 0;
    case Rule::momentum:
    case Rule::nesterov:
    case Rule::adagrad:
    case Rule::rmsprop:
    case Rule::lion:
    case Rule::adams_bashforth:
      return 1;
    case Rule::adam:
    case Rule::adamw:
    case Rule::ftrl:
      return 2;
    case Rule::amsgrad:
      return 3;
  }
  return 0;
}

constexpr Cost update_cost(Rule rule, std::int64_t n) {
  return {.flops = 14 * n,
          .bytes_read = 4 * n * (2 + state_count(rule)),
          .bytes_written = 4 * n * (1 + state_count(rule))};
}

extern const UpdateOps update_reference;
extern const UpdateOps update_cuda;
THALWEG_CPU_TABLE(UpdateOps, update_cpu)

}  // namespace thalweg
