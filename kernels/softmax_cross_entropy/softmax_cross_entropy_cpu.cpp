#include "kernels/common/chains.hpp"
#include "kernels/common/parallel.hpp"
#include "kernels/common/simd.hpp"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy_math.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

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

void evaluate_row(const SoftmaxCrossEntropyArgs& args, std::int64_t n) {
  const LossTargets& targets = args.targets;
  const std::int64_t classes = args.logits.cols;
  const std::int64_t row = targets.ids ? targets.ids[n] : n;
  const float weight = targets.weight ? targets.weight[row] : 1.0f;
  const std::int64_t own_class = class_index(targets.target[row], classes);
  const float* z = args.logits.row(n);
  float* gradient = args.grad_logits.data ? args.grad_logits.row(n) : nullptr;
  if (own_class < 0) {
    args.losses[n] = exact::kNan;
    for (std::int64_t k = 0; gradient && k < classes; ++k) gradient[k] = exact::kNan;
    return;
  }
  const float max = row_max(z, classes);
  const float shift_of_target = z[own_class] - max;
  const float shifts = args.label_smoothing == 0.0f ? 0.0f : shift_sum(z, classes, max);
  const float sum = exponential_sum(z, classes, max, gradient);
  const float loss = cross_entropy(exact::log(sum), shift_of_target, shifts, args.label_smoothing, classes);
  args.losses[n] = weight * loss;
  if (gradient == nullptr) return;
  gradient_of_row(gradient, classes, own_class, sum, weight * targets.scale,
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

template <class Body>
void for_each_row(const Context& ctx, ConstMatrix logits, Body body) {
  const std::int64_t wanted = kTaskElements / (logits.cols < 1 ? 1 : logits.cols);
  const std::int64_t task_rows = wanted < 1 ? 1 : wanted;
  ctx.pool().run((logits.rows + task_rows - 1) / task_rows, [&](std::int64_t task, int) {
    const std::int64_t end = smaller((task + 1) * task_rows, logits.rows);
    for (std::int64_t n = task * task_rows; n < end; ++n) body(n);
  });
}

void evaluate(const Context& ctx, const SoftmaxCrossEntropyArgs& args) {
  for_each_row(ctx, args.logits, [&](std::int64_t n) { evaluate_row(args, n); });
}

void softmax(const Context& ctx, const SoftmaxArgs& args) {
  for_each_row(ctx, args.logits, [&](std::int64_t n) { softmax_row(args, n); });
}

}  // namespace

extern const SoftmaxCrossEntropyOps softmax_cross_entropy_cpu;
const SoftmaxCrossEntropyOps softmax_cross_entropy_cpu{.evaluate = &evaluate, .softmax = &softmax};
}  // namespace thalweg::THALWEG_ISA
