#include "kernels/base/tasks_cpu.hpp"
#include "kernels/dropout/dropout.hpp"
#include "kernels/dropout/dropout_math.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

/// Philox blocks computed side by side: one per lane of the widest register.
constexpr int kBlocks = 16;
constexpr int kUnits = kBlocks * kUnitsPerBlock;

/// Units [first, first + count) of a row, count <= kUnits, first a multiple of kUnits.
THALWEG_HD void apply_units(const DropoutArgs& args, std::uint64_t step, std::int64_t id, std::int64_t first,
                            std::int64_t count, const float* input, float* output) {
  std::uint32_t words[kUnits];
  for (int b = 0; b < kBlocks; ++b) {
    const PhiloxBlock block = dropout_words(args.key, step, id, args.layer, first / kUnitsPerBlock + b);
    for (int w = 0; w < kUnitsPerBlock; ++w) words[kUnitsPerBlock * b + w] = block.word[w];
  }
  THALWEG_ELEMENTWISE
  for (std::int64_t u = 0; u < count; ++u) {
    output[first + u] = dropout_unit(input[first + u], words[u], args.drop_below, args.keep_scale);
  }
}

void apply(const Device& device, const DropoutArgs& args) {
  const std::int64_t cols = args.input.cols;
  const std::uint64_t step = *args.step;
  for_rows(device.pool, args.input.rows, cols, [&](std::int64_t row) {
    const std::int64_t id = args.ids ? args.ids[row] : row;
    const float* input = args.input.row(row);
    float* output = args.output.row(row);
    std::int64_t u = 0;
    for (; u + kUnits <= cols; u += kUnits) apply_units(args, step, id, u, kUnits, input, output);
    if (u < cols) apply_units(args, step, id, u, cols - u, input, output);
  });
}

}  // namespace

extern const DropoutOps dropout_cpu;
const DropoutOps dropout_cpu{.apply = &apply};
}  // namespace thalweg::THALWEG_ISA
