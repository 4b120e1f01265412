#pragma once
// In place of the header of this name in kernels/: Thrust's own C++ backend, as a kernel of one thread,
// because an algorithm whose blocks wait for each other cannot be executed here.
#define THRUST_DEVICE_SYSTEM THRUST_DEVICE_SYSTEM_CPP
// The toolkit's Thrust takes in the CUDA headers where they lie on the default path: it is told that there is
// no toolkit, as on other machines it finds none.
#define __CCCL_CUDA_TOOLKIT_H
#define _CCCL_HAS_CTK() 0
#define _CCCL_CTK_AT_LEAST(...) 0
#define _CCCL_CTK_BELOW(...) 0
#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_iterator.h>
#include <thrust/scan.h>
#include <thrust/sort.h>
#include <thrust/system/cpp/execution_policy.h>

#include "kernels/base/device.hpp"
#include "kernels/base/launch.cuh"

namespace thalweg::cuda {

template <class Algorithm>
__global__ void thrust_kernel(Algorithm algorithm) {
  algorithm(thrust::cpp::par);
}

template <class Algorithm>
void with_thrust(const Device& device, const char* op, const Algorithm& algorithm) {
  launch(device.stream, {1, 1}, op, thrust_kernel<Algorithm>, algorithm);
}

}  // namespace thalweg::cuda
