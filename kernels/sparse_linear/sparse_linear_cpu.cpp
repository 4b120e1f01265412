#include "kernels/sparse_linear/sparse_linear.hpp"

#include "kernels/base/parallel.hpp"
#include "kernels/sparse_linear/sparse_dot.hpp"
#include "kernels/sparse_linear/sparse_gradient_cpu.hpp"
#include "kernels/sparse_linear/sparse_index_cpu.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

constexpr std::int64_t kRowsPerTask = 32;
/// Outputs of the many-outputs forward whose chains run side by side.
constexpr int kOutputsPerBlock = 8;

/// `outputs` chains over the entries of a row, side by side.
template <int outputs>
void row_chains(const float* weight, std::int64_t stride, SparseEntries row, float* sums) {
  float chain[outputs] = {};
  for (std::int64_t j = 0; j < row.count; ++j) {
    const float* column = weight + row.columns[j];
    for (int o = 0; o < outputs; ++o) chain[o] = fma(column[o * stride], row.values[j], chain[o]);
  }
  for (int o = 0; o < outputs; ++o) sums[o] = chain[o];
}

void forward_row(const SparseLinearForward& args, std::int64_t n) {
  const SparseEntries row = sparse_entries(args.input, n);
  const std::int64_t outputs = args.output.cols, stride = args.input.cols;
  float* output = args.output.data + n * args.output.stride;
  if (outputs <= kFewOutputs) {
    for (std::int64_t o = 0; o < outputs; ++o) output[o] = sparse_dot(args.weight + o * stride, row);
  } else {
    std::int64_t o = 0;
    for (; o + kOutputsPerBlock <= outputs; o += kOutputsPerBlock)
      row_chains<kOutputsPerBlock>(args.weight + o * stride, stride, row, output + o);
    for (; o < outputs; ++o) row_chains<1>(args.weight + o * stride, stride, row, output + o);
  }
  if (args.bias == nullptr) return;
  for (std::int64_t o = 0; o < outputs; ++o) output[o] = output[o] + args.bias[o];
}

void forward(const Device& device, const SparseLinearForward& args) {
  const std::int64_t rows = args.input.rows;
  device.pool.run((rows + kRowsPerTask - 1) / kRowsPerTask, [&args, rows](std::int64_t task, int) {
    const std::int64_t begin = task * kRowsPerTask;
    const std::int64_t end = begin + kRowsPerTask < rows ? begin + kRowsPerTask : rows;
    for (std::int64_t n = begin; n < end; ++n) {
      if (n + kPrefetchRows < end) prefetch_entries(args.input, n + kPrefetchRows);
      forward_row(args, n);
    }
  });
}

/// The chains of one slice take in the rows that the call brings.
void add_slice(const SparseParameterGrad& args, const GradientChains& chains, int slice) {
  const std::int64_t begin = args.slices.call_begin(slice), end = args.slices.call_end(slice);
  if (begin == end) return;
  const std::int64_t outputs = args.grad_output.cols;
  const bool has_bias = chains.bias.sum != nullptr;
  float* weight = begin_chains(args.slices, chains.weight, slice, *args.touched.count * outputs);
  float* bias = has_bias ? begin_chains(args.slices, chains.bias, slice, outputs) : nullptr;
  for (std::int64_t n = begin; n < end; ++n) {
    const float* grad_output = args.grad_output.data + n * args.grad_output.stride;
    const std::int32_t* slots = slots_of(args.touched, args.slices, n);
    const SparseEntries row = sparse_entries(args.input, n);
    if (outputs == 1) {
      add_row(row, slots, grad_output[0], weight);
    } else {
      add_row(row, slots, grad_output, outputs, weight);
    }
    for (std::int64_t o = 0; has_bias && o < outputs; ++o) bias[o] = bias[o] + grad_output[o];
  }
}

void parameter_grad(const Device& device, const SparseParameterGrad& args) {
  const std::int64_t outputs = args.grad_output.cols;
  const Scratch::Frame frame(device);
  const GradientChains chains = gradient_chains(frame, args.slices, args.grad_weight,
                                                *args.touched.count * outputs, args.grad_bias, outputs);
  device.pool.run(args.slices.slices,
                  [&](std::int64_t slice, int) { add_slice(args, chains, static_cast<int>(slice)); });
  if (args.slices.finish() == SliceFinish::here)
    write_sums(device, args.slices, chains, args.touched, outputs, args.input.cols);
}

}  // namespace

extern const SparseLinearOps sparse_linear_cpu;
const SparseLinearOps sparse_linear_cpu{
    .index = &sparse_index, .forward = &forward, .parameter_grad = &parameter_grad};
}  // namespace thalweg::THALWEG_ISA
