#pragma once
// Checkpoints: everything that a run needs to go on as if it had never stopped. docs/checkpoint.md describes
// the format byte by byte.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/named_tensor.hpp"

namespace thalweg {

constexpr int kCheckpointVersion = 2;

struct CheckpointData {
  std::vector<NamedTensor> parameters;          ///< in segment order: "layers.0.weight" [out, in], ...
  std::vector<NamedTensor> buffers;             ///< "layers.0.norm.running_mean", ...
  std::vector<NamedTensor> states;              ///< "layers.0.weight/first_moment", ...
  std::map<std::string, std::string> metadata;  ///< goes with the model: data schema, classes, scaling
  std::map<std::string, double> progress;       ///< kept bit for bit: plateau, best metric, ...
  std::int64_t step = 0;
  std::int64_t epoch = 0;
  std::uint64_t seed = 0;
  std::string config_toml;
  std::string data_fingerprint;
  /// What was changed in the course of the run, oldest first: "step 40: optimizer.lr 0.1 -> 0.01".
  std::vector<std::string> history;
};

/// Where a run keeps its checkpoints: the root of the functions below.
std::string checkpoint_root(const std::string& run);
/// Whether `path` is a checkpoint, valid or not, as opposed to a run.
bool is_checkpoint(const std::string& path);

/// "ROOT/step-000000123".
std::string checkpoint_folder(const std::string& root, std::int64_t step);

/// Writes the checkpoint as the folder `folder`, all at once: whenever the process or the machine dies, the
/// folder is there whole or not at all. A folder of that name is replaced; one with equal content stays.
/// Returns when it is on the disk. Throws IoError.
void write_checkpoint(const std::string& folder, const CheckpointData& data);

/// Reads and checks every byte. Throws CorruptCheckpoint naming the file and what is wrong with it.
CheckpointData read_checkpoint(const std::string& folder);

struct StoredCheckpoint {
  std::string folder;
  CheckpointData data;
};

/// The valid checkpoint with the highest step in `root`; a line for each damaged one that was passed over is
/// added to `reports`, and where they are many a line with their number.
std::optional<StoredCheckpoint> read_newest_checkpoint(const std::string& root,
                                                       std::vector<std::string>& reports);
/// Its folder alone.
std::optional<std::string> newest_valid_checkpoint(const std::string& root,
                                                   std::vector<std::string>& reports);

/// Knows which checkpoints are valid. It reads each one at most once, because a checkpoint may be gigabytes.
class KnownCheckpoints {
 public:
  bool valid(const std::string& folder);
  void set_valid(const std::string& folder) { valid_[folder] = true; }

 private:
  std::map<std::string, bool> valid_;
};

/// Removes what is older than the `keep` newest valid checkpoints, but for those of the steps `spared`. A
/// damaged one takes no place of a valid one.
void prune_checkpoints(const std::string& root, std::int64_t keep, const std::vector<std::int64_t>& spared,
                       KnownCheckpoints& known);

/// Removes every checkpoint in `root`.
void remove_checkpoints(const std::string& root);

/// Reads and checks `path` when it is a checkpoint, else every one of the run `path`. Gives the number of
/// valid ones and adds a line for each damaged one to `reports`.
std::int64_t verify_checkpoints(const std::string& path, std::vector<std::string>& reports);

}  // namespace thalweg
