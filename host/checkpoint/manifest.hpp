#pragma once
// manifest.json: what a checkpoint folder consists of.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

/// Far more than a manifest needs; checked before one is read.
constexpr std::uint64_t kMaxManifestBytes = 1 << 20;

struct ManifestFile {
  std::string name;
  std::uint64_t bytes = 0;
  std::string xxh3;
};

struct Manifest {
  std::int64_t step = 0;
  std::string data_fingerprint;
  std::string parameters_xxh3;
  std::vector<ManifestFile> files;
  std::vector<std::string> history = {};  ///< CheckpointData::history
};

/// The text; it ends with a checksum of itself, so that no bit of it can change unnoticed.
std::string manifest_text(const Manifest& manifest);

/// Accepts only what manifest_text writes, byte for byte. Throws CorruptCheckpoint.
Manifest parse_manifest(std::string_view text, const std::string& source);

}  // namespace thalweg
