#include "kernels/base/contract.hpp"
#include "kernels/order/order.hpp"

namespace thalweg {

void require_contract(const OrderArgs& a) {
  Contract op("order.batch");
  op.reads("place", a.place, 1);
  op.may_read("rows", a.rows, 1);
  op.writes("ids", a.ids, a.count);
}

}  // namespace thalweg
