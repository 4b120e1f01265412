// The contracts of the layers' other ops.
#include "kernels/activation/activation.hpp"
#include "kernels/batch_norm/batch_norm.hpp"
#include "kernels/dropout/dropout.hpp"
#include "kernels/layer_norm/layer_norm.hpp"
#include "kernels/sparse_linear/sparse_linear.hpp"
#include "tests/kernels/contract_faults.hpp"

namespace thalweg::test {
namespace {

struct SparseProblem {
  Arrays m;
  SparseRows input{.offsets = m.of<std::int64_t>(5),
                   .columns = m.of<std::int32_t>(9),
                   .values = m.of(9),
                   .rows = 4,
                   .cols = 3};
  TouchedFeatures touched{.features = m.of<std::int32_t>(2),
                          .count = m.of<std::int64_t>(1),
                          .row_begin = m.of<std::int64_t>(11),
                          .slots = m.of<std::int32_t>(9),
                          .capacity = 2,
                          .entries_capacity = 9};
  TouchedEntry* entries = m.of<TouchedEntry>(9);
  std::int32_t* begin = m.of<std::int32_t>(3);
  const std::int64_t* ids = m.of<std::int64_t>(4);
};

TEST(Contracts, SparseIndexRefusesEachFault) {
  SparseProblem p;
  expect_contract<SparseIndexArgs>(
      "sparse_linear.index", {p.input, p.touched},
      {{[](auto& a) { a.input.rows = -2; }, "input.rows is -2, want at least 0"},
       {[](auto& a) { a.input.cols = -2; }, "input.cols is -2, want at least 0"},
       {[](auto& a) { a.input.offsets = nullptr; }, "input.offsets [5] is null"},
       {[&](auto& a) {
          a.input.ids = p.ids;
          a.input.offsets = nullptr;
        },
        "input.offsets [2] is null"},
       {[](auto& a) { a.touched.capacity = -1; }, "touched.capacity is -1, want at least 0"},
       {[](auto& a) { a.touched.entries_capacity = -1; }, "touched.entries_capacity is -1, want at least 0"},
       {[](auto& a) { a.touched.features = nullptr; }, "touched.features [2] is null"},
       {[](auto& a) { a.touched.count = nullptr; }, "touched.count [1] is null"},
       {[](auto& a) { a.touched.row_begin = nullptr; }, "touched.row_begin [5] is null"},
       {[](auto& a) { a.touched.slots = nullptr; }, "touched.slots [9] is null"},
       {[&](auto& a) { a.touched.entries = p.entries; }, "touched.entries_begin [3] is null"},
       {[](auto& a) { a.touched.row_begin = const_cast<std::int64_t*>(a.input.offsets) + 4; },
        "touched.row_begin [5] lies over input.offsets [5]"},
       {[](auto& a) { a.touched.features = const_cast<std::int32_t*>(a.input.columns); },
        "touched.features [2] lies over input.columns [1]"},
       {[](auto& a) { a.touched.slots = reinterpret_cast<std::int32_t*>(over(a.input.values)); },
        "touched.slots [9] lies over input.values [1]"},
       {[&](auto& a) {
          a.input.ids = p.ids;
          a.touched.count = const_cast<std::int64_t*>(p.ids) + 3;
        },
        "touched.count [1] lies over input.ids [4]"}},
      {[&](auto& a) {
         a.touched.slots = nullptr;
         a.touched.entries = p.entries;
         a.touched.entries_begin = p.begin;
       },
       [](auto& a) { a.input.columns = nullptr, a.input.values = nullptr; },
       [](auto& a) {
         a.input.rows = 0;
         a.input.offsets = nullptr;
       }});
}

TEST(Contracts, SparseLinearForwardRefusesEachFault) {
  SparseProblem p;
  const SparseLinearForward legal{
      .input = p.input, .weight = p.m.of(15), .bias = p.m.of(5), .output = p.m.matrix(4, 5)};
  expect_contract<SparseLinearForward>(
      "sparse_linear.forward", legal,
      {{[](auto& a) { a.input.offsets = nullptr; }, "input.offsets [5] is null"},
       {[](auto& a) { a.weight = nullptr; }, "weight [15] is null"},
       {[](auto& a) { a.output.rows = 3; }, "output.rows is 3, want 4"},
       {[](auto& a) { a.output.data = over(a.bias) + 4; }, "output [4, 5] lies over bias [5]"},
       {[](auto& a) { a.output.data = over(a.weight) + 14; }, "output [4, 5] lies over weight [15]"}},
      {[](auto& a) { a.bias = nullptr; }});
}

TEST(Contracts, SparseParameterGradRefusesEachFault) {
  SparseProblem p;
  const SparseParameterGrad legal{.input = p.input,
                                  .touched = p.touched,
                                  .grad_output = p.m.matrix(4, 5),
                                  .slices = {.batch_rows = 10, .first = 0, .rows = 4, .slices = 2},
                                  .grad_weight = {p.m.of(15), p.m.of(20), 10},
                                  .grad_bias = {p.m.of(5), p.m.of(10), 5}};
  expect_contract<SparseParameterGrad>(
      "sparse_linear.parameter_grad", legal,
      {{[](auto& a) { a.input.offsets = nullptr; }, "input.offsets [5] is null"},
       {[](auto& a) { a.touched.row_begin = nullptr; }, "touched.row_begin [11] is null"},
       {[](auto& a) { a.grad_output.rows = 5; }, "grad_output.rows is 5, want 4"},
       {[](auto& a) { a.slices.first = 7; }, "slices.first is 7, want 0 to 6"},
       {[](auto& a) { a.grad_weight.sum = nullptr; }, "grad_weight.sum [15] is null"},
       {[](auto& a) { a.grad_weight.partial_stride = 9; },
        "grad_weight.partial_stride is 9, want at least 10"},
       {[](auto& a) { a.grad_weight.partials = nullptr; }, "grad_weight.partials [2, 10] is null"},
       {[](auto& a) { a.grad_bias.sum = over(a.grad_output.data) + 19; },
        "grad_bias.sum [5] lies over grad_output [4, 5]"},
       {[](auto& a) { a.grad_bias.partials = nullptr; }, "grad_bias.partials [2, 5] is null"}},
      {[](auto& a) { a.grad_bias = {}; }});
}

TEST(Contracts, ActivationForwardRefusesEachFault) {
  Arrays m;
  expect_contract<ActivationForward>(
      "activation.forward", {.size = 6, .input = m.of(6), .output = m.of(6)},
      {{[](auto& a) { a.size = -1; }, "input is -1, want at least 0"},
       {[](auto& a) { a.input = nullptr; }, "input [6] is null"},
       {[](auto& a) { a.output = nullptr; }, "output [6] is null"},
       {[](auto& a) { a.output = over(a.input) + 1; }, "output [6] lies over input [6]"}},
      {[](auto& a) { a.output = over(a.input); },
       [](auto& a) {
         a.size = 0;
         a.input = a.output = nullptr;
       }});
}

TEST(Contracts, ActivationBackwardReadsInputOrOutput) {
  Arrays m;
  const ActivationBackward gelu{
      .kind = Activation::gelu, .size = 6, .input = m.of(6), .grad_output = m.of(6), .grad_input = m.of(6)};
  expect_contract<ActivationBackward>(
      "activation.backward", gelu,
      {{[](auto& a) { a.input = nullptr; }, "input [6] is null"},
       {[](auto& a) { a.grad_output = nullptr; }, "grad_output [6] is null"},
       {[](auto& a) { a.grad_input = nullptr; }, "grad_input [6] is null"},
       {[](auto& a) { a.grad_input = over(a.input); }, "grad_input [6] lies over input [6]"},
       {[](auto& a) { a.grad_input = over(a.grad_output) - 1; }, "grad_input [6] lies over grad_output [6]"}},
      {[](auto& a) { a.grad_input = over(a.grad_output); }});
  ActivationBackward relu = gelu;
  relu.kind = Activation::relu;
  relu.output = relu.input;
  relu.input = nullptr;
  expect_contract<ActivationBackward>("activation.backward", relu,
                                      {{[](auto& a) { a.output = nullptr; }, "output [6] is null"}});
}

TEST(Contracts, DropoutRefusesEachFault) {
  Arrays m;
  const DropoutArgs legal{.input = m.matrix(4, 3),
                          .output = m.matrix(4, 3),
                          .ids = m.of<std::int64_t>(4),
                          .step = m.of<std::uint64_t>(1)};
  expect_contract<DropoutArgs>(
      "dropout.apply", legal,
      {{[](auto& a) { a.input.data = nullptr; }, "input [4, 3] is null"},
       {[](auto& a) { a.step = nullptr; }, "step [1] is null"},
       {[](auto& a) { a.output.rows = 3; }, "output.rows is 3, want 4"},
       {[](auto& a) { a.output.cols = 2; }, "output.cols is 2, want 3"},
       {[](auto& a) { a.output.data = over(a.input.data) + 3; }, "output [4, 3] lies over input [4, 3]"},
       {[](auto& a) { a.output.data = reinterpret_cast<float*>(const_cast<std::int64_t*>(a.ids + 3)); },
        "output [4, 3] lies over ids [4]"}},
      {[](auto& a) { a.output.data = over(a.input.data); }, [](auto& a) { a.ids = nullptr; }});
}

TEST(Contracts, LayerNormForwardRefusesEachFault) {
  Arrays m;
  const LayerNormForward legal{.input = m.matrix(4, 3),
                               .weight = m.of(3),
                               .bias = m.of(3),
                               .output = m.matrix(4, 3),
                               .mean = m.of(4),
                               .rstd = m.of(4)};
  expect_contract<LayerNormForward>(
      "layer_norm.forward", legal,
      {{[](auto& a) { a.input.data = nullptr; }, "input [4, 3] is null"},
       {[](auto& a) { a.weight = nullptr; }, "weight [3] is null"},
       {[](auto& a) { a.bias = nullptr; }, "bias [3] is null"},
       {[](auto& a) { a.output.data = over(a.input.data); }, "output [4, 3] lies over input [4, 3]"},
       {[](auto& a) { a.output.rows = 5; }, "output.rows is 5, want 4"},
       {[](auto& a) { a.mean = a.output.data + 11; }, "mean [4] lies over output [4, 3]"},
       {[](auto& a) { a.rstd = a.mean + 3; }, "rstd [4] lies over mean [4]"}});
}

TEST(Contracts, LayerNormBackwardRefusesEachFault) {
  Arrays m;
  const LayerNormBackward legal{.grad_output = m.matrix(4, 3),
                                .input = m.matrix(4, 3),
                                .weight = m.of(3),
                                .mean = m.of(4),
                                .rstd = m.of(4),
                                .grad_input = m.matrix(4, 3),
                                .slices = whole_batch(4),
                                .grad_weight = {.sum = m.of(3)},
                                .grad_bias = {.sum = m.of(3)}};
  expect_contract<LayerNormBackward>(
      "layer_norm.backward", legal,
      {{[](auto& a) { a.grad_output.data = nullptr; }, "grad_output [4, 3] is null"},
       {[](auto& a) { a.grad_output.cols = 4; }, "grad_output.cols is 4, want 3"},
       {[](auto& a) { a.input.data = nullptr; }, "input [4, 3] is null"},
       {[](auto& a) { a.weight = nullptr; }, "weight [3] is null"},
       {[](auto& a) { a.mean = nullptr; }, "mean [4] is null"},
       {[](auto& a) { a.rstd = nullptr; }, "rstd [4] is null"},
       {[](auto& a) { a.slices.rows = 3; }, "slices.rows is 3, want 4"},
       {[](auto& a) { a.slices.batch_rows = 5; }, "grad_weight.partial_stride is 0, want at least 3"},
       {[](auto& a) { a.grad_input.data = over(a.input.data); }, "grad_input [4, 3] lies over input [4, 3]"},
       {[](auto& a) { a.grad_weight.sum = nullptr; }, "grad_weight.sum [3] is null"},
       {[](auto& a) { a.grad_bias.sum = nullptr; }, "grad_bias.sum [3] is null"},
       {[](auto& a) { a.grad_bias.sum = a.grad_weight.sum + 2; },
        "grad_bias.sum [3] lies over grad_weight.sum [3]"}},
      {[](auto& a) { a.grad_input.data = over(a.grad_output.data); }});
}

TEST(Contracts, BatchNormForwardRefusesEachFault) {
  Arrays m;
  const BatchNormForward legal{.input = m.matrix(4, 3),
                               .weight = m.of(3),
                               .bias = m.of(3),
                               .slices = 64,
                               .output = m.matrix(4, 3),
                               .mean = m.of(3),
                               .rstd = m.of(3),
                               .running_mean = m.of(3),
                               .running_variance = m.of(3)};
  expect_contract<BatchNormForward>(
      "batch_norm.forward", legal,
      {{[](auto& a) { a.input.data = nullptr; }, "input [4, 3] is null"},
       {[](auto& a) { a.weight = nullptr; }, "weight [3] is null"},
       {[](auto& a) { a.bias = nullptr; }, "bias [3] is null"},
       {[](auto& a) { a.slices = 65; }, "slices.slices is 65, want 1 to 64"},
       {[](auto& a) { a.output.data = over(a.input.data); }, "output [4, 3] lies over input [4, 3]"},
       {[](auto& a) { a.mean = over(a.bias) + 2; }, "mean [3] lies over bias [3]"},
       {[](auto& a) { a.rstd = a.mean + 2; }, "rstd [3] lies over mean [3]"},
       {[](auto& a) { a.running_mean = a.rstd + 2; }, "running_mean [3] lies over rstd [3]"},
       {[](auto& a) { a.running_variance = a.running_mean + 2; },
        "running_variance [3] lies over running_mean [3]"}});
}

TEST(Contracts, BatchNormInferenceRefusesEachFault) {
  Arrays m;
  const BatchNormInference legal{.input = m.matrix(4, 3),
                                 .weight = m.of(3),
                                 .bias = m.of(3),
                                 .running_mean = m.of(3),
                                 .running_variance = m.of(3),
                                 .output = m.matrix(4, 3)};
  expect_contract<BatchNormInference>(
      "batch_norm.inference", legal,
      {{[](auto& a) { a.input.data = nullptr; }, "input [4, 3] is null"},
       {[](auto& a) { a.weight = nullptr; }, "weight [3] is null"},
       {[](auto& a) { a.bias = nullptr; }, "bias [3] is null"},
       {[](auto& a) { a.running_mean = nullptr; }, "running_mean [3] is null"},
       {[](auto& a) { a.running_variance = nullptr; }, "running_variance [3] is null"},
       {[](auto& a) { a.output.data = over(a.running_variance) + 2; },
        "output [4, 3] lies over running_variance [3]"}},
      {[](auto& a) { a.output.data = over(a.input.data); }});
}

TEST(Contracts, BatchNormBackwardRefusesEachFault) {
  Arrays m;
  const BatchNormBackward legal{.grad_output = m.matrix(4, 3),
                                .input = m.matrix(4, 3),
                                .weight = m.of(3),
                                .mean = m.of(3),
                                .rstd = m.of(3),
                                .grad_input = m.matrix(4, 3),
                                .grad_weight = m.of(3),
                                .grad_bias = m.of(3)};
  expect_contract<BatchNormBackward>(
      "batch_norm.backward", legal,
      {{[](auto& a) { a.grad_output.data = nullptr; }, "grad_output [4, 3] is null"},
       {[](auto& a) { a.input.data = nullptr; }, "input [4, 3] is null"},
       {[](auto& a) { a.weight = nullptr; }, "weight [3] is null"},
       {[](auto& a) { a.mean = nullptr; }, "mean [3] is null"},
       {[](auto& a) { a.rstd = nullptr; }, "rstd [3] is null"},
       {[](auto& a) { a.slices = 0; }, "slices.slices is 0, want 1 to 64"},
       {[](auto& a) { a.grad_input.data = over(a.input.data); }, "grad_input [4, 3] lies over input [4, 3]"},
       {[](auto& a) { a.grad_weight = a.grad_input.data + 11; },
        "grad_weight [3] lies over grad_input [4, 3]"},
       {[](auto& a) { a.grad_bias = a.grad_weight + 2; }, "grad_bias [3] lies over grad_weight [3]"}},
      {[](auto& a) { a.grad_input.data = over(a.grad_output.data); }});
}

}  // namespace
}  // namespace thalweg::test
