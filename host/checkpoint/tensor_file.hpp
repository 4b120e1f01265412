#pragma once
// Float32 tensors as a safetensors file of their own.
#include <string>
#include <string_view>
#include <vector>

#include "host/checkpoint/safetensors.hpp"
#include "thalweg/named_tensor.hpp"

namespace thalweg {

struct FloatTensors {
  SafetensorsMetadata metadata;
  std::vector<NamedTensor> tensors;
};

std::string_view bytes_of(const std::vector<float>& values);

/// Copies of the tensors of a parsed file. Throws CorruptCheckpoint naming `source` when one is not F32.
std::vector<NamedTensor> to_named_tensors(const SafetensorsFile& file, const std::string& source);

/// Throws NoInputError, or CorruptCheckpoint naming the file and what is wrong with it.
FloatTensors read_float_tensors(const std::string& path);

/// Atomically; equal contents give equal bytes. Throws IoError.
void write_float_tensors(const std::string& path, const std::vector<NamedTensor>& tensors,
                         const SafetensorsMetadata& metadata);

}  // namespace thalweg
