#include "host/checkpoint/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <set>

#include "host/checkpoint/checksum.hpp"
#include "host/checkpoint/files.hpp"
#include "host/checkpoint/manifest.hpp"
#include "host/checkpoint/safetensors.hpp"
#include "host/checkpoint/tensor_file.hpp"
#include "host/json/json.hpp"
#include "thalweg/error.hpp"
#include "thalweg/model.hpp"

namespace thalweg {
namespace {

constexpr const char* kModelFile = "model.safetensors";
constexpr const char* kStateFile = "state.safetensors";
constexpr const char* kConfigFile = "config.toml";
constexpr const char* kManifestFile = "manifest.json";
constexpr std::string_view kOurs = "thalweg.";
constexpr const char* kBuffersKey = "thalweg.buffers";
constexpr const char* kStepKey = "thalweg.step";
constexpr const char* kEpochKey = "thalweg.epoch";
constexpr const char* kSeedKey = "thalweg.seed";
constexpr const char* kFingerprintKey = "thalweg.data_fingerprint";
constexpr std::string_view kProgressPrefix = "thalweg.progress.";
constexpr std::string_view kStepPrefix = "step-";
/// Damaged checkpoints that are named one by one; the rest are counted.
constexpr std::int64_t kMostReports = 5;

// ---- writing ------------------------------------------------------------------------------------------

/// A file of the checkpoint, as pieces: small ones owned, tensors where they lie.
struct Part {
  std::string name;
  std::string head;
  std::vector<std::string_view> tensors;

  std::uint64_t bytes() const {
    std::uint64_t sum = head.size();
    for (const std::string_view piece : tensors) sum += piece.size();
    return sum;
  }
  std::string xxh3() const {
    Checksum sum;
    sum.add(head);  // mutant: header-in-checksum
    for (const std::string_view piece : tensors) sum.add(piece);
    return sum.hex();
  }
};

Part tensor_part(const char* name, const SafetensorsMetadata& metadata,
                 std::initializer_list<const std::vector<NamedTensor>*> lists) {
  Part part{name, "", {}};
  std::vector<SafetensorsTensor> tensors;
  for (const std::vector<NamedTensor>* list : lists) {
    for (const NamedTensor& tensor : *list) {
      tensors.push_back({tensor.name, "F32", tensor.shape, bytes_of(tensor.values)});
      part.tensors.push_back(tensors.back().data);
    }
  }
  part.head = safetensors_header(metadata, tensors);
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
  parts.push_back(tensor_part(kModelFile, model_metadata(data), {&data.parameters, &data.buffers}));
  parts.push_back(tensor_part(kStateFile, state_metadata(data), {&data.states}));
  parts.push_back({kConfigFile, data.config_toml, {}});  // mutant: config-saved
  Manifest manifest{data.step, data.data_fingerprint, parameters_xxh3(data.parameters), {}, data.history};
  for (const Part& part : parts) manifest.files.push_back({part.name, part.bytes(), part.xxh3()});
  parts.push_back({kManifestFile, manifest_text(manifest), {}});
  return parts;
}

void write_part(const std::string& folder, const Part& part) {
  OutputFile file(join_path(folder, part.name));
  file.write(part.head);
  for (const std::string_view piece : part.tensors) file.write(piece);  // mutant: tensors-written
  file.sync();                                                          // mutant: fsync-of-files
  file.close();
}

bool is_valid(const std::string& folder) {
  try {
    read_checkpoint(folder);
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// Whether `folder` already holds this checkpoint: then nothing has to be replaced.
bool holds(const std::string& folder, const std::string& manifest) {
  // mutant: same-manifest
  return is_valid(folder) && read_file(join_path(folder, kManifestFile)) == manifest;
}

/// Under a temporary name first, for good: a folder that is half removed must not look like a damaged
/// checkpoint, also not after a power failure. One that may not be emptied keeps its name: under the
/// temporary one it would stay for good, and stop the next run too.
void remove_folders(const std::string& root, const std::vector<std::string>& folders) {
  std::vector<std::string> leaving;
  for (const std::string& folder : folders) require_removable(folder);
  for (const std::string& folder : folders) {
    leaving.push_back(temporary_path(root, name_of(folder)));
    rename_path(folder, leaving.back());
  }
  if (!leaving.empty()) sync_folder(root);                    // mutant: fsync-before-removal
  for (const std::string& path : leaving) remove_path(path);  // mutant: pruned-removed
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
  if (spare == folder || !is_valid(folder)) {  // mutant: spare-if-valid
    rename_path(folder, temporary_path(root, name_of(folder) + "-replaced"));
    return;
  }
  if (path_exists(spare)) remove_folders(root, {spare});
  rename_path(folder, spare);  // mutant: spare-kept
}

/// Undoes a temporary folder when writing it failed; a failure to undo must not hide the first one.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) { create_folder(path_); }
  ~TemporaryFolder() {
    if (path_.empty()) return;
    try {
      remove_path(path_);
    } catch (const std::exception&) {  // the next writer removes it
    }
  }
  const std::string& path() const { return path_; }
  void kept() { path_.clear(); }

 private:
  std::string path_;
};

// ---- reading ------------------------------------------------------------------------------------------

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

// ---- folders ------------------------------------------------------------------------------------------

struct StepFolder {
  std::int64_t step;
  std::string path;
};

/// The checkpoint folders in `root`, newest first.
std::vector<StepFolder> step_folders(const std::string& root) {
  std::vector<StepFolder> found;
  for (const std::string& name : names_in(root)) {
    if (!name.starts_with(kStepPrefix)) continue;
    StepFolder folder{0, join_path(root, name)};
    const char* const last = name.data() + name.size();
    const auto [stop, wrong] = std::from_chars(name.data() + kStepPrefix.size(), last, folder.step);
    if (wrong == std::errc() && stop == last) found.push_back(folder);  // mutant: whole-name-read
  }
  std::sort(found.begin(), found.end(), [](const StepFolder& a, const StepFolder& b) {
    return a.step != b.step ? a.step > b.step : a.path > b.path;  // mutant: newest-by-step
  });
  return found;
}

}  // namespace

std::string checkpoint_root(const std::string& run) { return join_path(run, "checkpoints"); }

bool is_checkpoint(const std::string& path) { return path_exists(join_path(path, kManifestFile)); }

std::string checkpoint_folder(const std::string& root, std::int64_t step) {
  return join_path(root, fmt::format("{}{:09}", kStepPrefix, step));
}

void write_checkpoint(const std::string& folder, const CheckpointData& data) {
  const std::vector<Part> parts = checkpoint_parts(data);
  const std::string root = parent_of(folder);
  const std::string name = name_of(folder);
  create_folders(root);  // mutant: root-may-exist
  remove_temporaries(root);
  const bool replaces = path_exists(folder);
  if (replaces && holds(folder, parts.back().head)) {
    sync_folder(root);
    return;
  }

  TemporaryFolder temporary(temporary_path(root, name));
  for (const Part& part : parts) write_part(temporary.path(), part);
  sync_folder(temporary.path());   // mutant: fsync-of-folder
  if (replaces) make_way(folder);  // mutant: old-kept-until-new
  rename_path(temporary.path(), folder);
  temporary.kept();  // mutant: fsync-after-rename
  sync_folder(root);
  // mutant: spare-removed
  if (const std::string spare = spare_name(folder); path_exists(spare)) remove_folders(root, {spare});
  if (replaces) remove_temporaries(root);  // mutant: damaged-removed
}

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

std::optional<StoredCheckpoint> read_newest_checkpoint(const std::string& root,
                                                       std::vector<std::string>& reports) {
  std::optional<StoredCheckpoint> newest;
  std::int64_t damaged = 0;
  for (const StepFolder& folder : step_folders(root)) {
    try {
      newest = {folder.path, read_checkpoint(folder.path)};
      break;
    } catch (const Error& error) {
      if (++damaged <= kMostReports) reports.push_back(error.what());  // mutant: report-limit
    }
  }
  if (damaged > kMostReports)
    reports.push_back(fmt::format("{}: {} more damaged checkpoints", root, damaged - kMostReports));
  return newest;
}

std::optional<std::string> newest_valid_checkpoint(const std::string& root,
                                                   std::vector<std::string>& reports) {
  std::optional<StoredCheckpoint> newest = read_newest_checkpoint(root, reports);
  if (!newest) return std::nullopt;
  return std::move(newest->folder);
}

bool KnownCheckpoints::valid(const std::string& folder) {
  const auto known = valid_.find(folder);
  if (known != valid_.end()) return known->second;  // mutant: validity-remembered
  return valid_[folder] = is_valid(folder);
}

void prune_checkpoints(const std::string& root, std::int64_t keep, const std::vector<std::int64_t>& spared,
                       KnownCheckpoints& known) {
  std::vector<std::string> leaving;
  std::int64_t kept = 0;
  for (const StepFolder& folder : step_folders(root)) {
    if (kept < std::max<std::int64_t>(keep, 1)) {  // mutant: keep-limit
      kept += known.valid(folder.path) ? 1 : 0;    // mutant: only-valid-counted
      // mutant: spared-kept
    } else if (std::find(spared.begin(), spared.end(), folder.step) == spared.end()) {
      leaving.push_back(folder.path);
    }
  }
  remove_folders(root, leaving);
}

void remove_checkpoints(const std::string& root) {
  std::vector<std::string> leaving;
  for (const StepFolder& folder : step_folders(root)) leaving.push_back(folder.path);
  remove_folders(root, leaving);
}

std::int64_t verify_checkpoints(const std::string& path, std::vector<std::string>& reports) {
  std::vector<StepFolder> folders{{0, path}};
  if (!is_checkpoint(path)) folders = step_folders(checkpoint_root(path));
  std::int64_t valid = 0;
  for (const StepFolder& folder : folders) {
    try {
      read_checkpoint(folder.path);
      ++valid;
    } catch (const Error& error) {
      reports.push_back(error.what());
    }
  }
  return valid;
}

std::string parameters_xxh3(const std::vector<NamedTensor>& parameters) {
  Checksum sum;
  for (const NamedTensor& parameter : parameters) sum.add(bytes_of(parameter.values));
  return sum.hex();
}

}  // namespace thalweg
