#include "host/report/wire.hpp"

#include <bit>

namespace thalweg::wire {
namespace {

enum Type { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

template <class Bits>
void append_fixed(Bits bits, std::string& text) {
  for (std::size_t byte = 0; byte < sizeof bits; ++byte) text += static_cast<char>(bits >> (8 * byte) & 0xff);
}

std::optional<std::uint64_t> take_varint(std::string_view& text) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64 && !text.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(text.front());
    text.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> take_fixed(std::string_view& text, std::size_t size) {
  if (text.size() < size) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t byte = size; byte-- > 0;) value = value << 8 | static_cast<unsigned char>(text[byte]);
  text.remove_prefix(size);
  return value;
}

}  // namespace

Writer& Writer::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) text_ += static_cast<char>(value | 0x80);
  text_ += static_cast<char>(value);
  return *this;
}

Writer& Writer::tag(int field, int type) { return varint(static_cast<std::uint64_t>(field << 3 | type)); }

Writer& Writer::integer(int field, std::int64_t value) {
  return tag(field, kVarint).varint(static_cast<std::uint64_t>(value));
}

Writer& Writer::float32(int field, float value) {
  tag(field, kFixed32);
  append_fixed(std::bit_cast<std::uint32_t>(value), text_);
  return *this;
}

Writer& Writer::float64(int field, double value) {
  tag(field, kFixed64);
  append_fixed(std::bit_cast<std::uint64_t>(value), text_);
  return *this;
}

Writer& Writer::bytes(int field, std::string_view value) {
  head(field, value.size());
  text_ += value;
  return *this;
}

Writer& Writer::float64s(int field, std::span<const double> values) {
  head(field, values.size() * sizeof(double));
  for (const double value : values) append_fixed(std::bit_cast<std::uint64_t>(value), text_);
  return *this;
}

Writer& Writer::head(int field, std::uint64_t size) { return tag(field, kBytes).varint(size); }

std::optional<Field> next_field(std::string_view& message) {
  const std::optional<std::uint64_t> tag = take_varint(message);
  if (!tag) return std::nullopt;
  Field field{.number = static_cast<int>(*tag >> 3), .integer = 0, .bytes = {}};
  std::optional<std::uint64_t> value;
  switch (*tag & 7) {
    case kVarint:
    case kBytes:
      value = take_varint(message);
      break;
    case kFixed64:
      value = take_fixed(message, 8);
      break;
    case kFixed32:
      value = take_fixed(message, 4);
      break;
  }
  if (!value) return std::nullopt;
  field.integer = *value;
  if ((*tag & 7) != kBytes) return field;
  if (*value > message.size()) return std::nullopt;
  field.bytes = message.substr(0, *value);
  message.remove_prefix(*value);
  return field;
}

}  // namespace thalweg::wire
