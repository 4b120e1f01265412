#include "kernels/order/order.hpp"

namespace thalweg {
namespace {

/// The network is part of the definition, so it is the same here; it is walked one position at a time.
void batch(const Device&, const OrderArgs& args) {
  for (std::int64_t i = 0; i < args.count; ++i) {
    const std::int64_t place = feistel_row(args.place->network, args.place->first + i);
    args.ids[i] = args.rows != nullptr ? args.rows[place] : place;
  }
}

}  // namespace

extern const OrderOps order_reference;
const OrderOps order_reference{.batch = &batch};
}  // namespace thalweg
