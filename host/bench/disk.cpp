#include "host/bench/disk.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>

#include "thalweg/epoch_batches.hpp"
#include "thalweg/error.hpp"

namespace thalweg::bench {
namespace {

constexpr std::int64_t kPage = 4096;
constexpr std::uint64_t kSeed = 1;

struct Free {
  void operator()(char* memory) const { std::free(memory); }
};
using PageBuffer = std::unique_ptr<char, Free>;

PageBuffer page_buffer(std::int64_t bytes) {
  PageBuffer buffer(static_cast<char*>(std::aligned_alloc(kPage, static_cast<std::size_t>(bytes))));
  if (buffer == nullptr) throw std::bad_alloc();
  return buffer;
}

[[noreturn]] void fail(const std::string& path, const char* what) {
  throw IoError(fmt::format("{}: cannot be {}: {}", path, what, std::strerror(errno)));
}

int open_direct(const std::string& path) {
  constexpr int kFlags = O_RDONLY | O_CLOEXEC;
  int fd = ::open(path.c_str(), kFlags | O_DIRECT);
  if (fd < 0 && errno == EINVAL) fd = ::open(path.c_str(), kFlags);  // the file system has no such reads
  if (fd < 0) fail(path, "opened");
  return fd;
}

}  // namespace

Disk::Disk(std::vector<std::string> paths, int threads) : threads_(threads) {
  for (std::string& path : paths) {
    const int fd = open_direct(path);
    struct stat status {};
    ::fstat(fd, &status);
    files_.push_back({std::move(path), status.st_size, fd});
  }
}

Disk::~Disk() {
  for (const File& file : files_) ::close(file.fd);
}

std::int64_t Disk::block_bytes(std::int64_t wanted) const {
  std::int64_t least = wanted;
  for (const File& file : files_) least = std::min(least, file.bytes / kPage * kPage);
  return std::max(least, kPage);
}

/// Whole ones.
std::int64_t Disk::blocks(std::int64_t block) const {
  std::int64_t count = 0;
  for (const File& file : files_) count += file.bytes / block;
  return std::max<std::int64_t>(count, 1);
}

std::vector<std::int64_t> Disk::next(DiskOrder order, std::int64_t block, std::int64_t count) const {
  const EpochBatches turns(RowSet::all(blocks(block)), /*batch_size=*/1, kSeed, order == DiskOrder::random,
                           /*drop_last=*/false);
  const std::int64_t first = blocks_read_.fetch_add(count);
  std::vector<std::int64_t> found;
  for (std::int64_t n = first; n < first + count; ++n) found.push_back(turns.at_step(n).rows().front());
  return found;
}

void Disk::read_block(std::int64_t number, std::int64_t block) const {
  thread_local PageBuffer buffer;
  thread_local std::int64_t room = 0;
  if (room < block) buffer = page_buffer(block), room = block;
  auto file = files_.begin();
  while (file + 1 != files_.end() && number >= file->bytes / block) number -= file++->bytes / block;
  for (std::int64_t done = 0; done < std::min(block, file->bytes);) {
    const ssize_t got = ::pread(file->fd, buffer.get() + done, static_cast<std::size_t>(block - done),
                                static_cast<off_t>(number * block + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(file->path, "read");
    if (got == 0) throw IoError(fmt::format("{}: it ended while it was read", file->path));
    done += got;
  }
}

void Disk::read(DiskOrder order, std::int64_t block, std::int64_t count) const {
  const std::vector<std::int64_t> all = next(order, block, count);
  std::atomic<std::size_t> taken = 0;
  std::mutex mutex;
  std::exception_ptr error;
  const auto work = [&] {
    try {
      for (std::size_t i = taken++; i < all.size(); i = taken++) read_block(all[i], block);
    } catch (...) {
      const std::lock_guard lock(mutex);
      error = std::current_exception();
    }
  };
  std::vector<std::jthread> threads;
  for (int t = 0; t < threads_; ++t) threads.emplace_back(work);
  threads.clear();
  if (error) std::rethrow_exception(error);
}

std::shared_ptr<Limit> disk_limit(const std::shared_ptr<const Disk>& disk, DiskOrder order,
                                  std::int64_t block, std::int64_t count) {
  const char* const name = order == DiskOrder::sequential ? "disk" : "disk, random";
  return timed_limit(name, static_cast<double>(block * count),
                     [disk, order, block, count] { disk->read(order, block, count); });
}

}  // namespace thalweg::bench
