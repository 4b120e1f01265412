#include "kernels/batch_norm/batch_norm.hpp"

namespace thalweg {
namespace {
void forward(const Context&, const BatchNormForward&) { __builtin_trap(); }
void inference(const Context&, const BatchNormInference&) { __builtin_trap(); }
void backward(const Context&, const BatchNormBackward&) { __builtin_trap(); }
}  // namespace

extern const BatchNormOps batch_norm_cuda;
const BatchNormOps batch_norm_cuda{.forward = &forward, .inference = &inference, .backward = &backward};
}  // namespace thalweg
