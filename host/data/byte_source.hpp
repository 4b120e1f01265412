#pragma once
// Bytes of a file, plain or compressed (told by its first bytes), front to back.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/read_progress.hpp"

namespace thalweg {

class InputFile;

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
  /// Waits for the first byte, then gives those that are there already; 0 only at the end. A source that
  /// cannot tell waits for all, as `read`.
  virtual std::int64_t read_ready(void* to, std::int64_t size) { return read(to, size); }
  /// Whether read_ready would not wait, as far as the source can tell.
  virtual bool is_ready() const { return true; }
  /// No more bytes than this can come out of the source.
  virtual std::int64_t most_bytes() const = 0;
  virtual std::int64_t stored_done() const = 0;   ///< bytes of the file taken so far
  virtual std::int64_t stored_total() const = 0;  ///< 0 where unknown
  /// The open file behind the source, for a reader that needs the bytes in another order. Null if the source
  /// is only a part of the file.
  virtual std::shared_ptr<const InputFile> file() const { return nullptr; }
};

/// A file or a pipe, unpacked where it is compressed, UTF-16 as UTF-8; `progress` hears of a pipe that stays
/// empty. Throws NoInputError when `path` is missing or a folder, IoError when it cannot be opened.
std::unique_ptr<ByteSource> open_file(const std::string& path, const ReadProgress& progress = {});

/// The first bytes of a source, and the source from its beginning, because a pipe cannot be opened again.
struct PeekedSource {
  std::string head;
  std::unique_ptr<ByteSource> source;
};
PeekedSource peek(std::unique_ptr<ByteSource> source, std::int64_t size);
/// The same for a dialogue: from the first line on nothing is waited for.
PeekedSource peek_line(std::unique_ptr<ByteSource> source, std::int64_t size);

/// Appends up to `size` bytes of a ByteSource or InputFile to a string or vector, which grows only as bytes
/// arrive; gives how many came.
template <class Source, class Bytes>
std::int64_t append_bytes(Source& source, std::int64_t size, Bytes& to) {
  constexpr std::int64_t kPiece = std::int64_t{1} << 20;
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

/// Passes over `size` bytes; gives how many there were.
std::int64_t skip_bytes(ByteSource& source, std::int64_t size);

}  // namespace thalweg
