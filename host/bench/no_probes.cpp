// In builds without CUDA, in place of probes_cuda.cu.
#include "host/bench/probes.hpp"

namespace thalweg::bench {

const ProbeOps* gpu_probes() { return nullptr; }

}  // namespace thalweg::bench
