#pragma once
// A backend is one table per op and one for memory, none of them with an empty slot. The tables are declared
// here and no more, so that a change of one op compiles the callers of that op alone.
#include "kernels/base/memory_ops.hpp"
#include "kernels/base/required.hpp"

namespace thalweg {

struct Device;
struct LinearBurstOps;

/// The ops, the only list of them: OP(type of the table, name of the op).
#define THALWEG_OPS(OP)                             \
  OP(LinearOps, linear)                             \
  OP(SparseLinearOps, sparse_linear)                \
  OP(LinearStepOps, linear_step)                    \
  OP(ActivationOps, activation)                     \
  OP(DropoutOps, dropout)                           \
  OP(LayerNormOps, layer_norm)                      \
  OP(BatchNormOps, batch_norm)                      \
  OP(ElementwiseLossOps, elementwise_loss)          \
  OP(SoftmaxCrossEntropyOps, softmax_cross_entropy) \
  OP(UpdateOps, update)                             \
  OP(PerSampleOps, per_sample)                      \
  OP(MetricsOps, metrics)                           \
  OP(OrderOps, order)

#define THALWEG_DECLARE_OP(Ops, op) struct Ops;
THALWEG_OPS(THALWEG_DECLARE_OP)
#undef THALWEG_DECLARE_OP

/// A step recorded once and replayed: between begin and end the ops of the device's stream are noted, not
/// run.
struct GraphOps {
  Required<void(const Device&)> begin_capture;
  Required<void*(const Device&)> end_capture;  ///< an executable graph
  Required<void(const Device&, void* graph)> launch;
  Required<void(void* graph)> destroy;
};

struct Backend {
  const char* name;
  const MemoryOps& memory;
  const GraphOps* graphs;              ///< null: ops run as they are called
  const LinearBurstOps* linear_burst;  ///< null: steps run one by one
#define THALWEG_OP_TABLE(Ops, op) const Ops& op;
  THALWEG_OPS(THALWEG_OP_TABLE)
#undef THALWEG_OP_TABLE
};

}  // namespace thalweg
