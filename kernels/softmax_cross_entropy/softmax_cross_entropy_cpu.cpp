#include "kernels/base/chains.hpp"
#include "kernels/base/parallel.hpp"
#include "kernels/base/simd.hpp"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy_math.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

// Two routes with the same bits: rows of few classes go kGroup at a time, a row to each vector lane; others
// one by one along the vectors.
constexpr std::int64_t kFewClasses = 32;
constexpr int kGroup = 16;
constexpr std::int64_t kTaskElements = 8192;  // logits per task: some ten microseconds

std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
std::int64_t whole_registers(std::int64_t count) { return (count + kLanes - 1) / kLanes * kLanes; }

float row_max(const float* z, std::int64_t classes) {
  float best = -exact::kInfinity;
  std::int64_t j = 0;
  if (classes >= kLanes) {
    Vec lanes = broadcast(best);
    for (; j + kLanes <= classes; j += kLanes) {
      const Vec v = load(z + j);
      lanes = v > lanes ? v : lanes;
    }
    for (int lane = 0; lane < kLanes; ++lane) best = larger(best, lanes[lane]);
  }
  for (; j < classes; ++j) best = larger(best, z[j]);
  return best;
}

/// terms[c] = exp(z[c] - max) for c < count, and 0 from there to the end of the register.
void exponentials(const float* z, std::int64_t count, float max, float* terms) {
  const std::int64_t padded = whole_registers(count);
  float shifted[kChains];
  for (std::int64_t c = 0; c < count; ++c) shifted[c] = z[c] - max;
  for (std::int64_t c = count; c < padded; ++c) shifted[c] = -exact::kInfinity;
  for (std::int64_t c = 0; c < padded; ++c) terms[c] = exact::exp(shifted[c]);
}

/// The tree of fold_chains, leaving out the levels that only add +0 when a row has few classes. That is
/// exact: a chain that begins at +0 is never -0.
float fold(float* chain, std::int64_t classes) {
  int stride = kChains / 2;
  while (stride >= classes && stride > 0) stride /= 2;
  for (; stride > 0; stride /= 2) {
    for (int c = 0; c < stride; ++c) chain[c] = chain[c] + chain[c + stride];
  }
  return chain[0];
}

/// Sum over the row of exp(z - max); the terms are kept in `kept` unless it is null. It may be z itself.
float exponential_sum(const float* z, std::int64_t classes, float max, float* kept) {
  float chain[kChains] = {};
  float terms[kChains];
  for (std::int64_t base = 0; base < classes; base += kChains) {
    const std::int64_t count = smaller(classes - base, kChains);
    exponentials(z + base, count, max, terms);
    for (std::int64_t c = 0; c < whole_registers(count); ++c) chain[c] = chain[c] + terms[c];
    if (kept == nullptr) continue;
    for (std::int64_t c = 0; c < count; ++c) kept[base + c] = terms[c];
  }
  return fold(chain, classes);
}

/// Sum over the row of z - max.
float shift_sum(const float* z, std::int64_t classes, float max) {
  float chain[kChains] = {};
  for (std::int64_t base = 0; base < classes; base += kChains) {
    const std::int64_t count = smaller(classes - base, kChains);
    for (std::int64_t c = 0; c < count; ++c) chain[c] = chain[c] + (z[base + c] - max);
  }
  return fold(chain, classes);
}

/// gradient holds exp(z - max) and receives factor * (softmax - q).
void gradient_of_row(float* gradient, std::int64_t classes, std::int64_t own_class, float sum, float factor,
                     SmoothedTarget q) {
  const float reciprocal = 1.0f / sum;
  const float own_term = gradient[own_class];
  for (std::int64_t k = 0; k < classes; ++k) gradient[k] = factor * (gradient[k] * reciprocal - q.other);
  gradient[own_class] = factor * (own_term * reciprocal - q.own);
}

struct Sample {
  std::int64_t own_class;
  float weight;  // NaN if the target is not a class: loss and gradient become NaN
};

Sample sample_of(const LossTargets& targets, std::int64_t n, std::int64_t classes) {
  const std::int64_t row = targets.ids ? targets.ids[n] : n;
  const std::int64_t own_class = class_index(targets.target[row], classes);
  if (own_class < 0) return {0, exact::kNan};
  return {own_class, targets.weight ? targets.weight[row] : 1.0f};
}

void evaluate_row(const SoftmaxCrossEntropyArgs& args, std::int64_t n) {
  const std::int64_t classes = args.logits.cols;
  const Sample sample = sample_of(args.targets, n, classes);
  const float* z = args.logits.row(n);
  float* gradient = args.grad_logits.data ? args.grad_logits.row(n) : nullptr;
  const float max = row_max(z, classes);
  const float shift_of_target = z[sample.own_class] - max;
  const float shifts = args.label_smoothing == 0.0f ? 0.0f : shift_sum(z, classes, max);
  const float sum = exponential_sum(z, classes, max, gradient);
  const float loss = cross_entropy(exact::log(sum), shift_of_target, shifts, args.label_smoothing, classes);
  args.losses[n] = sample.weight * loss;
  if (gradient == nullptr) return;
  gradient_of_row(gradient, classes, sample.own_class, sum, sample.weight * loss_scale(args.targets),
                  smoothed_target(args.label_smoothing, classes));
}

void softmax_row(const SoftmaxArgs& args, std::int64_t n) {
  const std::int64_t classes = args.logits.cols;
  const float* z = args.logits.row(n);
  float* probabilities = args.probabilities.row(n);
  const float sum = exponential_sum(z, classes, row_max(z, classes), probabilities);
  const float reciprocal = 1.0f / sum;
  for (std::int64_t k = 0; k < classes; ++k) probabilities[k] = probabilities[k] * reciprocal;
}

/// Up to kGroup rows of few classes, class by class: element [k][lane] belongs to row `first + lane`. Lanes
/// without a row hold zeros.
struct Group {
  float shift[kFewClasses][kGroup];  // z - max
  float term[kFewClasses][kGroup];   // exp(z - max)
  float sum[kGroup];                 // sums of the terms
};

/// The sum over classes in each lane, by the tree of fold_chains: one class per chain, empty chains left out.
/// There are at most 2 * stride classes at each level.
void fold_lanes(float (*chain)[kGroup], std::int64_t classes, float* sum) {
  for (std::int64_t stride = kFewClasses / 2; stride > 0; stride /= 2) {
    for (std::int64_t k = 0; k + stride < classes; ++k) {
      for (int lane = 0; lane < kGroup; ++lane) chain[k][lane] = chain[k][lane] + chain[k + stride][lane];
    }
    classes = smaller(classes, stride);
  }
  for (int lane = 0; lane < kGroup; ++lane) sum[lane] = chain[0][lane];
}

void load_group(ConstMatrix logits, std::int64_t first, std::int64_t rows, Group& group) {
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

void shift_sums(const Group& group, std::int64_t classes, float* sums) {
  float chain[kFewClasses][kGroup];
  for (std::int64_t k = 0; k < classes; ++k) {
    for (int lane = 0; lane < kGroup; ++lane) chain[k][lane] = 0.0f + group.shift[k][lane];
  }
  fold_lanes(chain, classes, sums);
}

void store_group(const float (*values)[kGroup], std::int64_t first, std::int64_t rows, Matrix to) {
  for (std::int64_t lane = 0; lane < rows; ++lane) {
    for (std::int64_t k = 0; k < to.cols; ++k) to.row(first + lane)[k] = values[k][lane];
  }
}

void evaluate_group(const SoftmaxCrossEntropyArgs& args, std::int64_t first, std::int64_t rows) {
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

void softmax_group(const SoftmaxArgs& args, std::int64_t first, std::int64_t rows) {
  Group group;
  load_group(args.logits, first, rows, group);
  float reciprocal[kGroup];
  for (int lane = 0; lane < kGroup; ++lane) reciprocal[lane] = 1.0f / group.sum[lane];
  for (std::int64_t k = 0; k < args.logits.cols; ++k) {
    for (int lane = 0; lane < kGroup; ++lane) group.term[k][lane] = group.term[k][lane] * reciprocal[lane];
  }
  store_group(group.term, first, rows, args.probabilities);
}

/// by_group(first, rows) for groups of rows when there are few classes, else by_row(n) for each.
template <class ByGroup, class ByRow>
void for_each_row(const Device& device, ConstMatrix logits, ByGroup by_group, ByRow by_row) {
  const bool few_classes = logits.cols <= kFewClasses;
  const std::int64_t unit = few_classes ? kGroup : 1;
  const std::int64_t task_rows = (kTaskElements / logits.cols / unit + 1) * unit;
  device.pool.run((logits.rows + task_rows - 1) / task_rows, [&](std::int64_t task, int) {
    const std::int64_t end = smaller((task + 1) * task_rows, logits.rows);
    if (few_classes) {
      for (std::int64_t n = task * task_rows; n < end; n += kGroup) by_group(n, smaller(end - n, kGroup));
    } else {
      for (std::int64_t n = task * task_rows; n < end; ++n) by_row(n);
    }
  });
}

void evaluate(const Device& device, const SoftmaxCrossEntropyArgs& args) {
  for_each_row(
      device, args.logits, [&](std::int64_t first, std::int64_t rows) { evaluate_group(args, first, rows); },
      [&](std::int64_t n) { evaluate_row(args, n); });
}

void softmax(const Device& device, const SoftmaxArgs& args) {
  for_each_row(
      device, args.logits, [&](std::int64_t first, std::int64_t rows) { softmax_group(args, first, rows); },
      [&](std::int64_t n) { softmax_row(args, n); });
}

}  // namespace

extern const SoftmaxCrossEntropyOps softmax_cross_entropy_cpu;
const SoftmaxCrossEntropyOps softmax_cross_entropy_cpu{.evaluate = &evaluate, .softmax = &softmax};
}  // namespace thalweg::THALWEG_ISA
