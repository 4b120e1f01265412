#include "host/data/byte_source.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "thalweg/error.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kPiece = std::int64_t{1} << 20;
constexpr unsigned kBuffer = 1 << 17;
/// Real tables and images inflate 2 to 100 times; what inflates further may only do so up to a size that any
/// machine holds.
constexpr std::int64_t kUsualInflation = 200;
constexpr std::int64_t kHarmlessBytes = std::int64_t{256} << 20;

class FileSource : public ByteSource {
 public:
  explicit FileSource(const std::string& path) : path_(path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) throw NoInputError(fmt::format("{}: no such file", path));
      throw IoError(fmt::format("{}: {}", path, std::strerror(errno)));
    }
    if (S_ISDIR(info.st_mode))
      throw NoInputError(
          fmt::format("{} is a folder; want a file of data (npy, npz, csv, libsvm, idx)", path));
    if (S_ISREG(info.st_mode)) total_ = info.st_size;
    file_ = gzopen(path.c_str(), "rb");
    if (!file_) throw IoError(fmt::format("{}: cannot be opened: {}", path, std::strerror(errno)));
    gzbuffer(file_,
             total_ == 0 ? kBuffer : static_cast<unsigned>(std::clamp<std::int64_t>(total_, 512, kBuffer)));
    plain_ = gzdirect(file_) != 0;
  }
  ~FileSource() override { gzclose_r(file_); }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  std::int64_t read(void* to, std::int64_t size) override {
    std::int64_t done = 0;
    while (done < size) {
      const auto want = static_cast<unsigned>(std::min(size - done, kHarmlessBytes));
      const int got = gzread(file_, static_cast<char*>(to) + done, want);
      if (got < static_cast<int>(want)) check();
      if (got <= 0) break;
      done += got;
      if (!plain_) check_inflation(path_, gztell(file_), total_ > 0 ? total_ : stored_done());
    }
    return done;
  }

  std::int64_t most_bytes() const override {
    if (total_ == 0) return std::numeric_limits<std::int64_t>::max();
    return plain_ ? total_ : total_ * kMaxInflation;
  }
  std::int64_t stored_done() const override { return gzoffset(file_); }
  std::int64_t stored_total() const override { return total_; }

 private:
  void check() {
    int code = Z_OK;
    const char* message = gzerror(file_, &code);
    if (code == Z_ERRNO) throw IoError(fmt::format("{}: {}", path_, std::strerror(errno)));
    if (code == Z_BUF_ERROR)
      throw DataError(fmt::format("{} is cut off: its gzip data end early, after {} bytes of text or rows",
                                  path_, static_cast<std::int64_t>(gztell(file_))));
    if (code != Z_OK && code != Z_STREAM_END)
      throw DataError(
          fmt::format("{}: damaged gzip data ({}), near byte {} of the file", path_, message, stored_done()));
  }

  std::string path_;
  gzFile file_ = nullptr;
  std::int64_t total_ = 0;
  bool plain_ = true;
};

}  // namespace

void check_inflation(const std::string& name, std::int64_t inflated, std::int64_t stored) {
  if (inflated > kHarmlessBytes && inflated / kUsualInflation > stored)
    throw DataError(fmt::format(
        "{} inflates to more than {} times its {} bytes, as a file made to fill the memory does; if "
        "it is none, give it uncompressed",
        name, kUsualInflation, stored));
}

std::unique_ptr<ByteSource> open_file(const std::string& path) { return std::make_unique<FileSource>(path); }

std::string first_bytes(const std::string& path, std::int64_t size) {
  const auto source = open_file(path);
  size = std::min(size, source->most_bytes());
  std::string bytes(static_cast<std::size_t>(size), '\0');
  bytes.resize(static_cast<std::size_t>(source->read(bytes.data(), size)));
  return bytes;
}

std::int64_t append_bytes(ByteSource& source, std::int64_t size, std::vector<char>& to) {
  std::int64_t done = 0;
  while (done < size) {
    const std::int64_t want = std::min(size - done, kPiece);
    const std::size_t old = to.size();
    to.resize(old + static_cast<std::size_t>(want));
    const std::int64_t got = source.read(to.data() + old, want);
    to.resize(old + static_cast<std::size_t>(got));
    done += got;
    if (got < want) break;
  }
  return done;
}

std::int64_t skip_bytes(ByteSource& source, std::int64_t size) {
  std::vector<char> piece(static_cast<std::size_t>(std::min(size, kPiece)));
  std::int64_t done = 0;
  while (done < size) {
    const std::int64_t want = std::min(size - done, kPiece);
    const std::int64_t got = source.read(piece.data(), want);
    done += got;
    if (got < want) break;
  }
  return done;
}

}  // namespace thalweg
