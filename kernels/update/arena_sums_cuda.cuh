#pragma once
#include "kernels/update/update.hpp"

namespace thalweg::cuda {

void record(const Context& ctx, const RecordArgs& args);
void gradient_norm(const Context& ctx, const GradientNormArgs& args);
void project(const Context& ctx, const ProjectArgs& args);

}  // namespace thalweg::cuda
