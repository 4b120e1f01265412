#pragma once
// The bytes of a file as they are stored. A buffer of them lies ahead of the file, so that the first can be
// looked at.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/data/input_file.hpp"

namespace thalweg {

class StoredBytes {
 public:
  StoredBytes(const std::string& path, const ReadProgress& progress);

  /// Returns the buffer, filled up to at least `least` bytes; it holds less only at the end.
  std::string_view ahead(std::size_t least);
  /// The same; less also where a line is whole and the rest of it is still to be written.
  std::string_view ahead_or_line(std::size_t least);
  void skip(std::size_t count) { begin_ += count; }
  /// Up to `size` bytes; fewer only at the end.
  std::int64_t read(char* to, std::int64_t size);
  /// As ByteSource has them.
  std::int64_t read_ready(char* to, std::int64_t size);
  bool is_ready() const { return begin_ < end_ || file_->is_ready(); }

  std::int64_t given() const { return file_->taken() - static_cast<std::int64_t>(end_ - begin_); }
  const InputFile& file() const { return *file_; }
  std::shared_ptr<const InputFile> shared_file() const { return file_; }

 private:
  std::string_view buffered() const { return {buffer_.data() + begin_, end_ - begin_}; }
  bool fill();

  std::shared_ptr<InputFile> file_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
};

}  // namespace thalweg
