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

/// Adds what is there; false at the end.
bool StoredBytes::fill() {
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
            buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
  end_ -= std::exchange(begin_, 0);  // mutant: buffer-moved
  const auto room = static_cast<std::int64_t>(buffer_.size() - end_);
  const std::int64_t got = file_->read_ready(buffer_.data() + end_, room);
  end_ += static_cast<std::size_t>(got);
  return got > 0;
}

std::string_view StoredBytes::ahead(std::size_t least) {
  while (buffered().size() < least && fill()) continue;
  return buffered();
}

std::string_view StoredBytes::ahead_or_line(std::size_t least) {
  const auto paused = [&] { return buffered().find('\n') != std::string_view::npos && !file_->is_ready(); };
  while (buffered().size() < least && !paused() && fill()) continue;
  return buffered();
}

std::int64_t StoredBytes::read_ready(char* to, std::int64_t size) {
  if (buffered().empty()) return file_->read_ready(to, size);
  return read(to, std::min(size, static_cast<std::int64_t>(end_ - begin_)));
}

std::int64_t StoredBytes::read(char* to, std::int64_t size) {
  const std::size_t buffered = std::min(end_ - begin_, static_cast<std::size_t>(size));
  std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), buffered, to);
  begin_ += buffered;
  const auto done = static_cast<std::int64_t>(buffered);
  return done == size ? done : done + file_->read(to + done, size - done);
}

}  // namespace thalweg
