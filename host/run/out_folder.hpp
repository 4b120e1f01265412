#pragma once
// The folder `out` of a run: who holds it, and which model in it answers for it.
#include <functional>
#include <optional>
#include <string>

#include "host/checkpoint/checkpoint.hpp"
#include "host/checkpoint/files.hpp"
#include "host/checkpoint/run_lock.hpp"
#include "thalweg/model.hpp"

namespace thalweg {

/// Writes nothing where no folder is given.
class OutFolder {
 public:
  using Note = std::function<void(const std::string&)>;

  OutFolder(std::string path, Note note) : path_(std::move(path)), note_(std::move(note)) {}

  bool given() const { return !path_.empty(); }
  std::string file(const std::string& name) const { return join_path(path_, name); }
  std::string checkpoints() const { return checkpoint_root(path_); }

  /// Locks the folder if it is there already. A second run fails here, before it reads its data.
  void lock_existing();
  /// Makes and locks the folder; removes temporary files of a run that was killed.
  void open();
  /// A model of a former run must not answer for this one. From here on the newest checkpoint is the folder's
  /// model, until this run ends with one of its own.
  void retire_model() const;
  bool has_model() const;
  void save_model(const Model& model) const;

 private:
  std::string path_;
  Note note_;
  std::optional<RunLock> lock_;
};

}  // namespace thalweg
