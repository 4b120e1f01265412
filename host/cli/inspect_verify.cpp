// inspect --verify of what a run leaves.
#include "host/cli/inspect_verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <ostream>

#include "host/checkpoint/checkpoint.hpp"
#include "host/checkpoint/checkpoint_files.hpp"
#include "host/checkpoint/files.hpp"
#include "host/checkpoint/tensor_file.hpp"
#include "host/report/run_files.hpp"
#include "thalweg/error.hpp"

namespace thalweg::cli {
namespace {

struct Verified {
  std::int64_t valid = 0;
  std::vector<std::string> damaged;  ///< a line each
  std::vector<std::string> notes;
};

void verify_model(const std::string& file, Verified& verified) {
  try {
    if (read_float_tensors(file).checked) {
      ++verified.valid;
    } else {
      verified.notes.push_back(file + ": has no checksums; another program or an older version wrote it");
    }
  } catch (const CorruptCheckpoint& error) {
    verified.damaged.push_back(error.what());
  }
}

/// A checkpoint's manifest checks its model, too.
void verify_folder(const std::string& folder, Verified& verified) {
  const std::string model = join_path(folder, kModelFile);
  if (!is_checkpoint(folder) && path_exists(model)) verify_model(model, verified);
  verified.valid += verify_checkpoints(folder, verified.damaged);
}

/// A run without a config is one that Learner::save keeps.
bool is_one(const std::string& folder) {
  const std::string parts[] = {kConfigFile, kModelFile, kManifestFile, name_of(checkpoint_root(folder))};
  return std::any_of(std::begin(parts), std::end(parts),
                     [&](const std::string& part) { return path_exists(join_path(folder, part)); });
}

std::vector<std::string> folders_at(const std::string& path) {
  if (is_one(path)) return {path};
  try {
    return report::runs_at(path);
  } catch (const NoInputError&) {
    throw NoInputError(path + ": holds no run, no checkpoint and no manifest.json of a set of shards");
  }
}

}  // namespace

int verify_models(const std::string& path, Streams streams) {
  Verified verified;
  if (!is_folder(path)) {
    verify_model(path, verified);
  } else {
    for (const std::string& folder : folders_at(path)) verify_folder(folder, verified);
  }
  for (const std::string& line : verified.notes) streams.err << line << "\n";
  for (const std::string& line : verified.damaged) streams.err << line << "\n";
  streams.out << fmt::format("{} valid, {} damaged\n", verified.valid, verified.damaged.size());
  // mutant: exit-code-of-damage
  return static_cast<int>(verified.damaged.empty() ? ExitCode::done : ExitCode::bad_data);
}

}  // namespace thalweg::cli
