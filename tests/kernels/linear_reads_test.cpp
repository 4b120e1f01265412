// The linear layer on the cpu reads no further than its operands go: each of them ends where memory does.
#include <gtest/gtest.h>

#include "host/runtime/backends.hpp"
#include "host/runtime/device_of.hpp"
#include "tests/kernels/linear_test_problem.hpp"
#include "tests/support/page_end.hpp"

namespace thalweg::test {
namespace {

class LinearReads : public testing::TestWithParam<std::string> {
 protected:
  const Context& ctx() const { return context_of(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Devices, LinearReads, testing::ValuesIn(cpu_variants()),
                         [](const auto& info) { return test_name(info.param); });

// The ids of 512 rows fill a page.
const std::vector<Shape> kShapes = {{1, 1, 1},    {9, 7, 3},    {33, 130, 5}, {17, 5, 9},    {16, 16, 16},
                                    {45, 33, 31}, {45, 48, 40}, {40, 17, 70}, {130, 19, 33}, {2060, 3, 45},
                                    {512, 9, 3},  {512, 40, 9}, {512, 5, 45}};

TEST_P(LinearReads, NoProductGoesPastItsOperands) {
  for (const Shape& s : kShapes) {
    const Problem p = real_problem(s);
    const AtPageEnd<float> x(p.x), weight(p.weight), bias(p.bias), grad(p.grad);
    const AtPageEnd<float> out(Floats(at(s.samples * s.outputs))), grad_input(Floats(p.x.size())),
        weight_sum(Floats(p.weight.size())), bias_sum(Floats(p.bias.size()));
    const DenseRows input = dense_rows(matrix<const float>(x.data(), s.samples, s.features));
    const auto grad_output = matrix<const float>(grad.data(), s.samples, s.outputs);
    backend_of(ctx()).linear.forward(device_of(ctx()), {.input = input,
                                                        .weight = weight.data(),
                                                        .bias = bias.data(),
                                                        .output = matrix(out.data(), s.samples, s.outputs)});
    backend_of(ctx()).linear.input_grad(device_of(ctx()),
                                        {.grad_output = grad_output,
                                         .weight = weight.data(),
                                         .grad_input = matrix(grad_input.data(), s.samples, s.features)});
    backend_of(ctx()).linear.parameter_grad(device_of(ctx()), {.input = input,
                                                               .grad_output = grad_output,
                                                               .slices = whole_batch(s.samples),
                                                               .grad_weight = {.sum = weight_sum.data()},
                                                               .grad_bias = {.sum = bias_sum.data()}});
    const Floats want = plain_forward(p);
    expect_same_bits(Floats(out.data(), out.data() + want.size()), want, text(s));
  }
}

TEST_P(LinearReads, NoConversionGoesPastTheLastByteTheIdsOrTheScales) {
  for (const Shape& s : kShapes) {
    const Problem p = real_problem(s);
    std::vector<std::int64_t> last_first;
    for (std::int64_t n = s.samples; n-- > 0;) last_first.push_back(n);
    const AtPageEnd<std::uint8_t> bytes(std::vector<std::uint8_t>(p.x.size(), 3));
    const AtPageEnd<std::int64_t> ids(last_first);
    const AtPageEnd<float> scale(Floats(at(s.features), 0.5f)), shift(Floats(at(s.features), 1.0f));
    const AtPageEnd<float> weight(p.weight), grad(p.grad), weight_sum(Floats(p.weight.size()));
    const AtPageEnd<float> out(Floats(at(s.samples * s.outputs)));
    const DenseRows input{.data = bytes.data(),
                          .dtype = DType::u8,
                          .rows = s.samples,
                          .cols = s.features,
                          .stride = s.features,
                          .ids = ids.data(),
                          .scale = scale.data(),
                          .shift = shift.data()};
    backend_of(ctx()).linear.forward(
        device_of(ctx()),
        {.input = input, .weight = weight.data(), .output = matrix(out.data(), s.samples, s.outputs)});
    backend_of(ctx()).linear.parameter_grad(
        device_of(ctx()), {.input = input,
                           .grad_output = matrix<const float>(grad.data(), s.samples, s.outputs),
                           .slices = whole_batch(s.samples),
                           .grad_weight = {.sum = weight_sum.data()}});
    Problem converted = p;
    converted.x.assign(p.x.size(), 2.5f);
    const Floats want = plain_forward(converted, false);
    expect_same_bits(Floats(out.data(), out.data() + want.size()), want, text(s));
  }
}

}  // namespace
}  // namespace thalweg::test
