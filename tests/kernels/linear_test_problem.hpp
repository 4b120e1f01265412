#pragma once
// What the tests of the linear layer share: a problem, the documented orders written as plain loops, and one
// call of each op on guarded memory.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "host/runtime/device_of.hpp"
#include "kernels/backend.hpp"
#include "kernels/linear/linear.hpp"
#include "tests/support/backends.hpp"

namespace thalweg::test {

using Floats = std::vector<float>;

inline std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

struct Shape {
  std::int64_t samples, features, outputs;
};

inline std::string text(const Shape& s) {
  return "N " + std::to_string(s.samples) + ", I " + std::to_string(s.features) + ", O " +
         std::to_string(s.outputs);
}

/// x [N, I], weight [O, I], bias [O], grad [N, O].
struct Problem {
  Shape shape;
  Floats x, weight, bias, grad;
};

inline Problem real_problem(Shape s, std::uint64_t seed = 1) {
  return {s, random_floats(s.samples * s.features, seed), random_floats(s.outputs * s.features, seed + 1),
          random_floats(s.outputs, seed + 2), random_floats(s.samples * s.outputs, seed + 3)};
}

inline Problem integer_problem(Shape s, std::uint64_t seed = 1) {
  return {s, random_integers(s.samples * s.features, seed), random_integers(s.outputs * s.features, seed + 1),
          random_integers(s.outputs, seed + 2), random_integers(s.samples * s.outputs, seed + 3)};
}

/// The order of a dot product with few outputs, from its description: element j on chain j mod 128, then
/// chain c takes in chain c + 64, c + 32, ... c + 1.
inline float plain_chains(const float* x, const float* w, std::int64_t n) {
  Floats chain(128, 0.0f);
  for (std::int64_t j = 0; j < n; ++j) chain[at(j % 128)] = std::fma(x[j], w[j], chain[at(j % 128)]);
  for (std::size_t stride = 64; stride > 0; stride /= 2)
    for (std::size_t c = 0; c < stride; ++c) chain[c] += chain[c + stride];
  return chain[0];
}

inline Floats plain_forward(const Problem& p, bool with_bias = true) {
  const auto [samples, features, outputs] = p.shape;
  Floats out;
  for (std::int64_t n = 0; n < samples; ++n) {
    for (std::int64_t o = 0; o < outputs; ++o) {
      const float *x = p.x.data() + n * features, *w = p.weight.data() + o * features;
      float sum = 0.0f;
      if (outputs <= 8) {
        sum = plain_chains(x, w, features);
      } else {
        for (std::int64_t i = 0; i < features; ++i) sum = std::fma(x[i], w[i], sum);
      }
      out.push_back(with_bias ? sum + p.bias[at(o)] : sum);
    }
  }
  return out;
}

inline Floats plain_input_grad(const Problem& p) {
  const auto [samples, features, outputs] = p.shape;
  Floats grad(at(samples * features), 0.0f);
  for (std::int64_t n = 0; n < samples; ++n)
    for (std::int64_t o = 0; o < outputs; ++o)
      for (std::int64_t i = 0; i < features; ++i)
        grad[at(n * features + i)] =
            std::fma(p.grad[at(n * outputs + o)], p.weight[at(o * features + i)], grad[at(n * features + i)]);
  return grad;
}

/// The tree over slices, from its description.
inline float plain_tree(Floats level) {
  while (level.size() > 1) {
    Floats next;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) next.push_back(level[i] + level[i + 1]);
    if (level.size() % 2 == 1) next.push_back(level.back());
    level = next;
  }
  return level[0];
}

struct ParameterGrad {
  Floats weight, bias;
};

inline ParameterGrad plain_parameter_grad(const Problem& p, int slices) {
  const auto [samples, features, outputs] = p.shape;
  ParameterGrad sums;
  for (std::int64_t o = 0; o < outputs; ++o) {
    for (std::int64_t i = 0; i <= features; ++i) {
      Floats partial(at(slices), 0.0f);
      for (int s = 0; s < slices; ++s) {
        for (std::int64_t n = samples * s / slices; n < samples * (s + 1) / slices; ++n) {
          const float g = p.grad[at(n * outputs + o)];
          float& chain = partial[at(s)];
          chain = i < features ? std::fma(g, p.x[at(n * features + i)], chain) : chain + g;
        }
      }
      (i < features ? sums.weight : sums.bias).push_back(plain_tree(partial));
    }
  }
  return sums;
}

inline Floats run_forward(const Context& ctx, const Problem& p, bool with_bias = true) {
  const auto [samples, features, outputs] = p.shape;
  const Guarded<float> x(ctx, p.x), weight(ctx, p.weight), bias(ctx, p.bias), out(ctx, samples * outputs);
  backend_of(ctx).linear.forward(device_of(ctx),
                                 {.input = dense_rows(matrix<const float>(x.data(), samples, features)),
                                  .weight = weight.data(),
                                  .bias = with_bias ? bias.data() : nullptr,
                                  .output = matrix(out.data(), samples, outputs)});
  return out.download();
}

inline Floats run_input_grad(const Context& ctx, const Problem& p) {
  const auto [samples, features, outputs] = p.shape;
  const Guarded<float> grad(ctx, p.grad), weight(ctx, p.weight), out(ctx, samples * features);
  backend_of(ctx).linear.input_grad(device_of(ctx),
                                    {.grad_output = matrix<const float>(grad.data(), samples, outputs),
                                     .weight = weight.data(),
                                     .grad_input = matrix(out.data(), samples, features)});
  return out.download();
}

/// parameter_grad in micro-batches of `micro` rows (0: the whole batch at once, without partials).
inline ParameterGrad run_parameter_grad(const Context& ctx, const Problem& p, int slices,
                                        std::int64_t micro = 0) {
  const auto [samples, features, outputs] = p.shape;
  const std::int64_t step = micro > 0 ? micro : std::max<std::int64_t>(samples, 1);
  const std::int64_t size = outputs * features;
  const Guarded<float> x(ctx, p.x), grad(ctx, p.grad), weight_sum(ctx, size), bias_sum(ctx, outputs);
  const Guarded<float> weight_partials(ctx, micro > 0 ? slices * size : 0);
  const Guarded<float> bias_partials(ctx, micro > 0 ? slices * outputs : 0);
  for (std::int64_t first = 0; first == 0 || first < samples; first += step) {
    const std::int64_t rows = std::min(step, samples - first);
    backend_of(ctx).linear.parameter_grad(
        device_of(ctx),
        {.input = dense_rows(matrix<const float>(x.data() + first * features, rows, features)),
         .grad_output = matrix<const float>(grad.data() + first * outputs, rows, outputs),
         .slices = {samples, first, rows, slices},
         .grad_weight = {weight_sum.data(), micro > 0 ? weight_partials.data() : nullptr, size},
         .grad_bias = {bias_sum.data(), micro > 0 ? bias_partials.data() : nullptr, outputs}});
  }
  return {weight_sum.download(), bias_sum.download()};
}

}  // namespace thalweg::test
