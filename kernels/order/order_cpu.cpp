#include "kernels/common/tasks_cpu.hpp"
#include "kernels/order/order.hpp"
#include "kernels/order/order_math.hpp"

namespace thalweg::THALWEG_ISA {
namespace {

constexpr std::int64_t kTaskRows = 1024;
constexpr std::int64_t kElementsPerRow = 64;  // a row's passes cost as much as so many elements elsewhere

void batch(const Context& ctx, const OrderArgs& args) {
  const BatchPlace place = *args.place;
  for_tasks(ctx.pool(), (args.count + kTaskRows - 1) / kTaskRows, args.count * kElementsPerRow,
            [&](std::int64_t task) {
              const std::int64_t begin = task * kTaskRows;
              const std::int64_t count = args.count - begin < kTaskRows ? args.count - begin : kTaskRows;
              std::int64_t* const ids = args.ids + begin;
              feistel_rows(place.network, place.first + begin, count, ids);
              if (args.rows == nullptr) return;
              for (std::int64_t i = 0; i < count; ++i) ids[i] = args.rows[ids[i]];
            });
}

}  // namespace

extern const OrderOps order_cpu;
const OrderOps order_cpu{.batch = &batch};
}  // namespace thalweg::THALWEG_ISA
