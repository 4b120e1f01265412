#pragma once
// A backend is one table per op and one for memory, none of them with an empty slot.
#include <cstdint>

#include "kernels/activation/activation.hpp"
#include "kernels/batch_norm/batch_norm.hpp"
#include "kernels/dropout/dropout.hpp"
#include "kernels/elementwise_loss/elementwise_loss.hpp"
#include "kernels/layer_norm/layer_norm.hpp"
#include "kernels/linear/linear.hpp"
#include "kernels/metrics/metrics.hpp"
#include "kernels/order/order.hpp"
#include "kernels/per_sample/per_sample.hpp"
#include "kernels/softmax_cross_entropy/softmax_cross_entropy.hpp"
#include "kernels/sparse_linear/sparse_linear.hpp"
#include "kernels/update/update.hpp"

namespace thalweg {

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
