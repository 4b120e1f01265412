#pragma once
// Float32 tensors as a safetensors file of their own.
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "host/checkpoint/safetensors.hpp"
#include "thalweg/named_tensor.hpp"

namespace thalweg {

struct FloatTensors {
  SafetensorsMetadata metadata;
  std::vector<NamedTensor> tensors;
  bool checked = false;  ///< the file had checksums, and they are right
};

std::string_view bytes_of(const std::vector<float>& values);

/// The tensors of the lists, one list after the other, where they lie.
std::vector<SafetensorsTensor> views_of(std::initializer_list<const std::vector<NamedTensor>*> lists);

/// Copies of the tensors of a parsed file. Throws CorruptCheckpoint naming `source` when one is not F32.
std::vector<NamedTensor> to_named_tensors(const SafetensorsFile& file, const std::string& source);

/// Checks the checksums that the file has. Throws NoInputError, or CorruptCheckpoint naming the file and what
/// is wrong with it.
FloatTensors read_float_tensors(const std::string& path);

/// With checksums, atomically; equal contents give equal bytes. Throws IoError.
void write_float_tensors(const std::string& path, const std::vector<NamedTensor>& tensors,
                         const SafetensorsMetadata& metadata);

}  // namespace thalweg
