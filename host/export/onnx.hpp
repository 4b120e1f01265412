#pragma once
// Which models an ONNX file can hold.
#include <cstdint>

#include "thalweg/model.hpp"

namespace thalweg::onnx {

/// Throws UsageError for a model of hashed features, and for one with so many parameters that its file would
/// have 2 GB.
void require_exportable(const ModelSpec& spec, std::int64_t parameters);

}  // namespace thalweg::onnx
