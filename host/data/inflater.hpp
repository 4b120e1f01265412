#pragma once
// Compressed data, one library each. A compressed file is one member (frame, stream) or several behind each
// other.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace thalweg {

/// What a piece of stored bytes made.
struct Inflated {
  std::size_t taken = 0, given = 0;
  bool member_ended = false;
};

class Inflater {
 public:
  Inflater() = default;
  virtual ~Inflater() = default;
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Inflates a part of `stored`, which is empty at the end of the file alone, to at most `room` bytes. It
  /// takes or gives something while both have bytes. Throws DamagedData.
  virtual Inflated inflate(std::string_view stored, char* to, std::size_t room) = 0;
  /// Begins the next member.
  virtual void restart() = 0;
};

/// Why a library does not go on.
struct DamagedData {
  std::string reason;
};

struct Compression {
  std::string_view name;                  ///< in messages
  std::string_view ending;                ///< of the names of such files
  bool (*begins)(std::string_view head);  ///< whether a member begins with these bytes, at least kMagicBytes
  std::unique_ptr<Inflater> (*make)();
  std::int64_t most_inflation;  ///< a byte makes at most this many
  std::size_t padding;          ///< zeros that may stand between and behind members, any number of times
};
constexpr std::size_t kMagicBytes = 10;

/// The most that a data format's file may take in memory to inflate, besides its data.
constexpr std::int64_t kMostInflaterBytes = std::int64_t{256} << 20;

/// Null: the bytes are not compressed in a way that is read.
const Compression* compression_of(std::string_view head);

/// A name in lower case without the ending of a compression.
std::string_view without_compression(std::string_view name);

}  // namespace thalweg
