#pragma once
// What a power failure may leave: the calls of a program are recorded, and after each of them every disk is
// made that a file system could have kept. What was not made durable by an fsync may be there, in part or not
// at all; an entry of a folder by the folder's fsync alone (the model of Pillai et al., "All File Systems Are
// Not Created Equal", 2014, without any promise of order).
#include <functional>
#include <string>
#include <vector>

#include "host/checkpoint/file_ops.hpp"

namespace thalweg::test {

/// A call that changed a file system or made a change durable; paths are relative to the recorded folder.
struct DiskCall {
  enum class Kind { create, write, sync_file, make_folder, sync_folder, rename, remove };
  Kind kind;
  std::string path;
  std::string to;     ///< of a rename
  std::string bytes;  ///< of a write

  bool is_sync() const { return kind == Kind::sync_file || kind == Kind::sync_folder; }
};

/// Records every call below `root` while it lives; the calls take place.
class RecordedCalls {
 public:
  explicit RecordedCalls(const std::string& root);
  ~RecordedCalls();
  const std::vector<DiskCall>& calls() const;

 private:
  ScopedFileOps scope_;
};

/// Makes the disks that may be left when the power fails after the first `done` of `calls`, each in the
/// folder `disk` and each once, and calls `look` for it. Gives their number.
int for_each_crash(const std::vector<DiskCall>& calls, std::size_t done, const std::string& disk,
                   const std::function<void()>& look);

}  // namespace thalweg::test
