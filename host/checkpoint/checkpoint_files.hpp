#pragma once
// What a checkpoint consists of, and what its writer and the keeper of its folders share.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

constexpr const char* kModelFile = "model.safetensors";
constexpr const char* kStateFile = "state.safetensors";
constexpr const char* kConfigFile = "config.toml";
constexpr const char* kManifestFile = "manifest.json";
constexpr const char* kLogFile = "metrics.jsonl";  ///< of a run, beside its checkpoints
constexpr const char* kDiverged = "diverged";      ///< in its last line: why, where the run diverged
constexpr std::string_view kOurs = "thalweg.";
constexpr const char* kBuffersKey = "thalweg.buffers";
constexpr const char* kStepKey = "thalweg.step";
constexpr const char* kEpochKey = "thalweg.epoch";
constexpr const char* kSeedKey = "thalweg.seed";
constexpr const char* kFingerprintKey = "thalweg.data_fingerprint";
constexpr std::string_view kProgressPrefix = "thalweg.progress.";
constexpr std::string_view kStepPrefix = "step-";

/// Whether read_checkpoint reads it.
bool is_valid_checkpoint(const std::string& folder);

/// The step of the newest checkpoint in `root`, by the names of the folders alone; 0: there is none.
std::int64_t newest_step(const std::string& root);

/// Removes folders in `root`, for good when it returns. Throws IoError where one may not be emptied.
void remove_folders(const std::string& root, const std::vector<std::string>& folders);

}  // namespace thalweg
