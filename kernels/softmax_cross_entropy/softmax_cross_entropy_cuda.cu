#include "kernels/softmax_cross_entropy/softmax_cross_entropy.hpp"

namespace thalweg {
namespace {
void evaluate(const Context&, const SoftmaxCrossEntropyArgs&) { __builtin_trap(); }
void softmax(const Context&, const SoftmaxArgs&) { __builtin_trap(); }
}  // namespace

extern const SoftmaxCrossEntropyOps softmax_cross_entropy_cuda;
const SoftmaxCrossEntropyOps softmax_cross_entropy_cuda{.evaluate = &evaluate, .softmax = &softmax};
}  // namespace thalweg
