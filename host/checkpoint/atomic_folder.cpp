#include "host/checkpoint/atomic_folder.hpp"

#include <fmt/format.h>

#include "host/checkpoint/file_ops.hpp"
#include "host/checkpoint/files.hpp"
#include "host/checkpoint/overwrite.hpp"
#include "thalweg/error.hpp"

namespace thalweg {

AtomicFolder::AtomicFolder(const std::string& path)
    : path_(path), temporary_(temporary_path(parent_of(path), name_of(path))) {
  create_folders(parent_of(path_));
  remove_stale_temporaries(path_);
  create_folder(temporary_);
}

AtomicFolder::~AtomicFolder() {
  if (renamed_) return;
  for (const std::string& file : files_) file_ops().remove(file.c_str());
  file_ops().remove(temporary_.c_str());
}

void AtomicFolder::write(std::string_view name, std::span<const std::string_view> parts) {
  const std::string path = join_path(temporary_, name);
  files_.push_back(path);
  OutputFile file(path, OutputFile::Mode::replace, join_path(path_, name));
  for (const std::string_view part : parts) file.write(part);  // mutant: folder-files-written
  file.sync();                                                 // mutant: folder-files-synced
  file.close();
}

void AtomicFolder::overwrite(std::string_view name, std::int64_t at, std::string_view bytes) {
  thalweg::overwrite(join_path(temporary_, name), at, bytes, join_path(path_, name));
}

void AtomicFolder::commit(const std::function<void()>& make_way) {
  sync_folder(temporary_);  // mutant: folder-synced
  make_way();
  // rename would take the place of an empty folder
  if (path_exists(path_)) throw IoError(fmt::format("cannot create {}: it exists by now", path_));
  rename_path(temporary_, path_);  // mutant: folder-renamed
  renamed_ = true;
  sync_folder(parent_of(path_));  // mutant: folder-entry-synced
}

}  // namespace thalweg
