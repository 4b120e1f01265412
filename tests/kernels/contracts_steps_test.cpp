// The contracts of the ops around the layers: order, losses, the fused step, metrics.
#include "kernels/elementwise_loss/elementwise_loss.hpp"
#include "kernels/fold/fold.hpp"
#include "kernels/linear_step/linear_step.hpp"
#include "kernels/metrics/metrics.hpp"
#include "kernels/order/order.hpp"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.hpp"
#include "tests/kernels/contract_faults.hpp"

namespace thalweg::test {
namespace {

struct Problem {
  Arrays m;
  DenseRows input = dense_rows(m.matrix(4, 3));
  SparseRows sparse{.offsets = m.of<std::int64_t>(5), .rows = 4, .cols = 3};
  const std::int64_t* ids = m.of<std::int64_t>(4);
  LossTargets targets{.target = m.of(4), .weight = m.of(4), .scale = m.of(1)};
};

TEST(Contracts, OrderRefusesEachFault) {
  Arrays m;
  const OrderArgs legal{
      .place = m.of<BatchPlace>(1), .rows = m.of<std::int64_t>(8), .count = 4, .ids = m.of<std::int64_t>(4)};
  expect_contract<OrderArgs>(
      "order.batch", legal,
      {{[](auto& a) { a.place = nullptr; }, "place [1] is null"},
       {[](auto& a) { a.ids = nullptr; }, "ids [4] is null"},
       {[](auto& a) { a.count = -1; }, "ids is -1, want at least 0"},
       {[](auto& a) { a.ids = const_cast<std::int64_t*>(a.rows) - 3; }, "ids [4] lies over rows [1]"}},
      {[](auto& a) { a.rows = nullptr; }});
}

TEST(Contracts, ElementwiseLossRefusesEachFault) {
  Problem p;
  const ElementwiseLossArgs legal{.loss = {LossKind::hinge},
                                  .output = p.m.matrix(4, 5),
                                  .targets = p.targets,
                                  .losses = p.m.of(4),
                                  .grad_output = p.m.matrix(4, 5)};
  expect_contract<ElementwiseLossArgs>(
      "elementwise_loss.evaluate", legal,
      {{[](auto& a) { a.output.cols = 0; }, "output.cols is 0, want at least 1"},
       {[](auto& a) { a.loss.kind = LossKind::squared; },
        "output has several columns; only the hinge losses take them"},
       {[](auto& a) { a.output.data = nullptr; }, "output [4, 5] is null"},
       {[](auto& a) { a.targets.target = nullptr; }, "targets.target [4] is null"},
       {[](auto& a) { a.losses = nullptr; }, "losses [4] is null"},
       {[](auto& a) { a.losses = over(a.targets.weight) + 3; }, "losses [4] lies over targets.weight [4]"},
       {[](auto& a) { a.losses = over(a.targets.scale); }, "losses [4] lies over targets.scale [1]"},
       {[&](auto& a) {
          a.targets.ids = p.ids;
          a.losses = reinterpret_cast<float*>(const_cast<std::int64_t*>(p.ids + 3));
        },
        "losses [4] lies over targets.ids [4]"},
       {[](auto& a) { a.grad_output.rows = 5; }, "grad_output.rows is 5, want 4"},
       {[](auto& a) { a.grad_output.data = over(a.output.data); },
        "grad_output [4, 5] lies over output [4, 5]"}},
      {[](auto& a) { a.grad_output = {}; }, [](auto& a) { a.loss.kind = LossKind::squared_hinge; },
       [](auto& a) { a.targets.weight = a.targets.scale = nullptr; },
       [](auto& a) {
         a.loss.kind = LossKind::squared;
         a.output.cols = a.grad_output.cols = 1;
       },
       [&](auto& a) {  // of the rows of a data set, one is known
         a.targets.ids = p.ids;
         a.losses = over(a.targets.target) + 1;
       },
       [&](auto& a) {
         a.targets.ids = p.ids;
         a.losses = over(a.targets.weight) + 1;
       },
       [](auto& a) {
         a.output.rows = a.grad_output.rows = 0;
         a.targets = {};
       }});
}

TEST(Contracts, SoftmaxCrossEntropyRefusesEachFault) {
  Problem p;
  const SoftmaxCrossEntropyArgs legal{
      .logits = p.m.matrix(4, 2), .targets = p.targets, .losses = p.m.of(4), .grad_logits = p.m.matrix(4, 2)};
  expect_contract<SoftmaxCrossEntropyArgs>(
      "softmax_cross_entropy.evaluate", legal,
      {{[](auto& a) { a.logits.cols = 1; }, "logits.cols is 1, want at least 2"},
       {[](auto& a) { a.logits.data = nullptr; }, "logits [4, 2] is null"},
       {[](auto& a) { a.targets.target = nullptr; }, "targets.target [4] is null"},
       {[](auto& a) { a.losses = over(a.targets.target) + 3; }, "losses [4] lies over targets.target [4]"},
       {[](auto& a) { a.grad_logits.cols = 3; }, "grad_logits.cols is 3, want 2"},
       {[](auto& a) { a.grad_logits.data = a.losses - 7; }, "grad_logits [4, 2] lies over losses [4]"}},
      {[](auto& a) { a.grad_logits = {}; }});
  expect_contract<SoftmaxArgs>(
      "softmax_cross_entropy.softmax", {p.m.matrix(4, 2), p.m.matrix(4, 2)},
      {{[](auto& a) { a.logits.cols = 0; }, "logits.cols is 0, want at least 1"},
       {[](auto& a) { a.logits.data = nullptr; }, "logits [4, 2] is null"},
       {[](auto& a) { a.probabilities.rows = 3; }, "probabilities.rows is 3, want 4"},
       {[](auto& a) { a.probabilities.data = over(a.logits.data) + 1; },
        "probabilities [4, 2] lies over logits [4, 2]"}},
      {[](auto& a) { a.probabilities.data = over(a.logits.data); },
       [](auto& a) { a.logits.cols = a.probabilities.cols = 1; }});
}

/// The faults that both fused steps can have, of a batch of 10 rows.
template <class Step>
std::vector<Fault<Step>> step_faults() {
  return {{[](auto& a) { a.weight = nullptr; }, "weight [3] is null"},
          {[](auto& a) { a.rows.targets.target = nullptr; }, "targets.target [4] is null"},
          {[](auto& a) { a.slices.first = 7; }, "slices.first is 7, want 0 to 6"},
          {[](auto& a) { a.rows.losses = over(a.bias); }, "losses [4] lies over bias [1]"},
          {[](auto& a) { a.rows.grad_output = a.rows.losses + 3; }, "grad_output [4] lies over losses [4]"},
          {[](auto& a) { a.grad_weight.sum = a.rows.grad_output + 3; },
           "grad_weight.sum [3] lies over grad_output [4]"},
          {[](auto& a) { a.grad_bias.sum = a.grad_weight.sum + 2; },
           "grad_bias.sum [1] lies over grad_weight.sum [3]"},
          {[](auto& a) { a.grad_bias.partials = nullptr; }, "grad_bias.partials [2, 1] is null"}};
}

/// Runs the rows of a batch of 10 from row 6 on.
template <class Step>
Step fused_step(Problem& p) {
  Step step;
  step.weight = p.m.of(3);
  step.bias = p.m.of(1);
  step.rows = {.targets = p.targets, .losses = p.m.of(4), .grad_output = p.m.of(4)};
  step.slices = {.batch_rows = 10, .first = 6, .rows = 4, .slices = 2};
  step.grad_weight = {p.m.of(3), p.m.of(6), 3};
  step.grad_bias = {p.m.of(1), p.m.of(2), 1};
  return step;
}

TEST(Contracts, DenseLinearStepRefusesEachFault) {
  Problem p;
  auto legal = fused_step<DenseLinearStep>(p);
  legal.input = p.input;
  auto faults = step_faults<DenseLinearStep>();
  faults.push_back({[](auto& a) { a.input.data = nullptr; }, "input [4, 3] is null"});
  faults.push_back(
      {[](auto& a) { a.grad_weight.partials = nullptr; }, "grad_weight.partials [2, 3] is null"});
  faults.push_back({[](auto& a) {
                      a.upcoming = a.input;
                      a.upcoming.stride = 2;
                    },
                    "upcoming.stride is 2, want at least 3"});
  expect_contract<DenseLinearStep>(
      "linear_step.dense", legal, faults,
      {[](auto& a) { a.upcoming = a.input; }, [](auto& a) { a.bias = nullptr, a.grad_bias = {}; }});
}

TEST(Contracts, SparseLinearStepRefusesEachFault) {
  Problem p;
  auto legal = fused_step<SparseLinearStep>(p);
  legal.input = p.sparse;
  legal.touched = {.features = p.m.of<std::int32_t>(2),
                   .count = p.m.of<std::int64_t>(1),
                   .row_begin = p.m.of<std::int64_t>(11),
                   .slots = p.m.of<std::int32_t>(9),
                   .capacity = 2,
                   .entries_capacity = 9};
  auto faults = step_faults<SparseLinearStep>();
  faults.push_back({[](auto& a) { a.input.offsets = nullptr; }, "input.offsets [5] is null"});
  faults.push_back({[](auto& a) { a.touched.row_begin = nullptr; }, "touched.row_begin [11] is null"});
  faults.push_back({[](auto& a) { a.touched.first_row = -1; }, "touched.first_row is -1, want at least 0"});
  faults.push_back({[](auto& a) { a.touched.first_row = 2, a.touched.row_begin = nullptr; },
                    "touched.row_begin [13] is null"});
  faults.push_back(
      {[](auto& a) { a.grad_weight.partials = nullptr; }, "grad_weight.partials [2, 2] is null"});
  expect_contract<SparseLinearStep>("linear_step.sparse", legal, faults,
                                    {[](auto& a) { a.grad_weight.partial_stride = 2; }});
}

TEST(Contracts, FoldRefusesEachFault) {
  Arrays m;
  const FoldArgs legal{.terms = {.sum = m.of(20), .right = {m.of(20), m.of(20)}, .count = 2}, .size = 20};
  expect_contract<FoldArgs>(
      "fold.add", legal,
      {{[](auto& a) { a.terms.count = 0; }, "count is 0, want 1 to 10"},
       {[](auto& a) { a.terms.count = 11; }, "count is 11, want 1 to 10"},
       {[](auto& a) { a.size = -1; }, "size is -1, want at least 0"},
       {[](auto& a) { a.terms.right[1] = nullptr; }, "right [20] is null"},
       {[](auto& a) { a.terms.sum = nullptr; }, "sum [20] is null"},
       {[](auto& a) { a.terms.sum = over(a.terms.right[1]) + 19; }, "sum [20] lies over right [20]"}},
      {[](auto& a) { a.terms.count = 1, a.terms.right[1] = nullptr; },
       [](auto& a) { a.terms.right[1] = a.terms.right[0]; }});
  const FoldTouched touched{.terms = legal.terms,
                            .touched = {.features = m.of<std::int32_t>(4),
                                        .count = m.of<std::int64_t>(1),
                                        .capacity = 4,
                                        .in_features = 6,
                                        .outputs = 2,
                                        .offset = 8}};
  expect_contract<FoldTouched>(
      "fold.add_touched", touched,
      {{[](auto& a) { a.touched.features = nullptr; }, "touched.features [4] is null"},
       {[](auto& a) { a.touched.count = nullptr; }, "touched.count [1] is null"},
       {[](auto& a) { a.touched.offset = -1; }, "touched.offset is -1, want at least 0"},
       {[](auto& a) { a.touched.in_features = -1; }, "touched.in_features is -1, want at least 0"},
       {[](auto& a) { a.touched.outputs = -1; }, "touched.outputs is -1, want at least 0"},
       {[](auto& a) { a.terms.right[0] = nullptr; }, "right [20] is null"},
       {[](auto& a) { a.terms.sum = over(a.terms.right[0]) - 19; }, "sum [20] lies over right [20]"}});
}

TEST(Contracts, MetricsAddToWhatTheyDoNotRead) {
  Problem p;
  expect_contract<MetricSumArgs>("metrics.sum", {.values = p.m.of(4), .count = 4, .sum = p.m.of<ExactSum>(1)},
                                 {{[](auto& a) { a.values = nullptr; }, "values [4] is null"},
                                  {[](auto& a) { a.sum = nullptr; }, "sum [1] is null"},
                                  {[](auto& a) { a.values = reinterpret_cast<float*>(a.sum + 1) - 1; },
                                   "sum [1] lies over values [4]"}});
  expect_contract<ResidualArgs>(
      "metrics.residuals",
      {.output = p.m.matrix(4, 1),
       .targets = p.targets,
       .squared = p.m.of<ExactSum>(1),
       .absolute = p.m.of<ExactSum>(1)},
      {{[](auto& a) { a.output.cols = 2; }, "output.cols is 2, want 1"},
       {[](auto& a) { a.output.data = nullptr; }, "output [4, 1] is null"},
       {[](auto& a) { a.targets.target = nullptr; }, "targets.target [4] is null"},
       {[](auto& a) { a.squared = nullptr; }, "squared [1] is null"},
       {[](auto& a) { a.absolute = a.squared; }, "absolute [1] lies over squared [1]"}});
  expect_contract<ConfusionArgs>(
      "metrics.confusion",
      {.output = p.m.matrix(4, 3), .targets = p.targets, .classes = 3, .confusion = p.m.of<Count>(9)},
      {{[](auto& a) { a.classes = 2; }, "classes is 2, want 3"},
       {[](auto& a) { a.output.cols = 1; }, "classes is 3, want 2"},
       {[](auto& a) { a.output.data = nullptr; }, "output [4, 3] is null"},
       {[](auto& a) { a.targets.target = nullptr; }, "targets.target [4] is null"},
       {[](auto& a) { a.confusion = nullptr; }, "confusion [9] is null"}});
  expect_contract<PairArgs>(
      "metrics.pairs", {.scores = p.m.of(4), .rows = 4, .targets = p.targets, .pairs = p.m.of<PairCount>(1)},
      {{[](auto& a) { a.rows = std::int64_t{1} << 31; }, "rows is 2147483648, want 0 to 2147483647"},
       {[](auto& a) { a.scores = nullptr; }, "scores [4] is null"},
       {[](auto& a) { a.targets.target = nullptr; }, "targets.target [4] is null"},
       {[](auto& a) { a.pairs = nullptr; }, "pairs [1] is null"}});
}

}  // namespace
}  // namespace thalweg::test
