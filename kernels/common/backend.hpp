#pragma once
// A backend is one table per op and one for memory, none of them with an empty slot.
#include <cstdint>

#include "kernels/activation/activation.hpp"
#include "kernels/batch_norm/batch_norm.hpp"
#include "kernels/dropout/dropout.hpp"
#include "kernels/elementwise_loss/elementwise_loss.hpp"
#include "kernels/layer_norm/layer_norm.hpp"
#include "kernels/linear/linear.hpp"
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
};

struct Backend {
  const char* name;
  const MemoryOps& memory;
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
};

}  // namespace thalweg
