#pragma once
// Softmax row by row, along the vectors. Functions are local (static) to the one source that includes them,
// so that the compiler inlines what is called once.
#include <cstdint>

#include "kernels/base/chains.hpp"
#include "kernels/base/simd.hpp"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy_math.hpp"

#ifndef THALWEG_ISA
#error "softmax_rows_cpu.hpp is for files that are compiled once per instruction set"
#endif

namespace thalweg::THALWEG_ISA {

static std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
static std::int64_t whole_registers(std::int64_t count) { return (count + kLanes - 1) / kLanes * kLanes; }

static float row_max(const float* z, std::int64_t classes) {
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
static void exponentials(const float* z, std::int64_t count, float max, float* terms) {
  const std::int64_t padded = whole_registers(count);
  float shifted[kChains];
  for (std::int64_t c = 0; c < count; ++c) shifted[c] = z[c] - max;
  for (std::int64_t c = count; c < padded; ++c) shifted[c] = -exact::kInfinity;
  for (std::int64_t c = 0; c < padded; ++c) terms[c] = exact::exp(shifted[c]);
}

/// The tree of fold_chains, leaving out the levels that only add +0 when a row has few classes. That is
/// exact: a chain that begins at +0 is never -0.
static float fold(float* chain, std::int64_t classes) {
  int stride = kChains / 2;
  while (stride >= classes && stride > 0) stride /= 2;
  for (; stride > 0; stride /= 2) {
    for (int c = 0; c < stride; ++c) chain[c] = chain[c] + chain[c + stride];
  }
  return chain[0];
}

/// Sum over the row of exp(z - max); the terms are kept in `kept` unless it is null. It may be z itself.
static float exponential_sum(const float* z, std::int64_t classes, float max, float* kept) {
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
static float shift_sum(const float* z, std::int64_t classes, float max) {
  float chain[kChains] = {};
  for (std::int64_t base = 0; base < classes; base += kChains) {
    const std::int64_t count = smaller(classes - base, kChains);
    for (std::int64_t c = 0; c < count; ++c) chain[c] = chain[c] + (z[base + c] - max);
  }
  return fold(chain, classes);
}

/// gradient holds exp(z - max) and receives factor * (softmax - q).
static void gradient_of_row(float* gradient, std::int64_t classes, std::int64_t own_class, float sum,
                            float factor, SmoothedTarget q) {
  const float reciprocal = 1.0f / sum;
  const float own_term = gradient[own_class];
  for (std::int64_t k = 0; k < classes; ++k) gradient[k] = factor * (gradient[k] * reciprocal - q.other);
  gradient[own_class] = factor * (own_term * reciprocal - q.own);
}

struct Sample {
  std::int64_t own_class;
  float weight;  // NaN if the target is not a class: loss and gradient become NaN
};

static Sample sample_of(const LossTargets& targets, std::int64_t n, std::int64_t classes) {
  const std::int64_t row = targets.ids ? targets.ids[n] : n;
  const std::int64_t own_class = class_index(targets.target[row], classes);
  if (own_class < 0) return {0, exact::kNan};
  return {own_class, targets.weight ? targets.weight[row] : 1.0f};
}

static void evaluate_row(const SoftmaxCrossEntropyArgs& args, std::int64_t n) {
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

static void softmax_row(const SoftmaxArgs& args, std::int64_t n) {
  const std::int64_t classes = args.logits.cols;
  const float* z = args.logits.row(n);
  float* probabilities = args.probabilities.row(n);
  const float sum = exponential_sum(z, classes, row_max(z, classes), probabilities);
  const float reciprocal = 1.0f / sum;
  for (std::int64_t k = 0; k < classes; ++k) probabilities[k] = probabilities[k] * reciprocal;
}

}  // namespace thalweg::THALWEG_ISA
