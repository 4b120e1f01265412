// Elementwise losses on the cpu: targets and weights of a block of rows are gathered, then the formula runs
// on vectors of rows.
#include "kernels/base/parallel.hpp"
#include "kernels/elementwise_loss/elementwise_loss_math.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

constexpr std::int64_t kBlock = 256;         // rows gathered at a time, so that the formula runs on vectors
constexpr std::int64_t kTaskOutputs = 8192;  // outputs per task: about ten microseconds

struct Samples {
  float target[kBlock];
  float weight[kBlock];
};

void gather(const LossTargets& targets, std::int64_t begin, std::int64_t count, Samples& samples) {
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t row = targets.ids ? targets.ids[begin + i] : begin + i;
    samples.target[i] = targets.target[row];
    samples.weight[i] = targets.weight ? targets.weight[row] : 1.0f;
  }
}

template <LossKind Kind>
void evaluate_single_output(const ElementwiseLossArgs& args, std::int64_t begin, std::int64_t count,
                            const Samples& samples) {
  const float scale = loss_scale(args.targets);
  float z[kBlock], loss[kBlock], gradient[kBlock];
  for (std::int64_t i = 0; i < count; ++i) z[i] = args.output.row(begin + i)[0];
  for (std::int64_t i = 0; i < count; ++i) {
    const float y = loss_target(Kind, samples.target[i], 0, 1);
    const LossAndSlope at = elementwise_loss<Kind>(z[i], y, args.loss.parameter);
    loss[i] = samples.weight[i] * at.loss;
    gradient[i] = (samples.weight[i] * scale) * at.slope;
  }
  for (std::int64_t i = 0; i < count; ++i) args.losses[begin + i] = loss[i];
  if (args.grad_output.data == nullptr) return;
  for (std::int64_t i = 0; i < count; ++i) args.grad_output.row(begin + i)[0] = gradient[i];
}

template <LossKind Kind>
void evaluate_row(const ElementwiseLossArgs& args, std::int64_t n, float target, float weight) {
  const std::int64_t outputs = args.output.cols;
  const float* z = args.output.row(n);
  float* gradient = args.grad_output.data ? args.grad_output.row(n) : nullptr;
  const float scale = loss_scale(args.targets);
  float sum = 0.0f;
  for (std::int64_t k = 0; k < outputs; ++k) {
    const float y = loss_target(Kind, target, k, outputs);
    const LossAndSlope at = elementwise_loss<Kind>(z[k], y, args.loss.parameter);
    sum = sum + at.loss;
    if (gradient) gradient[k] = (weight * scale) * at.slope;
  }
  args.losses[n] = weight * sum;
}

template <LossKind Kind>
void evaluate_block(const ElementwiseLossArgs& args, std::int64_t begin, std::int64_t count) {
  Samples samples;
  gather(args.targets, begin, count, samples);
  if (args.output.cols == 1) {
    evaluate_single_output<Kind>(args, begin, count, samples);
    return;
  }
  for (std::int64_t i = 0; i < count; ++i)
    evaluate_row<Kind>(args, begin + i, samples.target[i], samples.weight[i]);
}

void evaluate(const Device& device, const ElementwiseLossArgs& args) {
  const std::int64_t rows = args.output.rows;
  const std::int64_t wanted = kTaskOutputs / args.output.cols;
  const std::int64_t task_rows = wanted < 1 ? 1 : wanted;
  device.pool.run((rows + task_rows - 1) / task_rows, [&](std::int64_t task, int) {
    const std::int64_t end = (task + 1) * task_rows < rows ? (task + 1) * task_rows : rows;
    for (std::int64_t begin = task * task_rows; begin < end; begin += kBlock) {
      const std::int64_t count = end - begin < kBlock ? end - begin : kBlock;
      with_loss_kind(args.loss.kind,
                     [&](auto kind) { evaluate_block<decltype(kind)::value>(args, begin, count); });
    }
  });
}

}  // namespace

extern const ElementwiseLossOps elementwise_loss_cpu;
const ElementwiseLossOps elementwise_loss_cpu{.evaluate = &evaluate};
}  // namespace thalweg::THALWEG_ISA
