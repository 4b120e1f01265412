// Reads a checkpoint and checks every byte of it.
#include "host/checkpoint/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <set>

#include "host/checkpoint/checkpoint_files.hpp"
#include "host/checkpoint/checksum.hpp"
#include "host/checkpoint/files.hpp"
#include "host/checkpoint/manifest.hpp"
#include "host/checkpoint/safetensors.hpp"
#include "host/checkpoint/tensor_checksums.hpp"
#include "host/checkpoint/tensor_file.hpp"
#include "host/json/json.hpp"
#include "thalweg/error.hpp"
#include "thalweg/model.hpp"

namespace thalweg {
namespace {

[[noreturn]] void corrupt(const std::string& folder, const std::string& file, const std::string& what) {
  throw CorruptCheckpoint(fmt::format("checkpoint {}: {}", join_path(folder, file), what));
}

std::string read_part(const std::string& folder, const std::string& name) {
  try {
    return read_file(join_path(folder, name));
  } catch (const NoInputError&) {
    corrupt(folder, name, "is missing");
  }
}

/// A manifest is small: a longer file is none, and is not read.
std::string read_manifest(const std::string& folder) {
  const auto size = file_size(join_path(folder, kManifestFile));
  if (size && *size > kMaxManifestBytes) {
    corrupt(folder, kManifestFile, fmt::format("has {} bytes, allowed are {}", *size, kMaxManifestBytes));
  }
  return read_part(folder, kManifestFile);
}

std::string read_checked(const std::string& folder, const ManifestFile& expected) {
  const auto size = file_size(join_path(folder, expected.name));
  if (size && *size != expected.bytes) {  // before anything is read
    corrupt(folder, expected.name, fmt::format("has {} bytes, wanted {}", *size, expected.bytes));
  }
  std::string bytes = read_part(folder, expected.name);
  if (bytes.size() != expected.bytes) {
    corrupt(folder, expected.name, fmt::format("has {} bytes, wanted {}", bytes.size(), expected.bytes));
  }
  const std::string found = checksum(bytes);
  if (found != expected.xxh3) {  // mutant: checksum-compared
    corrupt(folder, expected.name, fmt::format("has the checksum {}, wanted {}", found, expected.xxh3));
  }
  return bytes;
}

/// Takes `key` out of the metadata; what is left at the end belongs to the caller of the checkpoint.
std::string take(SafetensorsMetadata& metadata, const char* key, const std::string& folder,
                 const char* file) {
  auto node = metadata.extract(key);
  if (node.empty()) corrupt(folder, file, fmt::format("has no {}", key));
  return std::move(node.mapped());
}

template <class T>
T whole_number(const std::string& text, int base, const std::string& folder, const std::string& what) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) {
    corrupt(folder, kStateFile, fmt::format("{} is \"{}\"", what, text));
  }
  return value;
}

void read_model(const std::string& folder, const std::string& bytes, CheckpointData& data) {
  SafetensorsFile file = parse_safetensors(bytes, join_path(folder, kModelFile));
  take_checksums(file, join_path(folder, kModelFile));
  std::set<std::string> buffers;
  try {
    const std::string names = take(file.metadata, kBuffersKey, folder, kModelFile);
    const Json list = parse_json(names);
    for (const Json& name : list.array()) buffers.insert(name.get<std::string>());
  } catch (const JsonError& error) {
    corrupt(folder, kModelFile, error.what());
  }
  for (NamedTensor& tensor : to_named_tensors(file, join_path(folder, kModelFile))) {
    auto& list = buffers.contains(tensor.name) ? data.buffers : data.parameters;
    list.push_back(std::move(tensor));
  }
  data.metadata = std::move(file.metadata);
}

void read_state(const std::string& folder, const std::string& bytes, CheckpointData& data) {
  SafetensorsFile file = parse_safetensors(bytes, join_path(folder, kStateFile));
  const auto number = [&](const char* key) { return take(file.metadata, key, folder, kStateFile); };
  data.step = whole_number<std::int64_t>(number(kStepKey), 10, folder, kStepKey);
  data.epoch = whole_number<std::int64_t>(number(kEpochKey), 10, folder, kEpochKey);
  data.seed = whole_number<std::uint64_t>(number(kSeedKey), 10, folder, kSeedKey);  // mutant: seed-restored
  data.data_fingerprint = number(kFingerprintKey);
  for (const auto& [key, text] : file.metadata) {
    // mutant: metadata-known
    if (!key.starts_with(kProgressPrefix)) corrupt(folder, kStateFile, fmt::format("holds \"{}\"", key));
    const auto bits = whole_number<std::uint64_t>(text, 16, folder, key);
    data.progress[key.substr(kProgressPrefix.size())] = std::bit_cast<double>(bits);
  }
  data.states = to_named_tensors(file, join_path(folder, kStateFile));
}

/// The manifest may name these files and no others: no path in it can lead elsewhere.
void check_file_names(const std::string& folder, const Manifest& manifest) {
  const char* const wanted[] = {kModelFile, kStateFile, kConfigFile};
  const auto& files = manifest.files;
  const bool same = std::equal(files.begin(), files.end(), std::begin(wanted), std::end(wanted),
                               [](const ManifestFile& file, const char* name) { return file.name == name; });
  // mutant: file-names-compared
  if (!same) corrupt(folder, kManifestFile, "names other files than a checkpoint has");
}

}  // namespace

CheckpointData read_checkpoint(const std::string& folder) {
  const Manifest manifest =
      parse_manifest(read_manifest(folder), "checkpoint " + join_path(folder, kManifestFile));
  check_file_names(folder, manifest);
  CheckpointData data;
  try {
    read_model(folder, read_checked(folder, manifest.files[0]), data);
    read_state(folder, read_checked(folder, manifest.files[1]), data);
  } catch (const DataError& error) {
    throw CorruptCheckpoint(fmt::format("checkpoint {}", error.what()));
  }
  data.config_toml = read_checked(folder, manifest.files[2]);
  data.history = manifest.history;
  // mutant: state-compared
  if (data.step != manifest.step || data.data_fingerprint != manifest.data_fingerprint) {
    corrupt(folder, kManifestFile, "is of another step or other data than state.safetensors");
  }
  if (parameters_xxh3(data.parameters) != manifest.parameters_xxh3) {  // mutant: parameters-compared
    corrupt(folder, kModelFile, "holds other parameters than the manifest says");
  }
  return data;
}

bool is_valid_checkpoint(const std::string& folder) {
  try {
    read_checkpoint(folder);
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::string parameters_xxh3(const std::vector<NamedTensor>& parameters) {
  Checksum sum;
  for (const NamedTensor& parameter : parameters) sum.add(bytes_of(parameter.values));
  return sum.hex();
}

}  // namespace thalweg
