#pragma once
// Softmax of rows with few classes: a group at a time, a row to each vector lane. The bits are those of
// softmax_rows_cpu.hpp.
#include "kernels/softmax_cross_entropy/softmax_rows_cpu.hpp"

namespace thalweg::THALWEG_ISA {

constexpr std::int64_t kFewClasses = 32;
constexpr int kGroup = 16;

/// Up to kGroup rows of few classes, class by class: element [k][lane] belongs to row `first + lane`. Lanes
/// without a row hold zeros.
struct Group {
  float shift[kFewClasses][kGroup];  // z - max
  float term[kFewClasses][kGroup];   // exp(z - max)
  float sum[kGroup];                 // sums of the terms
};

/// The sum over classes in each lane, by the tree of fold_chains: one class per chain, empty chains left out.
/// There are at most 2 * stride classes at each level.
static void fold_lanes(float (*chain)[kGroup], std::int64_t classes, float* sum) {
  for (std::int64_t stride = kFewClasses / 2; stride > 0; stride /= 2) {
    for (std::int64_t k = 0; k + stride < classes; ++k) {
      for (int lane = 0; lane < kGroup; ++lane) chain[k][lane] = chain[k][lane] + chain[k + stride][lane];
    }
    classes = smaller(classes, stride);
  }
  for (int lane = 0; lane < kGroup; ++lane) sum[lane] = chain[0][lane];
}

static void load_group(ConstMatrix logits, std::int64_t first, std::int64_t rows, Group& group) {
  const std::int64_t classes = logits.cols;
  float max[kGroup], chain[kFewClasses][kGroup];
  for (std::int64_t lane = 0; lane < kGroup; ++lane) {
    for (std::int64_t k = 0; k < classes; ++k)
      group.shift[k][lane] = lane < rows ? logits.row(first + lane)[k] : 0.0f;
  }
  for (int lane = 0; lane < kGroup; ++lane) max[lane] = -exact::kInfinity;
  for (std::int64_t k = 0; k < classes; ++k) {
    for (int lane = 0; lane < kGroup; ++lane) max[lane] = larger(max[lane], group.shift[k][lane]);
  }
  for (std::int64_t k = 0; k < classes; ++k) {
    for (int lane = 0; lane < kGroup; ++lane) {
      group.shift[k][lane] = group.shift[k][lane] - max[lane];
      chain[k][lane] = group.term[k][lane] = exact::exp(group.shift[k][lane]);
    }
  }
  fold_lanes(chain, classes, group.sum);
}

static void shift_sums(const Group& group, std::int64_t classes, float* sums) {
  float chain[kFewClasses][kGroup];
  for (std::int64_t k = 0; k < classes; ++k) {
    for (int lane = 0; lane < kGroup; ++lane) chain[k][lane] = 0.0f + group.shift[k][lane];
  }
  fold_lanes(chain, classes, sums);
}

static void store_group(const float (*values)[kGroup], std::int64_t first, std::int64_t rows, Matrix to) {
  for (std::int64_t lane = 0; lane < rows; ++lane) {
    for (std::int64_t k = 0; k < to.cols; ++k) to.row(first + lane)[k] = values[k][lane];
  }
}

static void evaluate_group(const SoftmaxCrossEntropyArgs& args, std::int64_t first, std::int64_t rows) {
  const std::int64_t classes = args.logits.cols;
  Group group;
  load_group(args.logits, first, rows, group);

  std::int32_t own_class[kGroup] = {};
  float weight[kGroup] = {}, shift_of_target[kGroup] = {}, shifts[kGroup] = {}, loss[kGroup];
  for (std::int64_t lane = 0; lane < rows; ++lane) {
    const Sample sample = sample_of(args.targets, first + lane, classes);
    own_class[lane] = static_cast<std::int32_t>(sample.own_class);
    weight[lane] = sample.weight;
    shift_of_target[lane] = group.shift[sample.own_class][lane];
  }
  if (args.label_smoothing != 0.0f) shift_sums(group, classes, shifts);
  for (int lane = 0; lane < kGroup; ++lane) {
    loss[lane] = weight[lane] * cross_entropy(exact::log(group.sum[lane]), shift_of_target[lane],
                                              shifts[lane], args.label_smoothing, classes);
  }
  for (std::int64_t lane = 0; lane < rows; ++lane) args.losses[first + lane] = loss[lane];
  if (args.grad_logits.data == nullptr) return;

  const SmoothedTarget q = smoothed_target(args.label_smoothing, classes);
  const float scale = loss_scale(args.targets);
  float reciprocal[kGroup], factor[kGroup];
  for (int lane = 0; lane < kGroup; ++lane) {
    reciprocal[lane] = 1.0f / group.sum[lane];
    factor[lane] = weight[lane] * scale;
  }
  for (std::int64_t k = 0; k < classes; ++k) {
    for (int lane = 0; lane < kGroup; ++lane) {
      const float share = own_class[lane] == static_cast<std::int32_t>(k) ? q.own : q.other;
      group.term[k][lane] = factor[lane] * (group.term[k][lane] * reciprocal[lane] - share);
    }
  }
  store_group(group.term, first, rows, args.grad_logits);
}

static void softmax_group(const SoftmaxArgs& args, std::int64_t first, std::int64_t rows) {
  Group group;
  load_group(args.logits, first, rows, group);
  float reciprocal[kGroup];
  for (int lane = 0; lane < kGroup; ++lane) reciprocal[lane] = 1.0f / group.sum[lane];
  for (std::int64_t k = 0; k < args.logits.cols; ++k) {
    for (int lane = 0; lane < kGroup; ++lane) group.term[k][lane] = group.term[k][lane] * reciprocal[lane];
  }
  store_group(group.term, first, rows, args.probabilities);
}

}  // namespace thalweg::THALWEG_ISA
