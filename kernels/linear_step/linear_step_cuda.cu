// The step's table on CUDA.
#include "kernels/linear_step/linear_step_cuda.cuh"

namespace thalweg {

extern const LinearStepOps linear_step_cuda;
const LinearStepOps linear_step_cuda{.dense = &cuda::dense_step, .sparse = &cuda::sparse_step};

}  // namespace thalweg
