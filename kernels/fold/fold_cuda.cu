#include "kernels/base/quads.cuh"
#include "kernels/base/slice_tree.cuh"
#include "kernels/fold/fold_math.hpp"

namespace thalweg {
namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kMaxGridY = 65535;

// fold: subtrees of the slice tree added up, element by element.
// math         sum[i] = sum[i] + (right[0][i] + (... + right[count - 1][i]))
// shapes       count + 1 arrays [size] f32; count in [1, 10], most often 1
// bytes        reads 4 (count + 1), writes 4 per element (memory bound)
// launch       256 threads, four neighbours each
// determinism  exact: a fixed order, elements are independent
// contract     sum lies apart from the others; 16-byte accesses where all lie on 16 bytes
__global__ void __launch_bounds__(kThreads)
    fold_kernel(const __grid_constant__ FoldTerms terms, const std::int64_t size, const bool vectors) {
  const std::int64_t first = 4 * (std::int64_t{blockIdx.x} * kThreads + threadIdx.x), left = size - first;
  if (left <= 0) return;
  const float4 sum =
      folded<float4>(terms, [=](const float* term) { return load_quad(term + first, left, vectors); });
  store_quad(terms.sum + first, sum, left, vectors);
}

// fold_touched: the same for the elements that a sparse batch touches.
// math         as fold, for the elements offset + o * in_features + features[t]
// shapes       touched features [T], T in device memory; count + 1 arenas f32
// bytes        reads 4 (count + 2), writes 4 per element, a sector each where features are far apart
// launch       256 threads = 256 features; grid y the outputs
// determinism  exact: as fold
// contract     the features differ from each other; T <= capacity
__global__ void __launch_bounds__(kThreads)
    fold_touched_kernel(const __grid_constant__ FoldTerms terms, const TouchedElements touched) {
  const std::int64_t t = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (t >= *touched.count) return;
  const std::int64_t feature = touched.offset + touched.features[t];
  for (std::int64_t o = blockIdx.y; o < touched.outputs; o += gridDim.y) {
    const std::int64_t at = o * touched.in_features + feature;
    terms.sum[at] = folded<float>(terms, [=](const float* term) { return term[at]; });
  }
}

bool all_have_quads(const FoldTerms& terms) {
  bool all = has_quads(terms.sum);
  for (int k = 0; k < terms.count; ++k) all = all && has_quads(terms.right[k]);
  return all;
}

void add(const Device& device, const FoldArgs& args) {
  launch(device.stream, {blocks_for(args.size, 4 * kThreads), kThreads}, "fold", &fold_kernel, args.terms,
         args.size, all_have_quads(args.terms));
}

void add_touched(const Device& device, const FoldTouched& args) {
  const TouchedElements& touched = args.touched;
  const std::int64_t rows = touched.outputs < kMaxGridY ? touched.outputs : kMaxGridY;
  launch(device.stream, {dim3(blocks_for(touched.capacity, kThreads), static_cast<unsigned>(rows)), kThreads},
         "fold_touched", &fold_touched_kernel, args.terms, touched);
}

}  // namespace

extern const FoldOps fold_cuda;
const FoldOps fold_cuda{.add = &add, .add_touched = &add_touched};
}  // namespace thalweg
