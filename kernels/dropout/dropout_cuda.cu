#include "kernels/base/quads.cuh"
#include "kernels/dropout/dropout.hpp"
#include "kernels/dropout/dropout_math.hpp"

namespace thalweg {
namespace {

constexpr int kThreads = 256, kRowsPerThread = 1;

// dropout: drops units by Philox and scales the others; forward and backward alike, without a mask in memory.
// math         output[n, u] = word u % 4 of block u / 4 >= drop_below ? input[n, u] * keep_scale : +0
// shapes       input, output [N, U] f32, any stride, may be the same memory; ids [N] i64 or none; step [1]
// u64 bytes        reads 4NU + 8N, writes 4NU; flops NU, and 10 rounds of Philox per four units (memory
// bound) launch       256 threads: four neighbouring units each, which one Philox block decides; shape by
// quad_columns determinism  exact: a word depends on (step, sample, layer, unit) alone contract     16-byte
// accesses when arrays and strides allow it; N == 0 or U == 0 never reaches the launch
__global__ void __launch_bounds__(kThreads) dropout_kernel(const DropoutArgs args, const bool vectors) {
  const std::int64_t first = quad_column(), left = args.input.cols - first;
  if (left <= 0) return;
  const std::uint64_t step = *args.step;
  for_quad_rows(args.input.rows, [&](std::int64_t row) {
    const std::int64_t id = args.ids ? args.ids[row] : row;
    const float4 x = load_quad(args.input.row(row) + first, left, vectors);
    const PhiloxBlock words = dropout_words(args.key, step, id, args.layer, first / kUnitsPerBlock);
    const float4 y = make_float4(dropout_unit(x.x, words.word[0], args.drop_below, args.keep_scale),
                                 dropout_unit(x.y, words.word[1], args.drop_below, args.keep_scale),
                                 dropout_unit(x.z, words.word[2], args.drop_below, args.keep_scale),
                                 dropout_unit(x.w, words.word[3], args.drop_below, args.keep_scale));
    store_quad(args.output.row(row) + first, y, left, vectors);
  });
}

void apply(const Device& device, const DropoutArgs& args) {
  launch(device.stream, quad_columns(args.input.rows, args.input.cols, kThreads, kRowsPerThread), "dropout",
         &dropout_kernel, args, has_quads(args.input) && has_quads(args.output));  // mutant: aligned-output
}

}  // namespace

extern const DropoutOps dropout_cuda;
const DropoutOps dropout_cuda{.apply = &apply};
}  // namespace thalweg
