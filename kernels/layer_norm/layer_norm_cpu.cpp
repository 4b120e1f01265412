#include "kernels/layer_norm/layer_norm.hpp"

namespace thalweg::THALWEG_ISA {
namespace {
void forward(const Context&, const LayerNormForward&) { __builtin_trap(); }
void backward(const Context&, const LayerNormBackward&) { __builtin_trap(); }
}  // namespace

extern const LayerNormOps layer_norm_cpu;
const LayerNormOps layer_norm_cpu{.forward = &forward, .backward = &backward};
}  // namespace thalweg::THALWEG_ISA
