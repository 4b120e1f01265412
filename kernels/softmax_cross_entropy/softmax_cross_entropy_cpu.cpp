// Softmax on the cpu. Two routes with the same bits: rows of few classes in groups, others one by one.
#include "kernels/base/parallel.hpp"
#include "kernels/softmax_cross_entropy/softmax_groups_cpu.hpp"
#include "kernels/softmax_cross_entropy/softmax_rows_cpu.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

constexpr std::int64_t kTaskElements = 8192;  // logits per task: some ten microseconds

/// by_group(first, rows) for groups of rows when there are few classes, else by_row(n) for each.
template <class ByGroup, class ByRow>
void for_each_row(const Device& device, ConstMatrix logits, ByGroup by_group, ByRow by_row) {
  const bool few_classes = logits.cols <= kFewClasses;
  const std::int64_t unit = few_classes ? kGroup : 1;
  const std::int64_t task_rows = (kTaskElements / logits.cols / unit + 1) * unit;
  device.pool.run((logits.rows + task_rows - 1) / task_rows, [&](std::int64_t task, int) {
    const std::int64_t end = smaller((task + 1) * task_rows, logits.rows);
    if (few_classes) {
      for (std::int64_t n = task * task_rows; n < end; n += kGroup) by_group(n, smaller(end - n, kGroup));
    } else {
      for (std::int64_t n = task * task_rows; n < end; ++n) by_row(n);
    }
  });
}

void evaluate(const Device& device, const SoftmaxCrossEntropyArgs& args) {
  for_each_row(
      device, args.logits, [&](std::int64_t first, std::int64_t rows) { evaluate_group(args, first, rows); },
      [&](std::int64_t n) { evaluate_row(args, n); });
}

void softmax(const Device& device, const SoftmaxArgs& args) {
  for_each_row(
      device, args.logits, [&](std::int64_t first, std::int64_t rows) { softmax_group(args, first, rows); },
      [&](std::int64_t n) { softmax_row(args, n); });
}

}  // namespace

extern const SoftmaxCrossEntropyOps softmax_cross_entropy_cpu;
const SoftmaxCrossEntropyOps softmax_cross_entropy_cpu{.evaluate = &evaluate, .softmax = &softmax};
}  // namespace thalweg::THALWEG_ISA
