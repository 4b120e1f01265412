#pragma once
// One element of an activation, forward and backward, float32.
//
// Numerics. Every operation is rounded in the order of the code; erf, exp, tanh and sigmoid are those of
// kernels/base/exact_math.hpp.
//   relu      y = x <= 0 ? +0 : x (NaN stays NaN)        dx = y <= 0 ? +0 : dy   (0 at the kink)
//   tanh      y = tanh(x)                                dx = dy * fma(-y, y, 1)
//   sigmoid   y = sigmoid(x)                             dx = dy * ((1 - y) * y)
//   gelu      y = x * P, P = 0.5 * (1 + erf(x * sqrt(1/2)))
//             dx = dy * fma(x, exp(-0.5 * (x * x)) * (1 / sqrt(2 pi)), P)
//             (Hendrycks and Gimpel, "Gaussian error linear units", 2016)
#include "kernels/activation/activation.hpp"
#include "kernels/base/exact_math.hpp"

namespace thalweg {

/// Distribution function of the standard normal at x.
THALWEG_HD float normal_distribution(float x) {
  constexpr float kSqrtHalf = 0x1.6a09e6p-1f;
  return 0.5f * (1.0f + exact::erf(x * kSqrtHalf));
}

THALWEG_HD float normal_density(float x) {
  constexpr float kInverseSqrtTwoPi = 0x1.988454p-2f;
  return exact::exp(-0.5f * (x * x)) * kInverseSqrtTwoPi;
}

template <Activation Kind>
THALWEG_HD float activate(float x) {
  if constexpr (Kind == Activation::relu) {
    return x <= 0.0f ? 0.0f : x;
  } else if constexpr (Kind == Activation::tanh) {
    return exact::tanh(x);
  } else if constexpr (Kind == Activation::sigmoid) {
    return exact::sigmoid(x);
  } else {
    static_assert(Kind == Activation::gelu);
    return x * normal_distribution(x);
  }
}

/// The gradient through one element. `kept` is the input for gelu and the output for the others
/// (backward_needs_input).
template <Activation Kind>
THALWEG_HD float activation_gradient(float kept, float grad_output) {
  if constexpr (Kind == Activation::relu) {
    return kept <= 0.0f ? 0.0f : grad_output;  // mutant: relu-slope-at-zero
  } else if constexpr (Kind == Activation::tanh) {
    return grad_output * exact::fma(-kept, kept, 1.0f);
  } else if constexpr (Kind == Activation::sigmoid) {
    return grad_output * ((1.0f - kept) * kept);
  } else {
    static_assert(Kind == Activation::gelu);
    // mutant: gelu-slope
    return grad_output * exact::fma(kept, normal_density(kept), normal_distribution(kept));
  }
}

template <Activation Kind>
struct ActivationTag {
  static constexpr Activation value = Kind;
};

/// f(ActivationTag<kind>{}): one branch for a whole loop instead of one per element.
template <class F>
THALWEG_HD auto with_activation(Activation kind, F f) {
  switch (kind) {
    case Activation::relu:
      return f(ActivationTag<Activation::relu>{});
    case Activation::tanh:
      return f(ActivationTag<Activation::tanh>{});
    case Activation::sigmoid:
      return f(ActivationTag<Activation::sigmoid>{});
    case Activation::gelu:  // no default: a kind without a case does not compile
      break;
  }
  return f(ActivationTag<Activation::gelu>{});
}

}  // namespace thalweg
