#include "kernels/base/tasks_cpu.hpp"
#include "kernels/metrics/metrics_math.hpp"
#include "kernels/metrics/pairs_cpu.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

constexpr std::int64_t kTaskRows = 8192;

void add(float term, ExactSum& sum) {
  if (const Count special = special_of(term); special != 0) {
    sum.special |= special;
    return;
  }
  const TermDigits digits = term_digits(term);
  for (int i = 0; i < kTermDigits; ++i)
    sum.digit[digits.place + i] += static_cast<Count>(std::int64_t{digits.digit[i]});
}

void merge(const ExactSum& from, ExactSum& to) {
  for (int i = 0; i < kSumDigits; ++i) to.digit[i] += from.digit[i];
  to.special |= from.special;
}

/// K sums over the rows: body(row, sums) adds what a row brings. Tasks add to sums of their own.
template <int K, class Body>
void add_rows(const Device& device, std::int64_t rows, ExactSum* const (&to)[K], const Body& body) {
  const std::int64_t tasks = (rows + kTaskRows - 1) / kTaskRows;
  const Scratch::Frame frame(device);
  auto* const parts = frame.take<ExactSum>(tasks * K);
  for_tasks(device.pool, tasks, rows, [&](std::int64_t task) {
    ExactSum sums[K] = {};
    const std::int64_t end = (task + 1) * kTaskRows < rows ? (task + 1) * kTaskRows : rows;
    for (std::int64_t n = task * kTaskRows; n < end; ++n) body(n, sums);
    for (int k = 0; k < K; ++k) parts[task * K + k] = sums[k];
  });
  for (std::int64_t part = 0; part < tasks * K; ++part) merge(parts[part], *to[part % K]);
}

void sum(const Device& device, const MetricSumArgs& args) {
  add_rows(device, args.count, {args.sum},
           [&](std::int64_t n, ExactSum(&sums)[1]) { add(args.values[n], sums[0]); });
}

void residuals(const Device& device, const ResidualArgs& args) {
  const LossTargets& targets = args.targets;
  add_rows(device, args.output.rows, {args.squared, args.absolute}, [&](std::int64_t n, ExactSum(&sums)[2]) {
    const std::int64_t row = data_row(targets, n);
    const float r = residual(args.output.row(n)[0], targets.target[row], args.rates);
    const float w = targets.weight != nullptr ? targets.weight[row] : 1.0f;
    add(w * (r * r), sums[0]);
    add(w * exact::abs(r), sums[1]);
  });
}

void confusion(const Device&, const ConfusionArgs& args) {
  for (std::int64_t n = 0; n < args.output.rows; ++n) {
    const std::int64_t row = data_row(args.targets, n);
    const std::int64_t target = target_class(args.targets.target[row], args.classes);
    if (target < 0) continue;
    const std::int64_t predicted = predicted_class(args.output.row(n), args.output.cols);
    args.confusion[target * args.classes + predicted] += sample_weight(args.targets, row, args.unit);
  }
}

}  // namespace

extern const MetricsOps metrics_cpu;
const MetricsOps metrics_cpu{
    .sum = &sum, .residuals = &residuals, .confusion = &confusion, .pairs = &count_pairs};
}  // namespace thalweg::THALWEG_ISA
