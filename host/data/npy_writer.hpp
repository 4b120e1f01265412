#pragma once
// Arrays as .npy files (NumPy's format, version 1.0): little-endian, C order. Written all at once.
#include <cstdint>
#include <string>
#include <vector>

#include "thalweg/tensor.hpp"

namespace thalweg {

void write_npy(const std::string& path, ConstMatrix matrix);  ///< float32 [rows, cols]
void write_npy(const std::string& path, const std::vector<float>& values);
void write_npy(const std::string& path, const std::vector<double>& values);
void write_npy(const std::string& path, const std::vector<std::int64_t>& values);

}  // namespace thalweg
