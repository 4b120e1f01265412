#include "tests/support/fault_ops.hpp"

#include <sys/file.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

namespace thalweg::test {
namespace {

Fault fault;
std::atomic<int> calls_of[kFileOps];  // checkpoints are written on a thread of their own
std::atomic<int> hits;

bool strikes(FileOp op) {
  const int call = calls_of[static_cast<int>(op)]++;
  if (op != fault.op || fault.at < 0 || call < fault.at) return false;
  if (call > fault.at && !fault.from_then_on) return false;
  if (fault.error == EINTR && hits == 5) return false;
  ++hits;
  errno = fault.error;
  return true;
}

int faulty_open(const char* path, int flags, mode_t mode) {
  return strikes(FileOp::open) ? -1 : system_file_ops.open(path, flags, mode);
}
ssize_t faulty_write(int fd, const void* data, std::size_t size) {
  if (!strikes(FileOp::write)) return system_file_ops.write(fd, data, size);
  if (fault.error != 0) return -1;
  return system_file_ops.write(fd, data, std::max<std::size_t>(1, size / 2));
}
int faulty_fsync(int) { return strikes(FileOp::fsync) ? -1 : 0; }
int faulty_close(int fd) {
  const int result = system_file_ops.close(fd);  // Linux closes the descriptor whatever close returns
  return strikes(FileOp::close) ? -1 : result;
}
int faulty_rename(const char* from, const char* to) {
  return strikes(FileOp::rename) ? -1 : system_file_ops.rename(from, to);
}
int faulty_mkdir(const char* path, mode_t mode) {
  return strikes(FileOp::mkdir) ? -1 : system_file_ops.mkdir(path, mode);
}
int faulty_remove(const char* path) { return strikes(FileOp::remove) ? -1 : system_file_ops.remove(path); }

constexpr FileOps kFaulty = {&faulty_open,   &faulty_write, &faulty_fsync,  &faulty_close,
                             &faulty_rename, &faulty_mkdir, &faulty_remove, &::flock};

}  // namespace

FaultyFiles::FaultyFiles(const Fault& wanted) : scope_(kFaulty) {
  fault = wanted;
  hits = 0;
  for (std::atomic<int>& calls : calls_of) calls = 0;
}
FaultyFiles::~FaultyFiles() { fault = {}; }

int FaultyFiles::calls(FileOp op) const { return calls_of[static_cast<int>(op)]; }
int FaultyFiles::landed() const { return hits; }

}  // namespace thalweg::test
