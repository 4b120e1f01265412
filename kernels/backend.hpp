#pragma once
// A backend is one table per op and one for memory, none of them with an empty slot. The tables are declared
// here and no more, so that a change of one op compiles the callers of that op alone.
#include "kernels/base/memory_ops.hpp"
#include "kernels/base/required.hpp"

namespace thalweg {

struct Device;
struct LinearOps;
struct SparseLinearOps;
struct ActivationOps;
struct DropoutOps;
struct LayerNormOps;
struct BatchNormOps;
struct ElementwiseLossOps;
struct SoftmaxCrossEntropyOps;
struct UpdateOps;
struct PerSampleOps;
struct MetricsOps;
struct OrderOps;

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
  const GraphOps* graphs;  ///< null: ops run as they are called
  const LinearOps& linear;
  const SparseLinearOps& sparse_linear;
  const ActivationOps& activation;
  const DropoutOps& dropout;
  const LayerNormOps& layer_norm;
  const BatchNormOps& batch_norm;
  const ElementwiseLossOps& elementwise_loss;
  const SoftmaxCrossEntropyOps& softmax_cross_entropy;
  const UpdateOps& update;
  const PerSampleOps& per_sample;
  const MetricsOps& metrics;
  const OrderOps& order;
};

}  // namespace thalweg
