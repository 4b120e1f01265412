#include "kernels/base/launch.cuh"
#include "kernels/order/order.hpp"

namespace thalweg {
namespace {

constexpr int kThreads = 128;

// order: the rows of a batch, from its place in the epoch's order.
// math         ids[i] = rows[feistel_row(network, first + i)], kernels/base/feistel.hpp
// shapes       place [1]; rows i64 or none; ids [N] i64
// bytes        reads 8N (a 32-byte sector each) where a list is permuted, writes 8N; sixteen products a pass
// launch       128 threads, a row each: a batch is short, and the few more passes that some positions take
//              keep their warp waiting, nobody else
// determinism  integers only
// contract     N == 0 never reaches the launch
__global__ void __launch_bounds__(kThreads) batch_kernel(const OrderArgs args) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i >= args.count) return;
  const std::int64_t place = feistel_row(args.place->network, args.place->first + i);
  args.ids[i] = args.rows != nullptr ? args.rows[place] : place;
}

void batch(const Device& device, const OrderArgs& args) {
  launch(device.stream, {blocks_for(args.count, kThreads), kThreads}, "order", &batch_kernel, args);
}

}  // namespace

extern const OrderOps order_cuda;
const OrderOps order_cuda{.batch = &batch};
}  // namespace thalweg
