#pragma once
#include "kernels/update/update.hpp"

namespace thalweg {

void record_reference(const Device& device, const RecordArgs& args);

}  // namespace thalweg
