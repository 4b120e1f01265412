#include "tests/support/crash_replay.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>

namespace thalweg::test {
namespace {

namespace fs = std::filesystem;
using Kind = DiskCall::Kind;

// ---- recording ----------------------------------------------------------------------------------------

std::mutex mutex;  // checkpoints are written on a thread of their own
std::string recorded_root;
std::vector<DiskCall> recorded;
struct OpenFile {
  std::string path;
  bool folder;
};
std::map<int, OpenFile> open_files;

std::string relative(const char* path) { return fs::path(path).lexically_relative(recorded_root).string(); }

void record(Kind kind, const std::string& path, const std::string& to = "", const std::string& bytes = "") {
  recorded.push_back({kind, path, to, bytes});
}

int recording_open(const char* path, int flags, mode_t mode) {
  const std::lock_guard lock(mutex);
  const bool folder = (flags & O_DIRECTORY) != 0;
  if (!folder && fs::exists(path)) throw std::logic_error("the model knows of no file that is opened anew");
  const int fd = system_file_ops.open(path, flags, mode);
  if (fd < 0) return fd;
  open_files[fd] = {relative(path), folder};
  if (!folder) record(Kind::create, relative(path));
  return fd;
}
ssize_t recording_write(int fd, const void* data, std::size_t size) {
  const std::lock_guard lock(mutex);
  const ssize_t written = system_file_ops.write(fd, data, size);
  if (written > 0) {
    record(Kind::write, open_files.at(fd).path, "",
           {static_cast<const char*>(data), static_cast<std::size_t>(written)});
  }
  return written;
}
int recording_fsync(int fd) {
  const std::lock_guard lock(mutex);
  const OpenFile& file = open_files.at(fd);
  record(file.folder ? Kind::sync_folder : Kind::sync_file, file.path);
  return 0;
}
int recording_close(int fd) {
  const std::lock_guard lock(mutex);
  open_files.erase(fd);
  return system_file_ops.close(fd);
}
int recording_rename(const char* from, const char* to) {
  const std::lock_guard lock(mutex);
  const int result = system_file_ops.rename(from, to);
  if (result == 0) record(Kind::rename, relative(from), relative(to));
  return result;
}
int recording_mkdir(const char* path, mode_t mode) {
  const std::lock_guard lock(mutex);
  const int result = system_file_ops.mkdir(path, mode);
  if (result == 0) record(Kind::make_folder, relative(path));
  return result;
}
int recording_remove(const char* path) {
  const std::lock_guard lock(mutex);
  const int result = system_file_ops.remove(path);
  if (result == 0) record(Kind::remove, relative(path));
  return result;
}

constexpr FileOps kRecording = {&recording_open,   &recording_write, &recording_fsync,  &recording_close,
                                &recording_rename, &recording_mkdir, &recording_remove, &::flock};

// ---- a disk -------------------------------------------------------------------------------------------

struct Inode;
using Entries = std::map<std::string, Inode*>;

/// A change that no fsync has made durable yet.
struct Change {
  Inode* where;
  Kind kind;  ///< create and make_folder: an entry appears; rename; remove; write: bytes of a file
  std::string name, to, bytes;
  Inode* what = nullptr;  ///< the new entry
};

struct Inode {
  bool folder;
  std::string content, durable_content;  ///< of a file
  Entries entries, durable_entries;      ///< of a folder
};

void change_entries(Entries& entries, const Change& change) {
  if (change.kind == Kind::rename) {
    const auto from = entries.find(change.name);
    if (from == entries.end()) return;  // the entry itself was lost
    Inode* const moved = from->second;
    entries.erase(from);
    entries[change.to] = moved;
  } else if (change.kind == Kind::remove) {
    entries.erase(change.name);
  } else {
    entries[change.name] = change.what;
  }
}

class Disk {
 public:
  Disk() { inodes_.push_back(std::make_unique<Inode>(Inode{true, {}, {}, {}, {}})); }

  void take(const DiskCall& call) {
    const fs::path path(call.path);
    if (call.is_sync()) return sync(*find(path));
    if (call.kind == Kind::write) {
      find(path)->content += call.bytes;
      pending_.push_back({find(path), Kind::write, "", "", call.bytes});
      return;
    }
    Change change{find(path.parent_path()), call.kind, path.filename().string(),
                  fs::path(call.to).filename().string(), ""};
    if (call.kind == Kind::create || call.kind == Kind::make_folder) {
      inodes_.push_back(std::make_unique<Inode>(Inode{call.kind == Kind::make_folder, {}, {}, {}, {}}));
      change.what = inodes_.back().get();
    }
    change_entries(change.where->entries, change);
    pending_.push_back(change);
  }

  std::size_t pending() const { return pending_.size(); }

  /// The disk on which change i came through where `kept`[i]; of a write that did not, `torn` says what is
  /// there instead: nothing, its first half or zeros.
  std::map<std::string, std::string> after_crash(const std::vector<bool>& kept, unsigned torn) const {
    std::map<const Inode*, Entries> entries;
    std::map<const Inode*, std::string> contents;
    for (const auto& inode : inodes_) {
      entries[inode.get()] = inode->durable_entries;
      contents[inode.get()] = inode->durable_content;
    }
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      const Change& change = pending_[i];
      if (change.kind != Kind::write) {
        if (kept[i]) change_entries(entries[change.where], change);
      } else if (kept[i]) {
        contents[change.where] += change.bytes;
      } else if (torn % 3 == 1) {
        contents[change.where] += change.bytes.substr(0, change.bytes.size() / 2);
      } else if (torn % 3 == 2) {
        contents[change.where].append(change.bytes.size(), '\0');
      }
    }
    std::map<std::string, std::string> tree;
    list(*inodes_[0], "", entries, contents, tree);
    return tree;
  }

 private:
  Inode* find(const fs::path& path) const {
    Inode* inode = inodes_[0].get();
    for (const fs::path& part : path) {
      if (part != ".") inode = inode->entries.at(part.string());
    }
    return inode;
  }
  void sync(Inode& inode) {
    inode.durable_content = inode.content;
    inode.durable_entries = inode.entries;
    std::erase_if(pending_, [&](const Change& change) { return change.where == &inode; });
  }
  /// Path -> content; a folder ends in '/'.
  static void list(const Inode& folder, const std::string& at, std::map<const Inode*, Entries>& entries,
                   std::map<const Inode*, std::string>& contents, std::map<std::string, std::string>& tree) {
    for (const auto& [name, inode] : entries[&folder]) {
      if (inode->folder) {
        tree[at + name + "/"] = "";
        list(*inode, at + name + "/", entries, contents, tree);
      } else {
        tree[at + name] = contents[inode];
      }
    }
  }

  std::vector<std::unique_ptr<Inode>> inodes_;  ///< the first is the root
  std::vector<Change> pending_;                 ///< in the order of the calls
};

/// Which changes come through: all, none, each alone, all but one, all up to one, and some by chance.
std::set<std::vector<bool>> choices(std::size_t pending) {
  std::set<std::vector<bool>> chosen{std::vector<bool>(pending, true), std::vector<bool>(pending, false)};
  for (std::size_t i = 0; i < pending; ++i) {
    std::vector<bool> alone(pending, false), others(pending, true), first(pending, false);
    alone[i] = true;
    others[i] = false;
    std::fill_n(first.begin(), i, true);
    chosen.insert({alone, others, first});
  }
  constexpr int kByChance = 24;
  std::mt19937 random(static_cast<unsigned>(pending));
  for (int i = 0; i < kByChance; ++i) {
    std::vector<bool> some(pending);
    for (std::size_t k = 0; k < pending; ++k) some[k] = random() % 2 == 0;
    chosen.insert(some);
  }
  return chosen;
}

void make(const std::string& disk, const std::map<std::string, std::string>& tree) {
  fs::remove_all(disk);
  fs::create_directories(disk);
  for (const auto& [path, content] : tree) {
    if (path.back() == '/') {
      fs::create_directories(fs::path(disk) / path);
    } else {
      std::ofstream(fs::path(disk) / path, std::ios::binary) << content;
    }
  }
}

}  // namespace

RecordedCalls::RecordedCalls(const std::string& root) : scope_(kRecording) {
  recorded_root = root;
  recorded.clear();
}
RecordedCalls::~RecordedCalls() = default;

const std::vector<DiskCall>& RecordedCalls::calls() const { return recorded; }

int for_each_crash(const std::vector<DiskCall>& calls, std::size_t done, const std::string& disk,
                   const std::function<void()>& look) {
  Disk model;
  for (std::size_t i = 0; i < done; ++i) model.take(calls[i]);
  std::set<std::map<std::string, std::string>> seen;
  unsigned torn = 0;
  for (const std::vector<bool>& kept : choices(model.pending())) {
    const auto tree = model.after_crash(kept, torn++);
    if (!seen.insert(tree).second) continue;
    make(disk, tree);
    look();
  }
  return static_cast<int>(seen.size());
}

}  // namespace thalweg::test
