#include "host/checkpoint/atomic_folder.hpp"

#include <fmt/format.h>

#include <utility>

#include "host/checkpoint/file_ops.hpp"
#include "host/checkpoint/files.hpp"
#include "host/checkpoint/overwrite.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

AtomicFolder::AtomicFolder(const std::string& path, std::string temporary)
    : path_(path), temporary_(std::move(temporary)) {}

AtomicFolder::AtomicFolder(const std::string& path, Leftovers leftovers)
    : AtomicFolder(path, temporary_path(parent_of(path), name_of(path))) {
  create_folders(parent_of(path_));
  if (leftovers == Leftovers::reused) take_over();
  remove_stale_temporaries(path_);
  if (mine_) return;
  create_folder(temporary_);
  mine_ = true;
  if (leftovers == Leftovers::reused) hold_ = hold_folder(temporary_, path_);
}

void AtomicFolder::take_over() {
  hold_ = take_over_leftover(path_, temporary_);
  if (!hold_) return;
  mine_ = true;
  left_ = names_in(temporary_);
  found_ = std::ssize(left_);
  for (const std::string& name : left_) files_.push_back(join_path(temporary_, name));
}

AtomicFolder::~AtomicFolder() {
  if (renamed_ || !mine_) return;
  for (const std::string& file : files_) file_ops().remove(file.c_str());
  file_ops().remove(temporary_.c_str());
}

void AtomicFolder::write(std::string_view name, std::span<const std::string_view> parts) {
  const std::string path = join_path(temporary_, name);
  const bool stays = std::erase(left_, name) > 0 && file_holds(path, parts);
  if (stays) ++reused_;
  files_.push_back(path);
  OutputFile file(path, stays ? OutputFile::Mode::append : OutputFile::Mode::replace, join_path(path_, name));
  if (stays) parts = {};
  for (const std::string_view part : parts) file.write(part);  // mutant: folder-files-written
  file.sync();                                                 // mutant: folder-files-synced
  file.close();
}

void AtomicFolder::overwrite(std::string_view name, std::int64_t at, std::string_view bytes) {
  thalweg::overwrite(join_path(temporary_, name), at, bytes, join_path(path_, name));
}

void AtomicFolder::commit(const std::function<void()>& make_way) {
  for (const std::string& name : left_) remove_path(join_path(temporary_, name));
  sync_folder(temporary_);  // mutant: folder-synced
  make_way();
  // rename would take the place of an empty folder
  if (path_exists(path_)) throw IoError(fmt::format("cannot create {}: it exists by now", path_));
  rename_path(temporary_, path_);  // mutant: folder-renamed
  renamed_ = true;
  sync_folder(parent_of(path_));  // mutant: folder-entry-synced
}

}  // namespace thalweg
