#include "host/data/stored_bytes.hpp"

#include <algorithm>
#include <utility>

namespace thalweg {
namespace {

constexpr std::int64_t kBuffer = 1 << 17;

}  // namespace

StoredBytes::StoredBytes(const std::string& path, const ReadProgress& progress)
    : file_(std::make_shared<InputFile>(path, progress)) {
  buffer_.resize(static_cast<std::size_t>(
      file_->size() == 0 ? kBuffer : std::clamp<std::int64_t>(file_->size(), 512, kBuffer)));
}

std::string_view StoredBytes::ahead(std::size_t least) {
  if (end_ - begin_ < least) {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= std::exchange(begin_, 0);  // mutant: buffer-moved
    const auto room = static_cast<std::int64_t>(buffer_.size() - end_);
    end_ += static_cast<std::size_t>(file_->read(buffer_.data() + end_, room));
  }
  return {buffer_.data() + begin_, end_ - begin_};
}

std::int64_t StoredBytes::read(char* to, std::int64_t size) {
  const std::size_t buffered = std::min(end_ - begin_, static_cast<std::size_t>(size));
  std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), buffered, to);
  begin_ += buffered;
  const auto done = static_cast<std::int64_t>(buffered);
  return done == size ? done : done + file_->read(to + done, size - done);
}

}  // namespace thalweg
