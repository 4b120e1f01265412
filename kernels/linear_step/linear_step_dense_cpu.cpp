// One pass over dense rows. It computes the dot product, the loss and the gradient of a row while the row is
// in the cache. A task is a slice of the batch and owns its chains. If a call holds the whole batch, the tree
// over slices runs as they finish; else at the end, on a copy.
#include <cstdint>

#include "kernels/base/gradient_chains.hpp"
#include "kernels/base/parallel.hpp"
#include "kernels/base/slice_tree_cpu.hpp"
#include "kernels/gemm/dense_row_cpu.hpp"
#include "kernels/gemm/few_outputs_cpu.hpp"
#include "kernels/linear_step/linear_step_cpu.hpp"
#include "kernels/linear_step/row_losses_cpu.hpp"
#include "kernels/linear_step/thread_rows_cpu.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

/// Rows that share one pass over the gradient's chain, and whose losses are found together.
constexpr int kStepRows = 8;
/// Features of one task of the tree.
constexpr std::int64_t kTreeFeatures = 8192;

/// chain[j] takes in slope[r] * x[r][j] for the rows of a group in order.
template <int kRows>
THALWEG_HD void add_rows(float* chain, const float* const (&x)[kStepRows], const float (&slope)[kStepRows],
                         const LinesAhead (&ahead)[kStepRows], std::int64_t features) {
  Vec g[kRows];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) g[r] = broadcast(slope[r]);
  std::int64_t j = 0;
  constexpr std::int64_t kBlock = 32;  // a line of each row per 32 features is half of its bytes
  for (; j + kBlock <= features; j += kBlock) {
#pragma GCC unroll 8
    for (int v = 0; v < kBlock / kLanes; ++v) {
      Vec sum = load(chain + j + v * kLanes);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) sum = fma(g[r], load(x[r] + j + v * kLanes), sum);
      store(chain + j + v * kLanes, sum);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) ahead[r].ask(j / kBlock);
  }
  for (int r = 0; r < kRows; ++r)
    for (std::int64_t line = j / kBlock; line < ahead[r].count; ++line) ahead[r].ask(line);
  for (; j < features; ++j) {
    for (int r = 0; r < kRows; ++r) chain[j] = fma(slope[r], x[r][j], chain[j]);  // mutant: row-order
  }
}

/// Rows [n, n + kRows) of the batch.
template <int kRows>
void step_rows(const DenseLinearStep& a, std::int64_t n, const ThreadRows& range, float* rows,
               std::int64_t row_stride, float* chain, float* bias_chain) {
  const std::int64_t features = a.input.cols;
  const float* x[kStepRows];
  LinesAhead rest[kStepRows];
  float z[kStepRows];
  for (int r = 0; r < kRows; ++r) {
    x[r] = row_floats(a.input, n + r, rows + r * row_stride);
    __builtin_prefetch(range.address_of(n + r, range.ahead() + kTranslationRows), 0, 2);
    const LinesAhead ahead(range.address_of(n + r, range.ahead()), row_bytes(a.input));
    const float dot = chain_dot(x[r], a.weight, features, ahead.first_half());
    rest[r] = ahead.second_half();
    z[r] = a.bias != nullptr ? dot + a.bias[0] : dot;
  }
  finish_rows<kRows>(a.rows, n, z);
  float slope[kStepRows];
  for (int r = 0; r < kRows; ++r) slope[r] = a.rows.grad_output[n + r];
  if (bias_chain != nullptr)
    for (int r = 0; r < kRows; ++r) *bias_chain = *bias_chain + slope[r];  // mutant: bias-gradient
  add_rows<kRows>(chain, x, slope, rest, features);
}

/// A step with its memory: the chains of the slices and, for each thread, the converted rows of a group.
class DenseStep {
 public:
  DenseStep(const Device& device, const DenseLinearStep& args, const Scratch::Frame& frame)
      : a_(args),
        pool_(device.pool),
        claims_(args.slices, device.pool.threads()),
        tree_(args.slices.slices),
        chains_(gradient_chains(frame, args.slices, args.grad_weight, args.input.cols, args.grad_bias, 1)),
        row_floats_(ceil_div(args.input.cols, kLineFloats) * kLineFloats),
        rows_(frame.take<float>(device.pool.threads() * kStepRows * row_floats_)) {}

  /// The tree runs along with the slices: the chains of two neighbours are in a cache.
  void run_whole_batch() {
    pool_.run(a_.slices.slices, [this](std::int64_t, int thread) {
      const int slice = claims_.claim(thread);
      run_slice(slice, thread);
      tree_.finish(
          slice, [this](int left, int right) { add_slices(left, right); }, [this] { write_sums(); });
    });
  }

  void run_part() {
    pool_.run(a_.slices.slices, [this](std::int64_t, int thread) {
      const int slice = claims_.claim(thread);
      if (a_.slices.call_begin(slice) < a_.slices.call_end(slice)) run_slice(slice, thread);
    });
  }

  /// The tree over the chains in memory, which stay as they are.
  void finish() const {
    const std::uint64_t with_rows = a_.slices.with_rows();
    const SliceSums weight(a_.slices.slices, with_rows, chains_.weight);
    const std::int64_t features = a_.input.cols;
    pool_.run(ceil_div(features, kTreeFeatures), [&](std::int64_t task, int) {
      const std::int64_t begin = task * kTreeFeatures;
      weight.write(a_.grad_weight.sum, begin, smaller(features, begin + kTreeFeatures));
    });
    if (chains_.bias.sum != nullptr)
      SliceSums(a_.slices.slices, with_rows, chains_.bias).write(a_.grad_bias.sum, 0, 1);
  }

 private:
  /// All rows of this call that belong to one slice.
  void run_slice(int slice, int thread) const {
    float* const chain = chains_.weight.chain(slice);
    float* const bias_chain = chains_.bias.sum != nullptr ? chains_.bias.chain(slice) : nullptr;
    if (!a_.slices.continues(slice)) {  // mutant: slice-continues
      for (std::int64_t j = 0; j < a_.input.cols; ++j) chain[j] = 0.0f;
      if (bias_chain != nullptr) *bias_chain = 0.0f;
    }
    float* const rows = rows_ + thread * kStepRows * row_floats_;
    const ThreadRows range(a_, claims_, slice, thread, pool_.threads());
    std::int64_t n = range.begin();
    for (; n + kStepRows <= range.end(); n += kStepRows)
      step_rows<kStepRows>(a_, n, range, rows, row_floats_, chain, bias_chain);
    for (; n + kStepRows / 2 <= range.end(); n += kStepRows / 2)
      step_rows<kStepRows / 2>(a_, n, range, rows, row_floats_, chain, bias_chain);
    for (; n < range.end(); ++n) step_rows<1>(a_, n, range, rows, row_floats_, chain, bias_chain);
  }

  /// The left chains take in the right ones.
  void add_slices(int left, int right) const {
    add_chains(chains_.weight.chain(left), chains_.weight.chain(right), a_.input.cols);
    if (chains_.bias.sum != nullptr) add_chains(chains_.bias.chain(left), chains_.bias.chain(right), 1);
  }

  static void add_chains(float* left, const float* right, std::int64_t size) {
    for (std::int64_t j = 0; j < size; j += kLanes) {
      const std::int64_t count = smaller(kLanes, size - j);
      store_first(left + j, load_first(left + j, count) + load_first(right + j, count), count);
    }
  }

  void write_sums() const {
    const float* const weight = chains_.weight.chain(0);
    for (std::int64_t j = 0; j < a_.input.cols; ++j) a_.grad_weight.sum[j] = weight[j];
    if (chains_.bias.sum != nullptr) a_.grad_bias.sum[0] = *chains_.bias.chain(0);
  }

  static constexpr std::int64_t kLineFloats = kLineBytes / static_cast<std::int64_t>(sizeof(float));

  const DenseLinearStep& a_;
  ThreadPool& pool_;
  SliceClaims claims_;
  SliceTree tree_;
  GradientChains chains_;
  std::int64_t row_floats_;  ///< floats of a converted row: whole cache lines
  float* rows_;
};

}  // namespace

void dense_step(const Device& device, const DenseLinearStep& args) {
  const Scratch::Frame frame(device);
  DenseStep step(device, args, frame);
  if (args.slices.whole()) return step.run_whole_batch();
  step.run_part();
  if (args.slices.finish() == SliceFinish::here) step.finish();  // mutant: tree-after-batch
}

}  // namespace thalweg::THALWEG_ISA
