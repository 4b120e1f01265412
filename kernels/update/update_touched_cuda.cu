// update_touched: one optimizer step of the elements that a sparse batch touches, all rules.
// math         steps 1 to 7 of update_math.hpp for each of them
// shapes       touched features [T], T in device memory; arenas as in update_cuda.cu
// bytes        reads 4 (2 + states), writes 4 (1 + states) per touched element, a sector each where features
//              are far apart
// launch       256 threads = 256 features; grid y the outputs
// determinism  elements are independent
// contract     the features differ from each other; T <= capacity
#include "kernels/base/launch.cuh"
#include "kernels/update/update_elements.cuh"

namespace thalweg {
namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kMaxGridY = 65535;

template <class Functor, bool kAverage>
__global__ void __launch_bounds__(kThreads)
    update_touched_kernel(TouchedElements touched, UpdateStreams x, DeviceScalars scalars, int group) {
  const std::int64_t t = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (t >= *touched.count) return;
  const std::int64_t feature = touched.features[t];
  for (std::int64_t o = blockIdx.y; o < touched.outputs; o += gridDim.y)
    update_one<Functor, kAverage>(x, o * touched.in_features + feature, scalars, group);
}

using Kernel = void (*)(TouchedElements, UpdateStreams, DeviceScalars, int);

template <class... Functors>
Kernel kernel_of(Rule rule, bool average, RuleList<Functors...>) {
  static constexpr Kernel kKernels[][2] = {
      {&update_touched_kernel<Functors, false>, &update_touched_kernel<Functors, true>}...};
  return kKernels[static_cast<int>(rule)][average ? 1 : 0];
}

}  // namespace

namespace cuda {

void update_touched(const Device& device, const UpdateArgs& args) {
  const UpdateSegment& segment = args.segments[0];
  const std::int64_t rows = args.touched.outputs < kMaxGridY ? args.touched.outputs : kMaxGridY;
  launch(device.stream,
         {dim3(blocks_for(args.touched.capacity, kThreads), static_cast<unsigned>(rows)), kThreads},
         "update_touched", kernel_of(args.rule, args.average != nullptr, AllRules{}), args.touched,
         streams_at(args, args.touched.offset), device_scalars(args), segment.group);
}

}  // namespace cuda
}  // namespace thalweg
