#include "kernels/base/launch.cuh"
#include "kernels/base/slice_tree.cuh"
#include "kernels/gemm/row_source.cuh"
#include "kernels/linear/linear_cuda.cuh"

namespace thalweg {
namespace {

/// `size` sums of T each.
template <class T>
struct SliceSumArgs {
  SliceChains<T> from;
  std::int64_t size;
  T* sum;
};
template <class T>
struct SliceSumsArgs {
  SliceSumArgs<T> weight;
  SliceSumArgs<float> bias;  ///< size 0: none
  unsigned weight_blocks;
};

template <class T>
__device__ __forceinline__ void slice_sum(const SliceSumArgs<T>& a, std::int64_t i) {
  if (i < a.size) a.sum[i] = a.from.tree(i);
}

constexpr int kSliceSumThreads = 128;
// blocks per multiprocessor: 128 registers, which hold all levels of the tree
constexpr int kSliceSumBlocks = 4;

// slice_sums: a gradient from the chains of its slices.
// math         sum[i] = tree over s of chain[s][i]; a slice without rows is +0
// shapes       weight chains [slices][size], as float4 where alignment allows; bias chains [slices][size]
// bytes        reads 4 slices size, writes 4 size (memory bound; mostly from L2, where the chains just went)
// launch       128 threads, one element of T per thread; the last blocks do the bias
// determinism  exact: the fixed tree, no atomics
// contract     partials are left as they are
template <class T>
__global__ void __launch_bounds__(kSliceSumThreads, kSliceSumBlocks) slice_sums_kernel(SliceSumsArgs<T> p) {
  if (blockIdx.x < p.weight_blocks) {
    slice_sum(p.weight, std::int64_t{blockIdx.x} * kSliceSumThreads + threadIdx.x);
  } else {
    slice_sum(p.bias, std::int64_t{blockIdx.x - p.weight_blocks} * kSliceSumThreads + threadIdx.x);
  }
}

template <class T>
void launch_slice_sums(const Device& device, const BatchSlices& s, const GradientChains& chains,
                       std::int64_t weights, std::int64_t outputs) {
  constexpr std::int64_t kWidth = sizeof(T) / sizeof(float);
  SliceSumsArgs<T> args{{{s, chains.weight}, weights / kWidth, reinterpret_cast<T*>(chains.weight.sum)},
                        {{s, chains.bias}, chains.bias.sum != nullptr ? outputs : 0, chains.bias.sum},
                        0};
  args.weight_blocks = blocks_for(args.weight.size, kSliceSumThreads);
  const unsigned blocks = args.weight_blocks + blocks_for(args.bias.size, kSliceSumThreads);
  launch(device.stream, {blocks, kSliceSumThreads}, "linear_slice_sums", slice_sums_kernel<T>, args);
}

}  // namespace

namespace cuda {

void linear_slice_sums(const Device& device, const BatchSlices& s, const GradientChains& chains,
                       std::int64_t weights, std::int64_t outputs) {
  if (s.finish() == SliceFinish::later) return;
  const bool vector = weights % 4 == 0 && chains.weight.partial_stride % 4 == 0 &&
                      aligned_to(chains.weight.partials, 16) && aligned_to(chains.weight.sum, 16);
  if (vector) {
    launch_slice_sums<float4>(device, s, chains, weights, outputs);
  } else {
    launch_slice_sums<float>(device, s, chains, weights, outputs);
  }
}

}  // namespace cuda
}  // namespace thalweg
