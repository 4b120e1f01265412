#pragma once
// The rows of a batch, computed where they are used: a run of an epoch's order (docs/numerics.md, "Order of
// an epoch").
#include <cstdint>

#include "kernels/base/cost.hpp"
#include "kernels/base/device.hpp"
#include "kernels/base/feistel.hpp"
#include "kernels/base/isa.hpp"
#include "kernels/base/required.hpp"

namespace thalweg {

/// The position of a batch in its epoch; it changes from step to step.
struct BatchPlace {
  Feistel network;         ///< with fewer than 2 rows: the identity
  std::int64_t first = 0;  ///< position of the batch's first row
};

/// ids[i] = rows[p], p the place of the order at position place->first + i.
struct OrderArgs {
  const BatchPlace* place = nullptr;   ///< [1] in the backend's memory
  const std::int64_t* rows = nullptr;  ///< what the order permutes; null: the rows 0, 1, 2, ... themselves
  std::int64_t count = 0;
  std::int64_t* ids = nullptr;  ///< [count]
};

// order_contract.cpp: throws InternalError where a call breaks the contract of its op.
void require_contract(const OrderArgs& args);

struct OrderOps {
  Required<void(const Device&, const OrderArgs&)> batch;
};

/// A pass is sixteen multiplications; from 33 rows on a row takes fewer than two on average.
constexpr Cost order_cost(std::int64_t n) { return {.bytes_read = 8 * n, .bytes_written = 8 * n}; }

extern const OrderOps order_reference;
extern const OrderOps order_cuda;
THALWEG_CPU_TABLE(OrderOps, order_cpu)

}  // namespace thalweg
