// Writes a checkpoint: whole, or not at all.
#include <fmt/format.h>

#include <bit>

#include "host/checkpoint/atomic_folder.hpp"
#include "host/checkpoint/checkpoint.hpp"
#include "host/checkpoint/checkpoint_files.hpp"
#include "host/checkpoint/checksum.hpp"
#include "host/checkpoint/files.hpp"
#include "host/checkpoint/leftover_folder.hpp"
#include "host/checkpoint/manifest.hpp"
#include "host/checkpoint/safetensors.hpp"
#include "host/checkpoint/tensor_checksums.hpp"
#include "host/checkpoint/tensor_file.hpp"
#include "host/json/json.hpp"
#include "thalweg/error.hpp"
#include "thalweg/model.hpp"

namespace thalweg {
namespace {

/// A file of the checkpoint, as pieces: small ones owned, tensors where they lie.
struct Part {
  std::string name;
  std::string head;
  std::vector<std::string_view> tensors;

  std::vector<std::string_view> pieces() const {
    std::vector<std::string_view> all{head};  // mutant: header-written
    all.insert(all.end(), tensors.begin(), tensors.end());
    return all;
  }
  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const std::string_view piece : pieces()) sum += piece.size();
    return sum;
  }
  std::string xxh3() const {
    Checksum sum;
    for (const std::string_view piece : pieces()) sum.add(piece);
    return sum.hex();
  }
};

Part tensor_part(const char* name, const SafetensorsMetadata& metadata,
                 const std::vector<SafetensorsTensor>& tensors) {
  Part part{name, safetensors_header(metadata, tensors), {}};
  for (const SafetensorsTensor& tensor : tensors) part.tensors.push_back(tensor.data);
  return part;
}

SafetensorsMetadata model_metadata(const CheckpointData& data) {
  SafetensorsMetadata metadata = data.metadata;
  for (const auto& [key, value] : metadata) {
    if (key.starts_with(kOurs)) throw InternalError(fmt::format("metadata \"{}\": the prefix is ours", key));
  }
  Json::Array buffers;
  for (const NamedTensor& buffer : data.buffers) buffers.push_back(buffer.name);
  metadata[kBuffersKey] = Json(std::move(buffers)).dump();  // mutant: buffers-apart
  return metadata;
}

SafetensorsMetadata state_metadata(const CheckpointData& data) {
  SafetensorsMetadata metadata = {{kStepKey, std::to_string(data.step)},
                                  {kEpochKey, std::to_string(data.epoch)},
                                  {kSeedKey, std::to_string(data.seed)},
                                  {kFingerprintKey, data.data_fingerprint}};
  for (const auto& [name, value] : data.progress) {
    metadata[std::string(kProgressPrefix) + name] =
        fmt::format("{:016x}", std::bit_cast<std::uint64_t>(value));  // mutant: progress-exact
  }
  return metadata;
}

std::vector<Part> checkpoint_parts(const CheckpointData& data) {
  std::vector<Part> parts;
  const std::vector<SafetensorsTensor> model = views_of({&data.parameters, &data.buffers});
  // The model has checksums of its own: whoever loads it alone reads no manifest.
  parts.push_back(tensor_part(kModelFile, with_checksums(model_metadata(data), model), model));
  parts.push_back(tensor_part(kStateFile, state_metadata(data), views_of({&data.states})));
  parts.push_back({kConfigFile, data.config_toml, {}});  // mutant: config-saved
  Manifest manifest{data.step, data.data_fingerprint, parameters_xxh3(data.parameters), {}, data.history};
  for (const Part& part : parts) manifest.files.push_back({part.name, part.bytes(), part.xxh3()});
  parts.push_back({kManifestFile, manifest_text(manifest), {}});
  return parts;
}

/// Whether `folder` already holds this checkpoint: then nothing has to be replaced.
bool holds(const std::string& folder, const std::string& manifest) {
  // mutant: same-manifest
  return is_valid_checkpoint(folder) && read_file(join_path(folder, kManifestFile)) == manifest;
}

/// The name of a valid checkpoint while another one takes its place: the same step with one more zero.
std::string spare_name(const std::string& folder) {
  std::string name = name_of(folder);
  if (name.starts_with(kStepPrefix)) name.insert(kStepPrefix.size(), "0");
  return join_path(parent_of(folder), name);
}

/// Frees the name `folder`. Whatever happens, a valid checkpoint that had it can still be read.
void make_way(const std::string& folder) {
  const std::string root = parent_of(folder), spare = spare_name(folder);
  require_removable(folder);
  if (spare == folder || !is_valid_checkpoint(folder)) {  // mutant: spare-if-valid
    rename_path(folder, temporary_path(root, name_of(folder) + "-replaced"));
    return;
  }
  if (path_exists(spare)) remove_folders(root, {spare});
  rename_path(folder, spare);  // mutant: spare-kept
}

}  // namespace

void write_checkpoint(const std::string& folder, const CheckpointData& data) {
  const std::vector<Part> parts = checkpoint_parts(data);
  const std::string root = parent_of(folder);
  create_folders(root);  // mutant: root-may-exist
  // Somebody else may save here, too: the unfinished folder of a live writer must stay.
  FolderHold hold(root);
  hold.wait();  // mutant: one-writer-at-a-time
  remove_temporaries(root);
  const bool replaces = path_exists(folder);
  if (replaces && holds(folder, parts.back().head)) {
    sync_folder(root);
    return;
  }

  AtomicFolder written(folder);
  for (const Part& part : parts) written.write(part.name, part.pieces());
  written.commit([&] {
    if (replaces) make_way(folder);  // mutant: old-kept-until-new
  });
  // mutant: spare-removed
  if (const std::string spare = spare_name(folder); path_exists(spare)) remove_folders(root, {spare});
  if (replaces) remove_temporaries(root);  // mutant: damaged-removed
}

}  // namespace thalweg
