#include "host/run/out_folder.hpp"

#include "host/checkpoint/checkpoint_files.hpp"

namespace thalweg {
namespace {

constexpr const char* kFormerModel = "model.former.safetensors";

}  // namespace

void OutFolder::lock_existing() {
  if (is_folder(path_)) lock_.emplace(path_, note_);
}

void OutFolder::open() {
  create_folders(path_);
  if (!lock_) lock_.emplace(path_, note_);
  remove_temporaries(path_);
}

void OutFolder::retire_model() const {
  if (!has_model()) return;
  rename_path(file(kModelFile), file(kFormerModel));
  sync_folder(path_);
}

bool OutFolder::has_model() const { return given() && path_exists(file(kModelFile)); }

void OutFolder::save_model(const Model& model) const {
  if (!given()) return;
  model.save(file(kModelFile));
  remove_path(file(kFormerModel));
}

}  // namespace thalweg
