#pragma once
// A backend is one table per op and one for memory, none of them with an empty slot. The tables are declared
// here and no more, so that a change of one op compiles the callers of that op alone.
#include <cstdint>

#include "kernels/base/required.hpp"

namespace thalweg {

class Context;
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

/// Memory of the backend. allocate gives 256-byte aligned memory or throws InternalError naming the bytes
/// asked for; copies are ordered with the context's stream; download returns when the bytes are there.
struct MemoryOps {
  Required<void*(std::int64_t bytes)> allocate;
  Required<void(void*)> release;
  Required<void(const Context&, void* to, const void* from_host, std::int64_t bytes)> upload;
  Required<void(const Context&, void* to_host, const void* from, std::int64_t bytes)> download;
  Required<void(const Context&, void* to, const void* from, std::int64_t bytes)> copy;
  Required<void(const Context&, void* to, std::int64_t bytes)> zero;
  Required<void(const Context&)> synchronize;
  /// Host memory from which upload returns at once; it may be written again after the next synchronize or
  /// download.
  Required<void*(std::int64_t bytes)> allocate_staging;
  Required<void(void*)> release_staging;
};

/// A step recorded once and replayed: between begin and end the ops of the context's stream are noted, not
/// run.
struct GraphOps {
  Required<void(const Context&)> begin_capture;
  Required<void*(const Context&)> end_capture;  ///< an executable graph
  Required<void(const Context&, void* graph)> launch;
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
