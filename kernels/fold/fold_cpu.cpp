// Subtrees of the slice tree added up on the cpu: one pass over the terms, whatever their number.
#include "kernels/base/simd.hpp"
#include "kernels/base/tasks_cpu.hpp"
#include "kernels/fold/fold_math.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

constexpr std::int64_t kTask = 8192;        ///< elements
constexpr std::int64_t kTouchedTask = 512;  ///< features
constexpr std::int64_t kElementCost = 2;    ///< in the elements of tasks_cpu.hpp
constexpr std::int64_t kTouchedCost = 16;
constexpr std::int64_t kTouchedAhead = 16;  ///< features between a prefetch and its use

void add_run(const FoldTerms& terms, std::int64_t begin, std::int64_t end) {
  std::int64_t i = begin;
  for (; i + kLanes <= end; i += kLanes)
    store(terms.sum + i, folded<Vec>(terms, [i](const float* term) { return load(term + i); }));
  for (; i < end; ++i) terms.sum[i] = folded<float>(terms, [i](const float* term) { return term[i]; });
}

void add(const Device& device, const FoldArgs& args) {
  const std::int64_t tasks = (args.size + kTask - 1) / kTask;
  for_tasks(device.pool, tasks, kElementCost * args.size, [&args](std::int64_t task) {
    const std::int64_t end = (task + 1) * kTask;
    add_run(args.terms, task * kTask, end < args.size ? end : args.size);
  });
}

THALWEG_HD void prefetch(const FoldTerms& terms, std::int64_t at) {
  __builtin_prefetch(terms.sum + at, 1);
  for (int k = 0; k < terms.count; ++k) __builtin_prefetch(terms.right[k] + at, 0);
}

/// Features [begin, end) of the list.
void add_features(const FoldTouched& args, std::int64_t begin, std::int64_t end) {
  const TouchedElements& t = args.touched;
  for (std::int64_t o = 0; o < t.outputs; ++o) {
    const std::int64_t row = t.offset + o * t.in_features;
    for (std::int64_t f = begin; f < end; ++f) {
      if (f + kTouchedAhead < end) prefetch(args.terms, row + t.features[f + kTouchedAhead]);
      const std::int64_t at = row + t.features[f];
      args.terms.sum[at] = folded<float>(args.terms, [at](const float* term) { return term[at]; });
    }
  }
}

void add_touched(const Device& device, const FoldTouched& args) {
  const std::int64_t count = *args.touched.count, tasks = (count + kTouchedTask - 1) / kTouchedTask;
  for_tasks(device.pool, tasks, kTouchedCost * count * args.touched.outputs, [&, count](std::int64_t task) {
    const std::int64_t end = (task + 1) * kTouchedTask;
    add_features(args, task * kTouchedTask, end < count ? end : count);
  });
}

}  // namespace

extern const FoldOps fold_cpu;
const FoldOps fold_cpu{.add = &add, .add_touched = &add_touched};
}  // namespace thalweg::THALWEG_ISA
