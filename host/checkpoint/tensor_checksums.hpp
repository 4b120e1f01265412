#pragma once
// Checksums of the tensors of a file, in the metadata of the same file: they go wherever it goes.
#include <string>

#include "host/checkpoint/safetensors.hpp"

namespace thalweg {

/// Of the metadata: a JSON object from the name of each tensor to the XXH3 of its bytes, and from
/// "__metadata__" to that of the other metadata.
constexpr const char* kChecksumsKey = "thalweg.xxh3";

/// `metadata` with the checksums of `tensors` and of itself.
SafetensorsMetadata with_checksums(SafetensorsMetadata metadata,
                                   const std::vector<SafetensorsTensor>& tensors);

/// Compares the checksums with the tensors and takes them out of the metadata. False where the file has none,
/// as one of another program. Throws CorruptCheckpoint naming `source` and the tensor that differs.
bool take_checksums(SafetensorsFile& file, const std::string& source);

}  // namespace thalweg
