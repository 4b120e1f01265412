#pragma once
#include "kernels/update/update.hpp"

namespace thalweg::cuda {

void gradient_norm(const Device& device, const GradientNormArgs& args);
void record(const Device& device, const GradientNormArgs& norm, const RecordArgs& args);
void project(const Device& device, const ProjectArgs& args);

}  // namespace thalweg::cuda
