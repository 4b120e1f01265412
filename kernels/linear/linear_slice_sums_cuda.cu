#include "kernels/base/launch.cuh"
#include "kernels/base/slice_sum.cuh"
#include "kernels/gemm/row_source.cuh"
#include "kernels/linear/linear_cuda.cuh"

namespace thalweg {
namespace {

std::uint64_t slices_with_rows(const BatchSlices& s) {
  std::uint64_t bits = 0;
  for (int i = 0; i < s.slices; ++i)
    if (s.begin(i) < s.begin(i + 1)) bits |= std::uint64_t{1} << i;
  return bits;
}

template <class T>
void launch_slice_sums(const Device& device, const BatchSlices& s, const GradientChains& chains,
                       std::int64_t weights, std::int64_t outputs) {
  constexpr std::int64_t kWidth = sizeof(T) / sizeof(float);
  SliceSumsArgs<T> args{
      {reinterpret_cast<const T*>(chains.weight.partials), chains.weight.partial_stride / kWidth,
       weights / kWidth, reinterpret_cast<T*>(chains.weight.sum)},
      {chains.bias.partials, chains.bias.partial_stride, chains.bias.sum != nullptr ? outputs : 0,
       chains.bias.sum},
      s.slices,
      slices_with_rows(s),
      0};
  args.weight_blocks = blocks_for(args.weight.size, kSliceSumThreads);
  const unsigned blocks = args.weight_blocks + blocks_for(args.bias.size, kSliceSumThreads);
  launch(device.stream, {blocks, kSliceSumThreads}, "linear_slice_sums", slice_sums_kernel<T>, args);
}

}  // namespace

namespace cuda {

void linear_slice_sums(const Device& device, const BatchSlices& s, const GradientChains& chains,
                       std::int64_t weights, std::int64_t outputs) {
  if (!s.last()) return;
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
