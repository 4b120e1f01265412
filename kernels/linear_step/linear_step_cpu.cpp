// The step's table on the cpu.
#include "kernels/linear_step/linear_step_cpu.hpp"

namespace thalweg::THALWEG_ISA {

extern const LinearStepOps linear_step_cpu;
const LinearStepOps linear_step_cpu{.dense = &dense_step, .sparse = &sparse_step};

}  // namespace thalweg::THALWEG_ISA
