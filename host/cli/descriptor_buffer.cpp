#include "host/cli/descriptor_buffer.hpp"

#include <string_view>

#include "host/checkpoint/files.hpp"

namespace thalweg::cli {

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
  const std::string_view bytes(pbase(), pptr());
  setp(bytes_.data(), bytes_.data() + bytes_.size());  // what fails is not tried again
  write_fully(descriptor_, bytes, shown_);
}

}  // namespace thalweg::cli
