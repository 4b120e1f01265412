#pragma once
#include "kernels/update/update.hpp"

namespace thalweg::cuda {

void record(const Device& device, const RecordArgs& args);
void gradient_norm(const Device& device, const GradientNormArgs& args);
void project(const Device& device, const ProjectArgs& args);

}  // namespace thalweg::cuda
