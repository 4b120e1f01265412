// The sparse linear layer on the cpu reads no further than its operands go: each of them ends where memory
// does.
#include "host/runtime/backends.hpp"
#include "host/runtime/device_of.hpp"
#include "kernels/sparse_linear/sparse_linear.hpp"
#include "tests/kernels/sparse_linear_test_problem.hpp"
#include "tests/support/page_end.hpp"

namespace thalweg::test {
namespace {

class SparseLinearReads : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Devices, SparseLinearReads, testing::ValuesIn(cpu_variants()),
                         [](const auto& info) { return test_name(info.param); });

TEST_P(SparseLinearReads, NoOpGoesPastItsOperands) {
  const Context& ctx = context_of(GetParam());
  const SparseLinearOps& ops = backend_of(ctx).sparse_linear;
  for (const Shape& shape : kShapes) {
    const Problem p = make_problem(shape);
    if (p.batch_entries() == 0) continue;
    const std::int64_t entries = p.batch_entries(), capacity = std::min(p.cols, entries);
    const AtPageEnd<std::int64_t> offsets(p.offsets), ids(p.ids),
        row_begin(std::vector<std::int64_t>(p.ids.size() + 1)), count(std::vector<std::int64_t>(1));
    const AtPageEnd<std::int32_t> columns(p.columns), features{std::vector<std::int32_t>(capacity)},
        slots{std::vector<std::int32_t>(entries)};
    const AtPageEnd<float> values(p.values), weight(p.weight), bias(p.bias), grad(p.grad_output),
        out(Floats(p.grad_output.size())), weight_sum(Floats(p.weight.size())),
        bias_sum(Floats(p.bias.size()));
    const SparseRows input{.offsets = offsets.data(),
                           .columns = columns.data(),
                           .values = values.data(),
                           .rows = p.rows(),
                           .cols = p.cols,
                           .ids = ids.data()};
    const TouchedFeatures touched{.features = features.data(),
                                  .count = count.data(),
                                  .row_begin = row_begin.data(),
                                  .slots = slots.data(),
                                  .capacity = capacity,
                                  .entries_capacity = entries};
    ops.index(device_of(ctx), {.input = input, .touched = touched});
    ops.forward(device_of(ctx), {.input = input,
                                 .weight = weight.data(),
                                 .bias = bias.data(),
                                 .output = matrix(out.data(), p.rows(), p.outputs)});
    ops.parameter_grad(device_of(ctx), {.input = input,
                                        .touched = touched,
                                        .grad_output = matrix<const float>(grad.data(), p.rows(), p.outputs),
                                        .slices = whole_batch(p.rows()),
                                        .grad_weight = {.sum = weight_sum.data()},
                                        .grad_bias = {.sum = bias_sum.data()}});
    // The biases' gradients are the columns' sums, of at most 257 terms in [-1, 1).
    for (std::int64_t o = 0; o < p.outputs; ++o) {
      double want = 0;
      for (std::int64_t n = 0; n < p.rows(); ++n) want += p.grad_output[n * p.outputs + o];
      EXPECT_NEAR(bias_sum.data()[o], want, gamma_bound(p.rows()) * static_cast<double>(p.rows()));
    }
  }
}

}  // namespace
}  // namespace thalweg::test
