#pragma once
// One element of every update rule, shared by CPU and CUDA.
//
// An element goes through these steps, each operation rounded once, in this order:
//   1. gradient scale   g = grad * grad_scale
//   2. coupled L2       g = fma(l2, param, g)
//   3. decoupled decay  w = fma(-decay, param, param)                 (Loshchilov and Hutter, 2019)
//   4. the rule         w, state = apply(w, g, state)
//   5. proximal L1      w = w - clamp(w, -t, t)                       (soft threshold)
//                      t = shrink / denom, denom what the rule divides the gradient by, if it does
//   6. constraint       w = clamp(w, lower, upper)                    (infinite where there is none)
//   7. averaging        average = fma(rate, w - average, average)     (rate 1: average = w;
//                      left to `project` where the constraint is one of a whole segment)
// Moving averages are written as m + (1 - beta) * (x - m): the rounding of 1 - beta is then relative to 1 -
// beta, where that of beta itself would shift an average with beta = 0.999 by 3e-5. A NaN survives every
// step.
//
// The threshold of step 5 is a step of the rule on a gradient of size l1. It rests where the mean gradient is
// -l1 sign(w), so rules that divide the gradient have the optimum of the L1 problem, too (Duchi, Hazan,
// Singer, 2011; Yun, Lozano, Yang, 2021). sign and lion ignore the size of a gradient; their threshold is lr
// * l1.
//
// A new rule is one functor here, one reference function and one row in AllRules.
#include "kernels/update/element_math.hpp"

namespace thalweg {

// The rules: apply(w, g, state, s) updates the state and returns the new parameter. denom(state, s) is what a
// rule divides the gradient by, if it does.

/// w - lr * g
struct SgdRule {
  static constexpr Rule kRule = Rule::sgd;
  THALWEG_HD static float apply(float w, float g, float*, const ElementScalars& s) {
    return element::fma(-s.lr, g, w);
  }
};

/// velocity = beta1 * velocity + g; w - lr * velocity (Polyak, 1964, in PyTorch's form)
struct MomentumRule {
  static constexpr Rule kRule = Rule::momentum;
  THALWEG_HD static float apply(float w, float g, float* state, const ElementScalars& s) {
    state[0] = element::fma(s.beta1, state[0], g);
    return element::fma(-s.lr, state[0], w);
  }
};

/// velocity = beta1 * velocity + g; w - lr * (g + beta1 * velocity) (Nesterov, 1983; Sutskever et al., 2013)
struct NesterovRule {
  static constexpr Rule kRule = Rule::nesterov;
  THALWEG_HD static float apply(float w, float g, float* state, const ElementScalars& s) {
    state[0] = element::fma(s.beta1, state[0], g);
    return element::fma(-s.lr, element::fma(s.beta1, state[0], g), w);  // mutant: nesterov-lookahead
  }
};

/// sum = sum + g^2; w - lr * g / (sqrt(sum) + eps) (Duchi, Hazan, Singer, 2011)
struct AdagradRule {
  static constexpr Rule kRule = Rule::adagrad;
  THALWEG_HD static float denom(const float* state, const ElementScalars& s) {
    return element::sqrt(state[0]) + s.eps;
  }
  THALWEG_HD static float apply(float w, float g, float* state, const ElementScalars& s) {
    state[0] = element::fma(g, g, state[0]);  // mutant: adagrad-sums
    return element::fma(-s.lr, g / denom(state, s), w);
  }
};

/// v = average of g^2; w - lr * g / (sqrt(v) + eps) (Tieleman and Hinton, 2012)
struct RmspropRule {
  static constexpr Rule kRule = Rule::rmsprop;
  THALWEG_HD static float denom(const float* state, const ElementScalars& s) {
    return element::sqrt(state[0]) + s.eps;
  }
  THALWEG_HD static float apply(float w, float g, float* state, const ElementScalars& s) {
    state[0] = element::toward_square(state[0], s.one_minus_beta2, g);  // mutant: rmsprop-rate
    return element::fma(-s.lr, g / denom(state, s), w);
  }
};

/// m, v = averages of g and g^2; w - step_size * m / (sqrt(v) * denom_scale + eps) (Kingma and Ba, 2015)
struct AdamRule {
  static constexpr Rule kRule = Rule::adam;
  THALWEG_HD static float denom(const float* state, const ElementScalars& s) {
    // mutant: adam-denominator
    return element::fma(element::sqrt(state[1]), s.denom_scale, s.eps);
  }
  THALWEG_HD static float apply(float w, float g, float* state, const ElementScalars& s) {
    state[0] = element::toward(state[0], s.one_minus_beta1, g);
    state[1] = element::toward_square(state[1], s.one_minus_beta2, g);
    return element::fma(-s.step_size, state[0] / denom(state, s), w);
  }
};

/// Adam; its decay is step 3 of every element.
struct AdamwRule : AdamRule {
  static constexpr Rule kRule = Rule::adamw;
};

/// Adam with the largest v so far in the denominator (Reddi, Kale, Kumar, 2018, in PyTorch's form)
struct AmsgradRule {
  static constexpr Rule kRule = Rule::amsgrad;
  THALWEG_HD static float denom(const float* state, const ElementScalars& s) {
    return element::fma(element::sqrt(state[2]), s.denom_scale, s.eps);
  }
  THALWEG_HD static float apply(float w, float g, float* state, const ElementScalars& s) {
    state[0] = element::toward(state[0], s.one_minus_beta1, g);
    state[1] = element::toward_square(state[1], s.one_minus_beta2, g);
    state[2] = state[1] <= state[2] ? state[2] : state[1];  // mutant: amsgrad-maximum
    return element::fma(-s.step_size, state[0] / denom(state, s), w);
  }
};

/// w - lr * sign(g) (Bernstein et al., 2018)
struct SignRule {
  static constexpr Rule kRule = Rule::sign;
  THALWEG_HD static float apply(float w, float g, float*, const ElementScalars& s) {
    return element::fma(-s.lr, element::sign(g), w);
  }
};

/// w - lr * sign(average of g by beta1), then m = average by beta2 (Chen et al., 2023)
struct LionRule {
  static constexpr Rule kRule = Rule::lion;
  THALWEG_HD static float apply(float w, float g, float* state, const ElementScalars& s) {
    const float direction = element::sign(element::toward(state[0], s.one_minus_beta1, g));
    state[0] = element::toward(state[0], s.one_minus_beta2, g);  // mutant: lion-momentum-rate
    return element::fma(-s.lr, direction, w);
  }
};

/// w - lr * (3/2 g - 1/2 previous g); the first step is a plain one (Bashforth and Adams, 1883)
struct AdamsBashforthRule {
  static constexpr Rule kRule = Rule::adams_bashforth;
  THALWEG_HD static float apply(float w, float g, float* state, const ElementScalars& s) {
    const float direction = element::fma(s.extrapolate, g - state[0], g);
    state[0] = g;  // mutant: gradient-remembered
    return element::fma(-s.lr, direction, w);
  }
};

/// FTRL-proximal (McMahan et al., "Ad click prediction", KDD 2013, algorithm 1); state = {z, n}:
///   sigma = (sqrt(n + g^2) - sqrt(n)) / lr; z = z + g - sigma * w; n = n + g^2
///   w = -soft_threshold(z, l1) / ((beta + sqrt(n)) / lr + l2)
/// A rate of zero leaves everything as it is.
struct FtrlRule {
  static constexpr Rule kRule = Rule::ftrl;
  THALWEG_HD static float apply(float w, float g, float* state, const ElementScalars& s) {
    const bool moves = s.lr > 0.0f;
    const float n = element::fma(g, g, state[1]);
    const float root = element::sqrt(n);
    const float sigma = (root - element::sqrt(state[1])) * s.ftrl.inverse_lr;  // mutant: ftrl-difference
    const float z = element::fma(-sigma, w, state[0] + g);
    const float over = element::soft_threshold(z, s.ftrl.l1);
    const float penalty = element::fma(s.ftrl.beta + root, s.ftrl.inverse_lr, s.ftrl.l2);
    // A select before the division rather than after it: 0 / 0 (no gradient yet, beta = 0) must give 0, and a
    // division that is always made vectorises.
    const float solved = (0.0f - over) / (over == 0.0f ? 1.0f : penalty);
    state[0] = moves ? z : state[0];  // mutant: ftrl-rate-zero
    state[1] = moves ? n : state[1];
    return moves ? solved : w;
  }
};

template <class... Functors>
struct RuleList {};

/// One row per rule, in the order of enum Rule.
using AllRules = RuleList<SgdRule, MomentumRule, NesterovRule, AdagradRule, RmspropRule, AdamRule, AdamwRule,
                          AmsgradRule, SignRule, LionRule, AdamsBashforthRule, FtrlRule>;

/// f(functor of the rule): one branch for all elements.
template <class F, class... Functors>
THALWEG_HD void with_rule(Rule rule, RuleList<Functors...>, const F& f) {
  static_cast<void>(((rule == Functors::kRule && (f(Functors{}), true)) || ...));
}

template <class Functor>
concept DividesGradient = requires(const float* state, const ElementScalars& s) {
  Functor::denom(state, s);
};

/// The threshold of step 5, from the updated state. Without L1 there is no division: it may be one by 0.
template <class Functor>
THALWEG_HD float l1_threshold(const float* state, const ElementScalars& s) {
  if constexpr (DividesGradient<Functor>) {
    return s.shrink == 0.0f ? 0.0f : s.shrink / Functor::denom(state, s);  // mutant: l1-in-the-metric
  } else {
    return s.shrink;
  }
}

/// Steps 1 to 6: the new parameter; `state` is updated in place. `kShrinks` false: shrink is known to be 0.
template <class Functor, bool kShrinks = true>
THALWEG_HD float update_element(float param, float grad, float* state, const ElementScalars& s) {
  const float g = element::fma(s.l2, param, grad * s.grad_scale);  // mutant: l2-and-grad-scale
  const float decayed = element::fma(-s.decay, param, param);      // mutant: decay-applied
  const float stepped = Functor::apply(decayed, g, state, s);
  const float threshold = kShrinks ? l1_threshold<Functor>(state, s) : 0.0f;
  // mutant: l1-then-constraint
  return element::clamp(element::soft_threshold(stepped, threshold), s.bounds.lower, s.bounds.upper);
}

/// Step 7.
THALWEG_HD float average_element(float average, float param, float rate) {
  return rate == 1.0f ? param : element::toward(average, rate, param);  // mutant: averaging
}

/// Whether a step may write: the squared gradient norm is finite, or there is none.
THALWEG_HD bool norm_permits(const float* squared_norm) {
  return squared_norm == nullptr || *squared_norm - *squared_norm == 0.0f;  // mutant: finite-gradient
}

/// out[1] of gradient_norm.
THALWEG_HD float clip_factor(float sum_of_squares, float clip_norm) {
  const float factor = clip_norm / (element::sqrt(sum_of_squares) + 1e-6f);  // mutant: clip-stabilizer
  return clip_norm > 0.0f && factor < 1.0f ? factor : 1.0f;                  // mutant: clipping
}

/// The element of a touched list's position.
THALWEG_HD std::int64_t touched_element(const TouchedElements& t, std::int64_t count, std::int64_t position) {
  const std::int64_t output = position / count;
  return output * t.in_features + t.features[position - output * count];
}

}  // namespace thalweg
