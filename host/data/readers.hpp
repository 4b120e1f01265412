#pragma once
// The readers, one for each format that data.format names.
#include <array>
#include <memory>
#include <string_view>

#include "host/data/raw_data.hpp"

namespace thalweg {

/// How sure a reader is that a file is of its format, from the least to the most.
enum class Claim { none, any_text, looks_like_it, by_name, by_magic };

constexpr std::int64_t kFormatBytes = 1 << 16;  ///< tell a format

struct Reader {
  DataFormat format;
  std::array<std::string_view, 3> endings;  ///< of the names of such files; "" stands for none
  /// `head` holds the first bytes of the file, `path` is in lower case, without ".gz" and the like.
  Claim (*claim)(std::string_view head, std::string_view path);
  /// Reads the bytes of request.path, which is open already; those of an npz archive in random order, from
  /// the file of the source.
  RawData (*read)(const ReadRequest& request, std::unique_ptr<ByteSource> source);
  bool several = false;  ///< whether it reads request.more too
  bool columns = false;  ///< whether its files are tables whose columns settings may name
};

const Reader& reader_of(DataFormat format);

/// The reader that is surest of a file of this beginning. Throws DataError when none takes it.
const Reader& find_reader(const std::string& path, std::string_view head);

/// Whether a file is called as data are: by the ending of a format, or compressed.
bool has_name_of_data(std::string_view path);

}  // namespace thalweg
