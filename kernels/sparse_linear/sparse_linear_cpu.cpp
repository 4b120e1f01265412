#include "kernels/sparse_linear/sparse_linear.hpp"

#include "kernels/base/parallel.hpp"
#include "kernels/elementwise_loss/elementwise_loss_math.hpp"
#include "kernels/sparse_linear/sparse_dot.hpp"
#include "kernels/sparse_linear/sparse_index_cpu.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

constexpr std::int64_t kRowsPerTask = 32;
/// Rows of model_step whose entries are still in L1 when their gradient is added.
constexpr std::int64_t kRowsPerBlock = 32;
/// Outputs of the many-outputs forward whose chains run side by side.
constexpr int kOutputsPerBlock = 8;
constexpr std::int64_t kSumsPerTask = 1024;  // a multiple of every kLanes

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

/// A sum over the batch while it is being formed: the chains of slice s at chains + s * stride.
struct SliceChains {
  float* chains = nullptr;
  std::int64_t stride = 0;
  std::int64_t size = 0;

  float* of(int slice) const { return chains + slice * stride; }

  /// The chains of a slice, at +0 unless an earlier call has begun them.
  float* begin(const BatchSlices& slices, int slice) const {
    float* chain = of(slice);
    if (!slices.continues(slice)) __builtin_memset(chain, 0, static_cast<std::size_t>(size) * sizeof(float));
    return chain;
  }
};

/// The chains of a whole batch, ready for the tree: those of slice s at of[s], null when the slice has no
/// rows and so contributes +0.
struct SliceParts {
  const float* of[kMaxSlices];
  int slices;
  bool all_there = true;

  SliceParts(const BatchSlices& batch, const SliceChains& chains) : slices(batch.slices) {
    for (int s = 0; s < slices; ++s) {
      of[s] = batch.begin(s) == batch.begin(s + 1) ? nullptr : chains.of(s);
      all_there = all_there && of[s] != nullptr;
    }
  }

  /// The tree for kLanes sums from `at` on, `count` of them real.
  Vec total(std::int64_t at, std::int64_t count) const {
    if (slices == 8 && all_there && count == kLanes) return total_of_eight(at);
    Vec partial[kMaxSlices];
    partial[0] = Vec{};
    for (int s = 0; s < slices; ++s)
      partial[s] = of[s] == nullptr  ? Vec{}
                   : count == kLanes ? load(of[s] + at)
                                     : load_first(of[s] + at, count);
    return slice_tree(partial, slices);
  }

 private:
  /// The same in registers.
  THALWEG_HD Vec total_of_eight(std::int64_t at) const {
    const Vec left = (load(of[0] + at) + load(of[1] + at)) + (load(of[2] + at) + load(of[3] + at));
    const Vec right = (load(of[4] + at) + load(of[5] + at)) + (load(of[6] + at) + load(of[7] + at));
    return left + right;
  }
};

/// Both sums of a gradient. Between calls that bring parts of the batch they live in the caller's partials,
/// otherwise in scratch memory.
struct GradientChains {
  SliceChains weight, bias;

  GradientChains(const Scratch::Frame& frame, const BatchSlices& slices, std::int64_t weights,
                 std::int64_t biases, const BatchSum& grad_weight, const BatchSum& grad_bias) {
    weight = {grad_weight.partials, grad_weight.partial_stride, weights};
    bias = {grad_bias.partials, grad_bias.partial_stride, biases};
    if (!slices.whole()) return;
    weight.stride = padded(weights);
    bias.stride = padded(biases);
    weight.chains = frame.take<float>(slices.slices * weight.stride);
    bias.chains = frame.take<float>(slices.slices * bias.stride);
  }

 private:
  /// Whole cache lines, so that slices do not share one.
  static std::int64_t padded(std::int64_t floats) { return (floats + 15) / 16 * 16; }
};

/// visit(i, position of sum i in the dense gradient) for the compact sums [begin, end).
template <class Visit>
THALWEG_HD void for_each_weight(std::int64_t begin, std::int64_t end, const std::int32_t* touched,
                                std::int64_t outputs, std::int64_t features, Visit visit) {
  if (outputs == 1) {
    for (std::int64_t i = begin; i < end; ++i) visit(i, static_cast<std::int64_t>(touched[i]));
    return;
  }
  std::int64_t slot = begin / outputs, o = begin % outputs;
  for (std::int64_t i = begin; i < end; ++i) {
    visit(i, o * features + touched[slot]);
    if (++o == outputs) {
      o = 0;
      ++slot;
    }
  }
}

/// Once the batch is complete: the tree over the slices for every touched weight, and for the biases.
void write_sums(const Device& device, const BatchSlices& slices, const GradientChains& chains,
                const TouchedFeatures& touched, std::int64_t outputs, std::int64_t features,
                float* grad_weight, float* grad_bias) {
  const std::int64_t size = chains.weight.size;
  const SliceParts parts(slices, chains.weight);
  device.pool.run(
      (size + kSumsPerTask - 1) / kSumsPerTask, [&, size, outputs, features](std::int64_t task, int) {
        const std::int64_t begin = task * kSumsPerTask;
        const std::int64_t end = begin + kSumsPerTask < size ? begin + kSumsPerTask : size;
        // The gradient's elements lie scattered: they are on their way while the tree runs.
        for_each_weight(begin, end, touched.features, outputs, features,
                        [&](std::int64_t, std::int64_t at) { __builtin_prefetch(grad_weight + at, 1); });
        float sums[kSumsPerTask];
        for (std::int64_t i = begin; i < end; i += kLanes)
          store(sums + (i - begin), parts.total(i, end - i < kLanes ? end - i : kLanes));
        for_each_weight(begin, end, touched.features, outputs, features,
                        [&](std::int64_t i, std::int64_t at) { grad_weight[at] = sums[i - begin]; });
      });
  if (grad_bias == nullptr) return;
  const SliceParts bias_parts(slices, chains.bias);
  for (std::int64_t o = 0; o < outputs; o += kLanes) {
    const std::int64_t count = outputs - o < kLanes ? outputs - o : kLanes;
    store_first(grad_bias + o, bias_parts.total(o, count), count);
  }
}

/// Adds one row to the chains of its features (one output).
THALWEG_HD void add_row(SparseEntries row, const std::int32_t* __restrict__ slots, float grad_output,
                        float* __restrict__ chain) {
  for (std::int64_t j = 0; j < row.count; ++j)
    chain[slots[j]] = fma(grad_output, row.values[j], chain[slots[j]]);
}

/// The same for several outputs, whose chains lie side by side.
void add_row(SparseEntries row, const std::int32_t* slots, const float* __restrict__ grad_output,
             std::int64_t outputs, float* __restrict__ chains) {
  for (std::int64_t j = 0; j < row.count; ++j) {
    float* __restrict__ chain = chains + slots[j] * outputs;
    const float value = row.values[j];
    for (std::int64_t o = 0; o < outputs; ++o) chain[o] = fma(grad_output[o], value, chain[o]);
  }
}

void parameter_grad(const Device& device, const SparseParameterGrad& args) {
  const std::int64_t outputs = args.grad_output.cols;
  const bool has_bias = args.grad_bias.sum != nullptr;
  const Scratch::Frame frame(device);
  const GradientChains chains(frame, args.slices, *args.touched.count * outputs, has_bias ? outputs : 0,
                              args.grad_weight, args.grad_bias);
  device.pool.run(args.slices.slices, [&, outputs, has_bias](std::int64_t task, int) {
    const int slice = static_cast<int>(task);
    const std::int64_t begin = args.slices.call_begin(slice), end = args.slices.call_end(slice);
    if (begin == end) return;
    float* weight = chains.weight.begin(args.slices, slice);
    float* bias = has_bias ? chains.bias.begin(args.slices, slice) : nullptr;
    for (std::int64_t n = begin; n < end; ++n) {
      const float* grad_output = args.grad_output.data + n * args.grad_output.stride;
      const std::int32_t* slots = args.touched.slots + args.touched.row_begin[args.slices.first + n];
      const SparseEntries row = sparse_entries(args.input, n);
      if (outputs == 1) {
        add_row(row, slots, grad_output[0], weight);
      } else {
        add_row(row, slots, grad_output, outputs, weight);
      }
      for (std::int64_t o = 0; has_bias && o < outputs; ++o) bias[o] = bias[o] + grad_output[o];
    }
  });
  if (args.slices.last())
    write_sums(device, args.slices, chains, args.touched, outputs, args.input.cols, args.grad_weight.sum,
               args.grad_bias.sum);
}

/// Losses and output gradients of the rows [begin, begin + count), whose outputs are z.
template <LossKind Kind>
void evaluate_rows(const SparseModelStep& args, std::int64_t begin, std::int64_t count, const float* z) {
  const LossTargets& targets = args.targets;
  const float scale = loss_scale(targets);
  for (std::int64_t n = begin; n < begin + count; ++n) {
    const std::int64_t id = targets.ids != nullptr ? targets.ids[n] : n;
    const float weight = targets.weight != nullptr ? targets.weight[id] : 1.0f;
    const float y = loss_target(Kind, targets.target[id], 0, 1);
    const LossAndSlope at = elementwise_loss<Kind>(z[n - begin], y, args.loss.parameter);
    args.losses[n] = weight * at.loss;
    args.grad_output[n] = (weight * scale) * at.slope;
  }
}

/// Asks for row n and its target.
THALWEG_HD void prefetch_sample(const SparseModelStep& args, std::int64_t n) {
  prefetch_entries(args.input, n);
  __builtin_prefetch(args.targets.target + (args.targets.ids != nullptr ? args.targets.ids[n] : n));
}

/// Forward, loss and gradient of the rows of one slice, a block of rows at a time.
template <LossKind Kind>
void step_slice(const SparseModelStep& args, const GradientChains& chains, int slice) {
  const std::int64_t begin = args.slices.call_begin(slice), end = args.slices.call_end(slice);
  if (begin == end) return;
  float* weight = chains.weight.begin(args.slices, slice);
  float* bias = chains.bias.size > 0 ? chains.bias.begin(args.slices, slice) : nullptr;
  float z[kRowsPerBlock];
  std::int64_t first = begin;  // of the block
  const auto finish_block = [&](std::int64_t block_end) {
    evaluate_rows<Kind>(args, first, block_end - first, z);
    for (; first < block_end; ++first) {
      add_row(sparse_entries(args.input, first),
              args.touched.slots + args.touched.row_begin[args.slices.first + first], args.grad_output[first],
              weight);
      if (bias != nullptr) bias[0] = bias[0] + args.grad_output[first];
    }
  };
  walk_rows(
      args.input, begin, end, [&args](std::int64_t n) { prefetch_sample(args, n); },
      [&](std::int64_t n, SparseEntries row) {
        const float sum = sparse_dot(args.weight, row);
        z[n - first] = args.bias != nullptr ? sum + args.bias[0] : sum;
        if (n + 1 - first == kRowsPerBlock || n + 1 == end) finish_block(n + 1);
      });
}

void model_step(const Device& device, const SparseModelStep& args) {
  const std::int64_t biases = args.grad_bias.sum != nullptr ? 1 : 0;
  const Scratch::Frame frame(device);
  const GradientChains chains(frame, args.slices, *args.touched.count, biases, args.grad_weight,
                              args.grad_bias);
  with_loss_kind(args.loss.kind, [&](auto kind) {
    device.pool.run(args.slices.slices, [&](std::int64_t task, int) {
      step_slice<decltype(kind)::value>(args, chains, static_cast<int>(task));
    });
  });
  if (args.slices.last())
    write_sums(device, args.slices, chains, args.touched, 1, args.input.cols, args.grad_weight.sum,
               args.grad_bias.sum);
}

}  // namespace

extern const SparseLinearOps sparse_linear_cpu;
const SparseLinearOps sparse_linear_cpu{.index = &sparse_index,
                                        .forward = &forward,
                                        .parameter_grad = &parameter_grad,
                                        .model_step = &model_step};
}  // namespace thalweg::THALWEG_ISA
