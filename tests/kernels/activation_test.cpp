#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "host/runtime/device_of.hpp"
#include "kernels/activation/activation_math.hpp"
#include "kernels/backend.hpp"
#include "tests/support/backends.hpp"

namespace thalweg {
namespace {

using test::context_of;
using test::gamma_bound;
using test::Guarded;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::vector<float> forward(const Context& ctx, Activation kind, const std::vector<float>& input) {
  Guarded<float> in(ctx, input), out(ctx, std::ssize(input));
  backend_of(ctx).activation.forward(
      device_of(ctx), {.kind = kind, .size = std::ssize(input), .input = in.data(), .output = out.data()});
  return out.download();
}

/// Gives the op only what backward_needs_input says it reads; the other array is NaN.
std::vector<float> backward(const Context& ctx, Activation kind, const std::vector<float>& input,
                            const std::vector<float>& output, const std::vector<float>& grad_output) {
  const std::vector<float> nothing(input.size(), kNaN);
  const bool by_input = backward_needs_input(kind);
  Guarded<float> in(ctx, by_input ? input : nothing), out(ctx, by_input ? nothing : output);
  Guarded<float> grad_out(ctx, grad_output), grad_in(ctx, std::ssize(input));
  backend_of(ctx).activation.backward(device_of(ctx), {.kind = kind,
                                                       .size = std::ssize(input),
                                                       .input = in.data(),
                                                       .output = out.data(),
                                                       .grad_output = grad_out.data(),
                                                       .grad_input = grad_in.data()});
  return grad_in.download();
}

class ActivationOnDevice : public testing::TestWithParam<std::string> {
 protected:
  const Context& ctx() const { return context_of(GetParam()); }
};

std::vector<double> widened(const std::vector<float>& values) { return {values.begin(), values.end()}; }

class ActivationAgainstReference : public ActivationOnDevice {};

TEST_P(ActivationAgainstReference, ForwardIsTheReferences) {
  for (const auto& [kind, name] : kNames<Activation>) {
    for (const std::int64_t size : test::kNastySizes) {
      const std::vector<float> input =
          test::random_floats(size, 11 + static_cast<std::uint64_t>(size), -9.0f, 9.0f);
      const std::vector<double> want = widened(forward(context_of("reference"), kind, input));
      std::vector<double> bound;
      for (std::size_t i = 0; i < want.size(); ++i) {
        // gelu: erf has 2 ulp and its argument two roundings, three more follow; all of it relative to |x|,
        // because 1 + erf cancels. The others: 2 ulp, that is at most 4 roundings. The reference rounds once.
        bound.push_back(kind == Activation::gelu ? gamma_bound(10) * std::abs(input[i])
                                                 : gamma_bound(5) * std::abs(want[i]));
      }
      test::expect_within(forward(ctx(), kind, input), want, bound, std::string(name));
    }
  }
}

TEST_P(ActivationAgainstReference, BackwardIsTheReferences) {
  for (const auto& [kind, name] : kNames<Activation>) {
    for (const std::int64_t size : test::kNastySizes) {
      const std::vector<float> input =
          test::random_floats(size, 23 + static_cast<std::uint64_t>(size), -6.0f, 6.0f);
      const std::vector<float> grad_output = test::random_floats(size, 29);
      const std::vector<float> output = forward(ctx(), kind, input);
      const std::vector<double> want =
          widened(backward(context_of("reference"), kind, input, output, grad_output));
      // In units of 2^-24 and for a slope of at most 1.13: gelu's normal distribution errs by 1.6 and
      // x times the density by 1.2, tanh's 1 - y^2 by 3; the last sum and the product add one each, and the
      // reference's rounding another.
      std::vector<double> bound;
      for (const float g : grad_output) bound.push_back(gamma_bound(7) * std::abs(g));
      test::expect_within(backward(ctx(), kind, input, output, grad_output), want, bound, std::string(name));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, ActivationAgainstReference, testing::ValuesIn(test::exact_devices()),
                         [](const auto& info) { return test::test_name(info.param); });

/// By steps of 2^-6 on either side, which are exact: third derivatives of at most 2 leave 2^-12 / 3, and the
/// roundings of values up to 6 leave 6 * 2^-24 * 2^6.
TEST(ActivationReference, SlopesAreTheDifferenceQuotientsOfItsValues) {
  constexpr float kStep = 0x1p-6f;
  const Context& ctx = context_of("reference");
  std::vector<float> input, above, below;
  for (float x = -6.0f; x <= 6.0f; x += 0x1.8p-5f) {
    if (std::abs(x) <= kStep) continue;  // a kink
    input.push_back(x), above.push_back(x + kStep), below.push_back(x - kStep);
  }
  for (const auto& [kind, name] : kNames<Activation>) {
    const std::vector<float> high = forward(ctx, kind, above), low = forward(ctx, kind, below);
    std::vector<double> want;
    for (std::size_t i = 0; i < input.size(); ++i)
      want.push_back((double{high[i]} - double{low[i]}) / (2 * kStep));
    const std::vector<float> ones(input.size(), 1.0f);
    test::expect_within(backward(ctx, kind, input, forward(ctx, kind, input), ones), want,
                        std::vector<double>(input.size(), 0x1p-12 / 3 + 6 * 0x1p-18), std::string(name));
  }
}

TEST_P(ActivationOnDevice, TakesItsKnownValues) {
  const std::vector<float> input = {-1.0f, 0.0f, 2.0f};
  const std::pair<Activation, std::vector<double>> known[] = {
      {Activation::relu, {0, 0, 2}},
      {Activation::tanh, {-0.76159415595576489, 0, 0.96402758007581688}},
      {Activation::sigmoid, {0.26894142136999512, 0.5, 0.88079707797788243}},
      {Activation::gelu, {-0.15865525393145705, 0, 1.9544997361036416}},
  };
  for (const auto& [kind, values] : known)
    test::expect_within(forward(ctx(), kind, input), values, {1e-6, 1e-6, 1e-6}, std::string(name_of(kind)));
}

/// Of several tasks: an element that two of them took would be activated twice.
TEST_P(ActivationOnDevice, MayRunInPlace) {
  const std::int64_t size = 20000;
  const std::vector<float> input = test::random_floats(size, 5, -3.0f, 3.0f);
  const std::vector<float> grad_output = test::random_floats(size, 6);
  for (const auto& [kind, name] : kNames<Activation>) {
    const std::vector<float> output = forward(ctx(), kind, input);
    Guarded<float> both(ctx(), input);
    backend_of(ctx()).activation.forward(
        device_of(ctx()), {.kind = kind, .size = size, .input = both.data(), .output = both.data()});
    test::expect_same_bits(both.download(), output, "forward in place");

    Guarded<float> in(ctx(), input), out(ctx(), output), grad(ctx(), grad_output);
    backend_of(ctx()).activation.backward(device_of(ctx()), {.kind = kind,
                                                             .size = size,
                                                             .input = in.data(),
                                                             .output = out.data(),
                                                             .grad_output = grad.data(),
                                                             .grad_input = grad.data()});
    test::expect_same_bits(grad.download(), backward(ctx(), kind, input, output, grad_output),
                           "backward in place");
  }
}

/// Accesses of 16 bytes need every array to lie on 16 bytes: one that does may not speak for another.
TEST_P(ActivationOnDevice, EachArrayMayLieOnAnyFourBytes) {
  constexpr std::int64_t kSize = 70;
  const std::vector<float> input = test::random_floats(kSize, 7, -3.0f, 3.0f),
                           grad_output = test::random_floats(kSize, 8);
  const auto moved = [&](const std::vector<float>& values, std::size_t by) {
    std::vector<float> wide(by, 0.0f);
    wide.insert(wide.end(), values.begin(), values.end());
    return Guarded<float>(ctx(), wide);
  };
  for (const Activation kind : {Activation::gelu, Activation::tanh}) {
    const std::vector<float> output = forward(ctx(), kind, input),
                             grad_input = backward(ctx(), kind, input, output, grad_output);
    for (std::size_t odd = 0; odd < 4; ++odd) {
      const std::size_t in = odd == 0, out = odd == 1, up = odd == 2, down = odd == 3;
      const Guarded<float> x = moved(input, in), y = moved(output, out), g = moved(grad_output, up),
                           made(ctx(), kSize + static_cast<std::int64_t>(out)),
                           d(ctx(), kSize + static_cast<std::int64_t>(down));
      backend_of(ctx()).activation.forward(
          device_of(ctx()),
          {.kind = kind, .size = kSize, .input = x.data() + in, .output = made.data() + out});
      backend_of(ctx()).activation.backward(device_of(ctx()), {.kind = kind,
                                                               .size = kSize,
                                                               .input = x.data() + in,
                                                               .output = y.data() + out,
                                                               .grad_output = g.data() + up,
                                                               .grad_input = d.data() + down});
      const auto behind = [](const Guarded<float>& memory, std::size_t by) {
        const std::vector<float> all = memory.download();
        return std::vector<float>(all.begin() + static_cast<std::ptrdiff_t>(by), all.end());
      };
      test::expect_same_bits(behind(made, out), output, "forward " + std::to_string(odd));
      test::expect_same_bits(behind(d, down), grad_input, "backward " + std::to_string(odd));
    }
  }
}

TEST_P(ActivationOnDevice, NaNGoesThroughForwardAndBackward) {
  for (const auto& [kind, name] : kNames<Activation>) {
    const std::vector<float> output = forward(ctx(), kind, {1.0f, kNaN, -1.0f});
    EXPECT_FALSE(std::isnan(output[0]));
    EXPECT_TRUE(std::isnan(output[1])) << name;
    EXPECT_FALSE(std::isnan(output[2]));
    EXPECT_TRUE(std::isnan(backward(ctx(), kind, {1.0f}, {1.0f}, {kNaN})[0])) << name;
  }
}

TEST_P(ActivationOnDevice, ReluHasSlopeZeroAtItsKinkAndKeepsNoNegativeZero) {
  EXPECT_EQ(backward(ctx(), Activation::relu, {0.0f}, {0.0f}, {3.0f})[0], 0.0f);
  const float at_minus_zero = forward(ctx(), Activation::relu, {-0.0f})[0];
  EXPECT_EQ(at_minus_zero, 0.0f);
  EXPECT_FALSE(std::signbit(at_minus_zero));
}

TEST_P(ActivationOnDevice, GeluOfLargeArgumentsIsTheIdentityOrZeroWithItsSlope) {
  EXPECT_EQ(forward(ctx(), Activation::gelu, {1e30f, -1e30f}), (std::vector<float>{1e30f, 0.0f}));
  EXPECT_EQ(backward(ctx(), Activation::gelu, {1e30f, -1e30f}, {1e30f, 0.0f}, {2.0f, 2.0f}),
            (std::vector<float>{2.0f, 0.0f}));
}

INSTANTIATE_TEST_SUITE_P(Devices, ActivationOnDevice, testing::ValuesIn(test::all_devices()),
                         [](const auto& info) { return test::test_name(info.param); });

TEST(ActivationExactness, EveryExactDeviceAndThreadCountGivesTheBitsOfTheScalarFormula) {
  const std::int64_t size = 40000;  // several tasks, the last one short
  const std::vector<float> input = test::random_floats(size, 41, -12.0f, 12.0f);
  const std::vector<float> grad_output = test::random_floats(size, 43);
  for (const auto& [kind, name] : kNames<Activation>) {
    std::vector<float> output(input.size()), grad_input(input.size());
    with_activation(kind, [&](auto tag) {
      constexpr Activation kKind = decltype(tag)::value;
      for (std::size_t i = 0; i < input.size(); ++i) {
        output[i] = activate<kKind>(input[i]);
        const float kept = backward_needs_input(kKind) ? input[i] : output[i];
        grad_input[i] = activation_gradient<kKind>(kept, grad_output[i]);
      }
    });
    for (const std::string& device : test::exact_devices()) {
      for (const int threads : test::thread_counts(device)) {
        const Context& ctx = context_of(device, threads);
        test::expect_same_bits(forward(ctx, kind, input), output, device + " forward");
        test::expect_same_bits(backward(ctx, kind, input, output, grad_output), grad_input,
                               device + " backward");
      }
    }
  }
}

}  // namespace
}  // namespace thalweg
