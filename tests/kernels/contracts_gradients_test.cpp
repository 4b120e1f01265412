// The contracts of the ops on gradients: those of single samples, and the update.
#include "kernels/per_sample/per_sample.hpp"
#include "kernels/update/update.hpp"
#include "tests/kernels/contract_faults.hpp"

namespace thalweg::test {
namespace {

struct Problem {
  Arrays m;
  DenseRows input = dense_rows(m.matrix(4, 3));
  SparseRows sparse{.offsets = m.of<std::int64_t>(5), .rows = 4, .cols = 3};
  const std::int64_t* ids = m.of<std::int64_t>(4);
};

TEST(Contracts, NormsOfSamplesRefuseEachFault) {
  Problem p;
  expect_contract<DenseRowSquares>(
      "per_sample.dense_row_squares", {.input = p.input, .squares = p.m.of(4)},
      {{[](auto& a) { a.input.data = nullptr; }, "input [4, 3] is null"},
       {[](auto& a) { a.squares = over(static_cast<const float*>(a.input.data)) + 11; },
        "squares [4] lies over input [4, 3]"}});
  expect_contract<SparseRowSquares>(
      "per_sample.sparse_row_squares", {.input = p.sparse, .squares = p.m.of(4)},
      {{[](auto& a) { a.input.offsets = nullptr; }, "input.offsets [5] is null"},
       {[](auto& a) { a.squares = nullptr; }, "squares [4] is null"}});
  const LinearSquaredNorms hidden{
      .grad_output = p.m.matrix(4, 5), .input = p.m.matrix(4, 3), .squared_norms = p.m.of(4)};
  expect_contract<LinearSquaredNorms>(
      "per_sample.linear_squared_norms", hidden,
      {{[](auto& a) { a.grad_output.data = nullptr; }, "grad_output [4, 5] is null"},
       {[](auto& a) { a.input.rows = 3; }, "input.rows is 3, want 4"},
       {[](auto& a) { a.input.data = nullptr; }, "input [4, 3] is null"},
       {[](auto& a) { a.squared_norms = over(a.input.data) + 11; },
        "squared_norms [4] lies over input [4, 3]"}});
  LinearSquaredNorms first = hidden;
  first.input = {};
  first.input_squares = p.m.of(4);
  expect_contract<LinearSquaredNorms>(
      "per_sample.linear_squared_norms", first,
      {{[](auto& a) { a.squared_norms = over(a.input_squares) + 3; },
        "squared_norms [4] lies over input_squares [4]"},
       {[&](auto& a) {
          a.ids = p.ids;
          a.squared_norms = over(a.input_squares);
        },
        "squared_norms [4] lies over input_squares [1]"},
       {[&](auto& a) {
          a.ids = p.ids;
          a.squared_norms = reinterpret_cast<float*>(const_cast<std::int64_t*>(p.ids + 3));
        },
        "squared_norms [4] lies over ids [4]"}},
      {[&](auto& a) { a.ids = p.ids, a.squared_norms = over(a.input_squares) + 1; }});
  expect_contract<LayerNormSquaredNorms>(
      "per_sample.layer_norm_squared_norms",
      {.grad_output = p.m.matrix(4, 3),
       .input = p.m.matrix(4, 3),
       .mean = p.m.of(4),
       .rstd = p.m.of(4),
       .squared_norms = p.m.of(4)},
      {{[](auto& a) { a.grad_output.rows = 3; }, "grad_output.rows is 3, want 4"},
       {[](auto& a) { a.input.data = nullptr; }, "input [4, 3] is null"},
       {[](auto& a) { a.mean = nullptr; }, "mean [4] is null"},
       {[](auto& a) { a.rstd = nullptr; }, "rstd [4] is null"},
       {[](auto& a) { a.squared_norms = over(a.rstd) + 3; }, "squared_norms [4] lies over rstd [4]"}});
}

TEST(Contracts, ClippingAndNoiseRefuseEachFault) {
  Problem p;
  expect_contract<ClipFactors>(
      "per_sample.clip_factors",
      {.mode = ClipMode::per_layer,
       .rows = 4,
       .layers = 2,
       .squared_norms = p.m.of(12),
       .stride = 6,
       .scale = p.m.of(1),
       .norms = p.m.of(4),
       .factors = p.m.of(12)},
      {{[](auto& a) { a.stride = 3; }, "stride is 3, want at least 4"},
       {[](auto& a) { a.squared_norms = nullptr; }, "squared_norms [2, 4] is null"},
       {[](auto& a) { a.norms = over(a.squared_norms) + 9; }, "norms [4] lies over squared_norms [2, 4]"},
       {[](auto& a) { a.norms = over(a.scale); }, "norms [4] lies over scale [1]"},
       {[](auto& a) { a.factors = nullptr; }, "factors [2, 4] is null"},
       {[](auto& a) { a.factors = a.norms + 3; }, "factors [2, 4] lies over norms [4]"},
       {[](auto& a) {
          a.mode = ClipMode::flat;
          a.factors = nullptr;
        },
        "factors [1, 4] is null"}},
      {[](auto& a) { a.scale = nullptr; }});
  expect_contract<RowScale>(
      "per_sample.scale_rows", {.matrix = p.m.matrix(4, 3), .factors = p.m.of(4)},
      {{[](auto& a) { a.factors = nullptr; }, "factors [4] is null"},
       {[](auto& a) { a.matrix.stride = 2; }, "matrix.stride is 2, want at least 3"},
       {[](auto& a) { a.factors = a.matrix.data + 11; }, "matrix [4, 3] lies over factors [4]"}});
  expect_contract<GaussianNoise>(
      "per_sample.add_noise",
      {.values = p.m.of(4), .size = 4, .deviation = p.m.of(1), .step = p.m.of<std::uint64_t>(1)},
      {{[](auto& a) { a.values = nullptr; }, "values [4] is null"},
       {[](auto& a) { a.deviation = nullptr; }, "deviation [1] is null"},
       {[](auto& a) { a.step = nullptr; }, "step [1] is null"},
       {[](auto& a) { a.deviation = a.values + 3; }, "values [4] lies over deviation [1]"}});
}

/// The faults of gradients of a linear layer's samples: weight and bias are columns of the same rows.
template <class Gradients>
std::vector<Fault<Gradients>> gradient_faults() {
  return {{[](auto& a) { a.grad_output.rows = 3; }, "grad_output.rows is 3, want 4"},
          {[](auto& a) { a.grad_output.data = nullptr; }, "grad_output [4, 5] is null"},
          {[](auto& a) { a.gradients.cols = 5; }, "gradients.cols is 5, want 15"},
          {[](auto& a) { a.gradients.data = nullptr; }, "gradients [4, 15] is null"},
          {[](auto& a) { a.bias_gradients.data -= 1; }, "bias_gradients [4, 5] lies over gradients [4, 15]"},
          {[](auto& a) { a.bias_gradients.cols = 4; }, "bias_gradients.cols is 4, want 5"}};
}

TEST(Contracts, GradientsOfSamplesRefuseEachFault) {
  Problem p;
  const Matrix rows = p.m.matrix(4, 20), weights{rows.data, 4, 15, 20}, biases{rows.data + 15, 4, 5, 20};
  auto dense = gradient_faults<DenseSampleGradients>();
  dense.push_back({[](auto& a) { a.input.data = nullptr; }, "input [4, 3] is null"});
  expect_contract<DenseSampleGradients>("per_sample.dense_gradients",
                                        {p.input, p.m.matrix(4, 5), weights, biases}, dense,
                                        {[](auto& a) { a.bias_gradients = {}; }});
  auto sparse = gradient_faults<SparseSampleGradients>();
  sparse.push_back({[](auto& a) { a.input.offsets = nullptr; }, "input.offsets [5] is null"});
  expect_contract<SparseSampleGradients>("per_sample.sparse_gradients",
                                         {p.sparse, p.m.matrix(4, 5), weights, biases}, sparse,
                                         {[](auto& a) { a.bias_gradients = {}; }});
  expect_contract<LayerNormSampleGradients>(
      "per_sample.layer_norm_gradients",
      {.grad_output = p.m.matrix(4, 3),
       .input = p.m.matrix(4, 3),
       .mean = p.m.of(4),
       .rstd = p.m.of(4),
       .gradients = p.m.matrix(4, 3),
       .bias_gradients = p.m.matrix(4, 3)},
      {{[](auto& a) { a.grad_output.cols = 4; }, "grad_output.cols is 4, want 3"},
       {[](auto& a) { a.input.data = nullptr; }, "input [4, 3] is null"},
       {[](auto& a) { a.mean = nullptr; }, "mean [4] is null"},
       {[](auto& a) { a.rstd = nullptr; }, "rstd [4] is null"},
       {[](auto& a) { a.gradients.data = over(a.input.data); }, "gradients [4, 3] lies over input [4, 3]"},
       {[](auto& a) { a.bias_gradients = a.gradients; },
        "bias_gradients [4, 3] lies over gradients [4, 3]"}});
}

struct UpdateProblem {
  Arrays m;
  UpdateSegment segments[2] = {{0, 1024, 15, 0}, {2048, 1024, 1000, 7}};
  TouchedElements touched{.features = m.of<std::int32_t>(2),
                          .count = m.of<std::int64_t>(1),
                          .capacity = 2,
                          .in_features = 3,
                          .outputs = 5};
  const UpdateScalars* scalars = m.of<UpdateScalars>(1);
};

/// The faults of a list of two segments, the first of which ends at 1024.
template <class Args>
std::vector<Fault<Args>> segment_faults() {
  static UpdateSegment list[2];
  const auto fault = [](void (*change)(), std::string words) {
    return Fault<Args>{[change](auto& a) {
                         list[0] = a.segments[0], list[1] = a.segments[1];
                         change();
                         a.segments = list;
                       },
                       std::move(words)};
  };
  return {{[](auto& a) { a.segments = nullptr; }, "segments [2] is null"},
          fault([] { list[1].offset = 0; }, "segment.offset is 0, want at least 1024"),
          fault([] { list[0].offset = -1024; }, "segment.offset is -1024, want at least 0"),
          fault([] { list[1].offset = 2050; }, "segment.offset modulo kSegmentAlign is 2, want 0"),
          fault([] { list[0].size = 16; }, "segment.size modulo kSegmentAlign is 16, want 0"),
          fault([] { list[1].size = -1024; }, "segment.size is -1024, want at least 0"),
          fault([] { list[0].used = 1025; }, "segment.used is 1025, want 0 to 1024"),
          fault([] { list[0].used = -1; }, "segment.used is -1, want 0 to 1024"),
          fault([] { list[1].group = 8; }, "segment.group is 8, want 0 to 7"),
          fault([] { list[1].group = -1; }, "segment.group is -1, want 0 to 7")};
}

TEST(Contracts, UpdateStepRefusesEachFault) {
  UpdateProblem p;
  UpdateArgs legal{.rule = Rule::adam,
                   .segments = p.segments,
                   .segment_count = 2,
                   .scalars = p.scalars,
                   .grad_scale = p.m.of(1),
                   .squared_norm = p.m.of(1),
                   .param = p.m.of(3072),
                   .grad = p.m.of(3072),
                   .state = {p.m.of(3072), p.m.of(3072)},
                   .average = p.m.of(3072)};
  auto faults = segment_faults<UpdateArgs>();
  faults.insert(faults.end(),
                {{[](auto& a) { a.scalars = nullptr; }, "scalars [1] is null"},
                 {[](auto& a) { a.param = nullptr; }, "param [3048] is null"},
                 {[](auto& a) { a.grad = nullptr; }, "grad [3048] is null"},
                 {[](auto& a) { a.state[1] = nullptr; }, "state [3048] is null"},
                 {[](auto& a) { a.param = over(a.grad); }, "param [3048] lies over grad [3048]"},
                 {[](auto& a) { a.param = over(a.grad_scale); }, "param [3048] lies over grad_scale [1]"},
                 {[](auto& a) { a.param = over(a.squared_norm); }, "param [3048] lies over squared_norm [1]"},
                 {[](auto& a) { a.state[0] = a.param; }, "state [3048] lies over param [3048]"},
                 {[](auto& a) { a.state[1] = a.state[0] + 3047; }, "state [3048] lies over state [3048]"},
                 {[](auto& a) { a.average = a.param; }, "average [3048] lies over param [3048]"},
                 {[&](auto& a) { a.touched = p.touched; }, "segment_count is 2, want 1"}});
  expect_contract<UpdateArgs>(
      "update.step", legal, faults,
      {[](auto& a) { a.grad_scale = a.squared_norm = nullptr; }, [](auto& a) { a.average = nullptr; },
       [](auto& a) {
         a.rule = Rule::sgd;
         a.state[0] = a.state[1] = nullptr;
       }});
  legal.segment_count = 1;
  legal.touched = p.touched;
  expect_contract<UpdateArgs>(
      "update.step", legal,
      {{[](auto& a) { a.param = nullptr; }, "param [15] is null"},
       {[](auto& a) { a.touched.offset = 1024; }, "touched.offset is 1024, want 0"},
       {[](auto& a) { a.touched.outputs = 4; }, "touched.end is 12, want 15"},
       {[](auto& a) { a.touched.outputs = a.touched.in_features = -1; },
        "touched.in_features is -1, want at least 0"},
       {[](auto& a) { a.touched.outputs = -1; }, "touched.outputs is -1, want at least 0"},
       {[](auto& a) { a.touched.count = nullptr; }, "touched.count [1] is null"},
       {[](auto& a) {
          a.param = reinterpret_cast<float*>(const_cast<std::int32_t*>(a.touched.features)) + 1;
        },
        "param [15] lies over touched.features [2]"}});
}

TEST(Contracts, GradientNormRefusesEachFault) {
  UpdateProblem p;
  p.touched.offset = 1024;
  const GradientNormArgs legal{.segments = p.segments,
                               .segment_count = 2,
                               .touched = p.touched,
                               .grad = p.m.of(3072),
                               .out = p.m.of(2)};
  auto faults = segment_faults<GradientNormArgs>();
  faults.insert(faults.end(),
                {{[](auto& a) { a.grad = nullptr; }, "grad [3048] is null"},
                 {[](auto& a) { a.out = over(a.grad) - 1; }, "out [2] lies over grad [3048]"},
                 {[](auto& a) { a.touched.offset = 1023; }, "touched elements are those of a segment, too"},
                 {[](auto& a) { a.touched.outputs = 342; }, "touched elements are those of a segment, too"},
                 {[](auto& a) { a.touched.offset = -1; }, "touched.offset is -1, want at least 0"},
                 {[](auto& a) {
                    a.touched.offset = 3072;
                    a.grad = nullptr;
                  },
                  "grad [3087] is null"}});
  expect_contract<GradientNormArgs>(
      "update.gradient_norm", legal, faults,
      {[](auto& a) { a.touched = {}; }, [](auto& a) { a.touched.outputs = 341, a.touched.in_features = 3; },
       [](auto& a) {
         a.segments = nullptr;
         a.segment_count = 0;
       }});
}

TEST(Contracts, ProjectRefusesEachFault) {
  UpdateProblem p;
  const ProjectArgs legal{.segments = p.segments,
                          .segment_count = 2,
                          .scalars = p.scalars,
                          .squared_norm = p.m.of(1),
                          .param = p.m.of(3072),
                          .average = p.m.of(3072)};
  auto faults = segment_faults<ProjectArgs>();
  faults.insert(faults.end(),
                {{[](auto& a) { a.scalars = nullptr; }, "scalars [1] is null"},
                 {[](auto& a) { a.param = nullptr; }, "param [3048] is null"},
                 {[](auto& a) { a.param = over(a.squared_norm); }, "param [3048] lies over squared_norm [1]"},
                 {[](auto& a) { a.average = a.param; }, "average [3048] lies over param [3048]"}});
  expect_contract<ProjectArgs>("update.project", legal, faults,
                               {[](auto& a) { a.squared_norm = a.average = nullptr; }});
}

TEST(Contracts, RecordOfAStepRefusesEachFault) {
  Arrays m;
  const RecordArgs legal{.losses = m.of(4),
                         .count = 4,
                         .burst = m.of<BurstState>(1),
                         .records = m.of<StepRecord>(1),
                         .statistics = m.of(6),
                         .statistics_before = m.of(6),
                         .statistics_size = 6};
  expect_contract<RecordArgs>(
      "update.record", legal,
      {{[](auto& a) { a.losses = nullptr; }, "losses [4] is null"},
       {[](auto& a) { a.burst = nullptr; }, "burst [1] is null"},
       {[](auto& a) { a.records = nullptr; }, "records [1] is null"},
       {[](auto& a) { a.statistics_before = nullptr; }, "statistics_before [6] is null"},
       {[](auto& a) { a.statistics = over(a.statistics_before); },
        "statistics [6] lies over statistics_before [6]"},
       {[](auto& a) { a.losses = &a.burst->gate; }, "burst [1] lies over losses [4]"},
       {[](auto& a) { a.losses = &a.records->loss_sum; }, "records [1] lies over losses [4]"}},
      {[](auto& a) {
        a.statistics_size = 0;
        a.statistics = nullptr;
        a.statistics_before = nullptr;
      }});
}

}  // namespace
}  // namespace thalweg::test
