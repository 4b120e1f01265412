#include <algorithm>
#include <vector>

#include "kernels/sparse_linear/sparse_linear.hpp"

namespace thalweg {
namespace {

std::int64_t begin_of(const SparseRows& rows, std::int64_t n) { return rows.offsets[rows.id(n)]; }
std::int64_t end_of(const SparseRows& rows, std::int64_t n) { return rows.offsets[rows.id(n) + 1]; }

void index(const Device&, const SparseIndexArgs& args) {
  const SparseRows& input = args.input;
  const TouchedFeatures& touched = args.touched;
  std::vector<std::int32_t> columns;
  touched.row_begin[0] = 0;
  for (std::int64_t n = 0; n < input.rows; ++n) {
    columns.insert(columns.end(), input.columns + begin_of(input, n), input.columns + end_of(input, n));
    touched.row_begin[n + 1] = static_cast<std::int64_t>(columns.size());
  }
  require_index_capacity(args, static_cast<std::int64_t>(columns.size()));
  std::vector<std::int32_t> features = columns;
  std::sort(features.begin(), features.end());
  features.erase(std::unique(features.begin(), features.end()), features.end());
  std::copy(features.begin(), features.end(), touched.features);
  *touched.count = static_cast<std::int64_t>(features.size());
  for (std::size_t e = 0; e < columns.size(); ++e) {
    const auto place = std::lower_bound(features.begin(), features.end(), columns[e]);
    touched.slots[e] = static_cast<std::int32_t>(place - features.begin());
  }
}

void forward(const Device&, const SparseLinearForward& args) {
  const SparseRows& input = args.input;
  for (std::int64_t n = 0; n < input.rows; ++n) {
    for (std::int64_t o = 0; o < args.output.cols; ++o) {
      double z = args.bias != nullptr ? args.bias[o] : 0.0;
      for (std::int64_t e = begin_of(input, n); e < end_of(input, n); ++e)
        z += static_cast<double>(args.weight[o * input.cols + input.columns[e]]) * input.values[e];
      args.output.row(n)[o] = static_cast<float>(z);
    }
  }
}

/// Sums over the batch in double, one total per slice; between calls the totals wait as floats in partials.
class SliceTotals {
 public:
  SliceTotals(const BatchSlices& slices, const BatchSum& to, std::int64_t size)
      : slices_(slices), to_(to), size_(size), totals_(static_cast<std::size_t>(slices.slices * size)) {
    for (int s = 0; s < slices.slices; ++s) {
      if (slices.whole() || slices.begin(s) >= slices.first || slices.begin(s) == slices.begin(s + 1))
        continue;
      for (std::int64_t i = 0; i < size; ++i) total(s, i) = to.chain(s)[i];
    }
  }

  double& total(int slice, std::int64_t i) { return totals_[static_cast<std::size_t>(slice * size_ + i)]; }

  double sum(std::int64_t i) {
    double all = 0;
    for (int s = 0; s < slices_.slices; ++s) all += total(s, i);
    return all;
  }

  void keep() {
    if (slices_.whole()) return;
    for (int s = 0; s < slices_.slices; ++s) {
      if (slices_.call_begin(s) == slices_.call_end(s)) continue;
      for (std::int64_t i = 0; i < size_; ++i) to_.chain(s)[i] = static_cast<float>(total(s, i));
    }
  }

 private:
  const BatchSlices& slices_;
  const BatchSum& to_;
  std::int64_t size_;
  std::vector<double> totals_;
};

void weight_grad(const SparseParameterGrad& args) {
  const SparseRows& input = args.input;
  const std::int64_t outputs = args.grad_output.cols, count = *args.touched.count;
  SliceTotals totals(args.slices, args.grad_weight, count * outputs);
  for (int s = 0; s < args.slices.slices; ++s) {
    for (std::int64_t n = args.slices.call_begin(s); n < args.slices.call_end(s); ++n) {
      const std::int64_t row = args.touched.first_row + args.slices.first + n;
      const std::int32_t* slots = args.touched.slots + args.touched.row_begin[row];
      for (std::int64_t e = begin_of(input, n); e < end_of(input, n); ++e, ++slots) {
        for (std::int64_t o = 0; o < outputs; ++o)
          totals.total(s, *slots * outputs + o) +=
              static_cast<double>(args.grad_output.row(n)[o]) * input.values[e];
      }
    }
  }
  totals.keep();
  if (args.slices.finish() == SliceFinish::later) return;
  for (std::int64_t t = 0; t < count; ++t) {
    for (std::int64_t o = 0; o < outputs; ++o)
      args.grad_weight.sum[o * input.cols + args.touched.features[t]] =
          static_cast<float>(totals.sum(t * outputs + o));
  }
}

void bias_grad(const SparseParameterGrad& args) {
  const std::int64_t outputs = args.grad_output.cols;
  SliceTotals totals(args.slices, args.grad_bias, outputs);
  for (int s = 0; s < args.slices.slices; ++s) {
    for (std::int64_t n = args.slices.call_begin(s); n < args.slices.call_end(s); ++n)
      for (std::int64_t o = 0; o < outputs; ++o) totals.total(s, o) += args.grad_output.row(n)[o];
  }
  totals.keep();
  if (args.slices.finish() == SliceFinish::later) return;
  for (std::int64_t o = 0; o < outputs; ++o) args.grad_bias.sum[o] = static_cast<float>(totals.sum(o));
}

void parameter_grad(const Device&, const SparseParameterGrad& args) {
  weight_grad(args);
  if (args.grad_bias.sum != nullptr) bias_grad(args);
}

}  // namespace

extern const SparseLinearOps sparse_linear_reference;
const SparseLinearOps sparse_linear_reference{
    .index = &index, .forward = &forward, .parameter_grad = &parameter_grad};
}  // namespace thalweg
