#include "kernels/sparse_linear/sparse_linear.hpp"

namespace thalweg {
namespace {
void index(const Context&, const SparseIndexArgs&) { __builtin_trap(); }
void forward(const Context&, const SparseLinearForward&) { __builtin_trap(); }
void parameter_grad(const Context&, const SparseParameterGrad&) { __builtin_trap(); }
void model_step(const Context&, const SparseModelStep&) { __builtin_trap(); }
}  // namespace

extern const SparseLinearOps sparse_linear_cuda;
const SparseLinearOps sparse_linear_cuda{
    .index = &index, .forward = &forward, .parameter_grad = &parameter_grad, .model_step = &model_step};
}  // namespace thalweg
