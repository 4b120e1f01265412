#pragma once
// Arrays as .npy files (NumPy's format, version 1.0): little-endian, C order. They appear all at once.
#include <cstdint>
#include <string>
#include <vector>

#include "host/checkpoint/files.hpp"
#include "thalweg/tensor.hpp"

namespace thalweg {

/// A float32 matrix [rows, cols], a few rows at a time; commit() puts the file in its place.
class NpyMatrixWriter {
 public:
  NpyMatrixWriter(const std::string& path, std::int64_t rows, std::int64_t cols);
  void append(ConstMatrix rows);
  void commit() { file_.commit(); }

 private:
  AtomicFile file_;
};

void write_npy(const std::string& path, ConstMatrix matrix);  ///< float32 [rows, cols]
void write_npy(const std::string& path, const std::vector<double>& matrix,
               std::int64_t cols);  ///< float64 [size / cols, cols]
void write_npy(const std::string& path, const std::vector<float>& values);
void write_npy(const std::string& path, const std::vector<double>& values);
void write_npy(const std::string& path, const std::vector<std::int64_t>& values);

}  // namespace thalweg
