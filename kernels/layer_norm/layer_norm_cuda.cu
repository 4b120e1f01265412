#include "kernels/layer_norm/layer_norm.hpp"

namespace thalweg {
namespace {
void forward(const Context&, const LayerNormForward&) { __builtin_trap(); }
void backward(const Context&, const LayerNormBackward&) { __builtin_trap(); }
}  // namespace

extern const LayerNormOps layer_norm_cuda;
const LayerNormOps layer_norm_cuda{.forward = &forward, .backward = &backward};
}  // namespace thalweg
