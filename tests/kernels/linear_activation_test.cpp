// Activations that the linear layer applies on its way: the bits of the two ops, one after the other.
#include <gtest/gtest.h>

#include "host/runtime/device_of.hpp"
#include "kernels/activation/activation.hpp"
#include "tests/kernels/linear_test_problem.hpp"

namespace thalweg::test {
namespace {

/// Few outputs and many; every tile of the products, full and cut; one block and several.
const std::vector<Shape> kShapes = {{0, 5, 9},    {1, 1, 1},    {3, 100, 2},  {33, 17, 8},   {32, 12, 9},
                                    {31, 33, 65}, {130, 9, 64}, {64, 64, 32}, {129, 7, 259}, {300, 40, 257}};

class LinearActivationTest : public testing::TestWithParam<std::string> {
 protected:
  const Context& ctx() const { return context_of(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Devices, LinearActivationTest, testing::ValuesIn(all_devices()),
                         [](const auto& info) { return test_name(info.param); });

std::string what(const Shape& s, Activation kind) {
  return text(s) + ", activation " + std::string(name_of(kind));
}

Floats activated(const Context& ctx, Activation kind, const Floats& z) {
  const Guarded<float> input(ctx, z), output(ctx, static_cast<std::int64_t>(z.size()));
  backend_of(ctx).activation.forward(device_of(ctx), {.kind = kind,
                                                      .size = static_cast<std::int64_t>(z.size()),
                                                      .input = input.data(),
                                                      .output = output.data()});
  return output.download();
}

Floats differentiated(const Context& ctx, Activation kind, const Floats& kept, const Floats& grad_output) {
  const Guarded<float> kept_there(ctx, kept), grad(ctx, grad_output);
  backend_of(ctx).activation.backward(device_of(ctx), {.kind = kind,
                                                       .size = static_cast<std::int64_t>(kept.size()),
                                                       .input = kept_there.data(),
                                                       .output = kept_there.data(),
                                                       .grad_output = grad.data(),
                                                       .grad_input = grad.data()});
  return grad.download();
}

/// A matrix of NaN whose rows are `gap` elements apart.
struct Spaced {
  std::int64_t rows, cols, stride;
  Guarded<float> memory;

  Spaced(const Context& ctx, std::int64_t r, std::int64_t c, std::int64_t gap)
      : rows(r), cols(c), stride(c + gap), memory(ctx, r * (c + gap)) {}
  Spaced(const Context& ctx, const Floats& values, std::int64_t r, std::int64_t c, std::int64_t gap)
      : rows(r), cols(c), stride(c + gap), memory(ctx, spread(values, r, c, gap)) {}

  static Floats spread(const Floats& values, std::int64_t r, std::int64_t c, std::int64_t gap) {
    Floats all(at(r * (c + gap)), std::nanf(""));
    for (std::int64_t i = 0; i < r * c; ++i) all[at(i / c * (c + gap) + i % c)] = values[at(i)];
    return all;
  }
  Matrix view() const { return {memory.data(), rows, cols, stride}; }
  Floats download() const {
    const Floats all = memory.download();
    Floats values;
    for (std::int64_t i = 0; i < rows * stride; ++i) {
      if (i % stride < cols) {
        values.push_back(all[at(i)]);
      } else {
        EXPECT_TRUE(std::isnan(all[at(i)])) << "wrote between the rows";
      }
    }
    return values;
  }
};

TEST_P(LinearActivationTest, ForwardHasTheBitsOfTheTwoOps) {
  for (const Shape& s : kShapes) {
    const Problem p = real_problem(s);
    const Guarded<float> x(ctx(), p.x), weight(ctx(), p.weight), bias(ctx(), p.bias);
    for (const bool with_bias : {false, true}) {
      const Floats sums = run_forward(ctx(), p, with_bias);
      for (const auto& [kind, name] : kNames<Activation>) {
        const Floats want = activated(ctx(), kind, sums);
        for (const std::int64_t gap : {0, 3}) {
          for (const bool keeps : {false, true}) {
            const Spaced output(ctx(), s.samples, s.outputs, gap), before(ctx(), s.samples, s.outputs, gap);
            backend_of(ctx()).linear.forward(
                device_of(ctx()), {.input = dense_rows(matrix<const float>(x.data(), s.samples, s.features)),
                                   .weight = weight.data(),
                                   .bias = with_bias ? bias.data() : nullptr,
                                   .output = output.view(),
                                   .activation = {true, kind},
                                   .before_activation = keeps ? before.view() : Matrix{}});
            expect_same_bits(output.download(), want, "output, " + what(s, kind));
            if (keeps) expect_same_bits(before.download(), sums, "before, " + what(s, kind));
          }
        }
      }
    }
  }
}

TEST_P(LinearActivationTest, InputGradientHasTheBitsOfTheTwoOps) {
  for (const Shape& s : kShapes) {
    const Problem p = real_problem(s);
    const Guarded<float> grad(ctx(), p.grad), weight(ctx(), p.weight);
    const Floats gradient = run_input_grad(ctx(), p);
    for (const auto& [kind, name] : kNames<Activation>) {
      const Floats inputs = random_floats(s.samples * s.features, 9, -2.0f, 2.0f);
      const Floats kept = backward_needs_input(kind) ? inputs : activated(ctx(), kind, inputs);
      const Floats want = differentiated(ctx(), kind, kept, gradient);
      for (const std::int64_t gap : {0, 3}) {
        const Spaced kept_there(ctx(), kept, s.samples, s.features, gap),
            grad_input(ctx(), s.samples, s.features, gap);
        backend_of(ctx()).linear.input_grad(
            device_of(ctx()), {.grad_output = matrix<const float>(grad.data(), s.samples, s.outputs),
                               .weight = weight.data(),
                               .grad_input = grad_input.view(),
                               .activation = {true, kind},
                               .kept = kept_there.view()});
        expect_same_bits(grad_input.download(), want, what(s, kind));
      }
    }
  }
}

TEST_P(LinearActivationTest, ConvertedRowsHaveTheBitsOfTheTwoOps) {
  const Shape s{45, 21, 33};
  const Problem p = real_problem(s);
  std::vector<std::uint8_t> raw;
  for (const float v : random_integers(s.samples * s.features, 5, 120))
    raw.push_back(static_cast<std::uint8_t>(v + 120.0f));
  const Guarded<std::uint8_t> bytes(ctx(), raw);
  const Guarded<float> weight(ctx(), p.weight), bias(ctx(), p.bias);
  const auto forward = [&](FusedActivation activation) {
    const Guarded<float> output(ctx(), s.samples * s.outputs);
    backend_of(ctx()).linear.forward(device_of(ctx()), {.input = {.data = bytes.data(),
                                                                  .dtype = DType::u8,
                                                                  .rows = s.samples,
                                                                  .cols = s.features,
                                                                  .stride = s.features},
                                                        .weight = weight.data(),
                                                        .bias = bias.data(),
                                                        .output = matrix(output.data(), s.samples, s.outputs),
                                                        .activation = activation});
    return output.download();
  };
  for (const auto& [kind, name] : kNames<Activation>)
    expect_same_bits(forward({true, kind}), activated(ctx(), kind, forward({})), what(s, kind));
}

}  // namespace
}  // namespace thalweg::test
