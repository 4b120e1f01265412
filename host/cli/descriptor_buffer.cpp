#include "host/cli/descriptor_buffer.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "thalweg/error.hpp"

namespace thalweg::cli {
namespace {

void wait_until_writable(int descriptor) {
  pollfd wanted{.fd = descriptor, .events = POLLOUT, .revents = 0};
  ::poll(&wanted, 1, -1);  // an interruption or an error shows in the write that follows
}

}  // namespace

DescriptorBuffer::DescriptorBuffer(int descriptor, const char* shown)
    : descriptor_(descriptor), shown_(shown) {
  setp(bytes_.data(), bytes_.data() + bytes_.size());
}

DescriptorBuffer::int_type DescriptorBuffer::overflow(int_type byte) {
  write_all();
  if (!traits_type::eq_int_type(byte, traits_type::eof())) sputc(traits_type::to_char_type(byte));
  return traits_type::not_eof(byte);
}

int DescriptorBuffer::sync() {
  write_all();
  return 0;
}

void DescriptorBuffer::write_all() {
  const char* from = pbase();
  const char* const end = pptr();
  setp(bytes_.data(), bytes_.data() + bytes_.size());  // what fails is not tried again
  while (from < end) {
    const ssize_t written = ::write(descriptor_, from, static_cast<std::size_t>(end - from));
    if (written > 0) {
      from += written;
    } else if (written < 0 && errno == EAGAIN) {
      wait_until_writable(descriptor_);
    } else if (written == 0 || errno != EINTR) {
      const int error = written == 0 ? ENOSPC : errno;  // a write that takes nothing would loop
      throw IoError(fmt::format("cannot write {}: {}", shown_, std::strerror(error)));
    }
  }
}

}  // namespace thalweg::cli
