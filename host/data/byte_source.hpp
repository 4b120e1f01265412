#pragma once
// Bytes of a file, plain or gzip (told by its first bytes), front to back.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/read_progress.hpp"

namespace thalweg {

/// The most that deflate can expand (zlib's technical notes): a header that claims more than this lies.
constexpr std::int64_t kMaxInflation = 1032;

/// Throws DataError when `inflated` bytes are far more than data make of `stored` ones: a bomb.
void check_inflation(const std::string& name, std::int64_t inflated, std::int64_t stored);

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Reads up to `size` bytes; fewer only at the end. Throws DataError when compressed data are damaged or
  /// cut off, IoError when the file system refuses.
  virtual std::int64_t read(void* to, std::int64_t size) = 0;
  /// No more bytes than this can come out of the source.
  virtual std::int64_t most_bytes() const = 0;
  virtual std::int64_t stored_done() const = 0;   ///< bytes of the file taken so far
  virtual std::int64_t stored_total() const = 0;  ///< 0 where unknown
};

/// A file or a pipe; `progress` hears of a pipe that stays empty. Throws NoInputError when `path` is missing
/// or a folder, IoError when it cannot be opened.
std::unique_ptr<ByteSource> open_file(const std::string& path, const ReadProgress& progress = {});

/// What a source begins with, and the source from its beginning: a pipe cannot be opened again.
struct PeekedSource {
  std::string head;
  std::unique_ptr<ByteSource> source;
};
PeekedSource peek(std::unique_ptr<ByteSource> source, std::int64_t size);

/// Appends up to `size` bytes to `to`, which grows only as bytes arrive; gives how many came.
std::int64_t append_bytes(ByteSource& source, std::int64_t size, std::vector<char>& to);

/// Passes over `size` bytes; gives how many there were.
std::int64_t skip_bytes(ByteSource& source, std::int64_t size);

}  // namespace thalweg
