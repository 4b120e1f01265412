#pragma once
// File operations that count themselves and fail where a test says so.
#include <string>

#include "host/checkpoint/file_ops.hpp"

namespace thalweg::test {

enum class FileOp { open, write, fsync, close, rename, mkdir, remove };
constexpr int kFileOps = 7;

struct Fault {
  FileOp op = FileOp::open;
  int at = -1;                ///< the at-th call of op fails, counted from 0; -1: none
  int error = 0;              ///< errno; 0 with op == write: a short write instead
  bool from_then_on = false;  ///< all later calls of op too (an EINTR ends after five)
};

/// In use while it lives. fsync does not touch the disk, which makes the tests fast.
class FaultyFiles {
 public:
  explicit FaultyFiles(const Fault& fault = {});
  ~FaultyFiles();

  int calls(FileOp op) const;
  int landed() const;  ///< how many calls failed or were cut short

 private:
  ScopedFileOps scope_;
};

}  // namespace thalweg::test
