#pragma once
// Messages in the wire format of Protocol Buffers (https://protobuf.dev/programming-guides/encoding): as many
// of its types as ONNX models and event files need, and no compiler of message definitions.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace thalweg::wire {

/// The fields of a message, one after the other. A message inside a message is a field of bytes.
class Writer {
 public:
  /// An integer, a bool or an enum; negative ones take ten bytes, as an int64 does.
  Writer& integer(int field, std::int64_t value);
  Writer& float32(int field, float value);
  Writer& float64(int field, double value);
  Writer& bytes(int field, std::string_view value);
  Writer& message(int field, const Writer& value) { return bytes(field, value.text_); }
  /// Packed.
  Writer& float64s(int field, std::span<const double> values);

  /// The head of a field of that many bytes, which the caller writes after it.
  Writer& head(int field, std::uint64_t size);

  const std::string& text() const { return text_; }

 private:
  Writer& tag(int field, int type);
  Writer& varint(std::uint64_t value);

  std::string text_;
};

/// The next field of a message that is being read.
struct Field {
  int number = 0;
  std::uint64_t integer = 0;  ///< of a varint; the bits of a fixed number
  std::string_view bytes;     ///< of a field of bytes
};

/// Takes the next field off `message`; nothing at its end, and where it is damaged or has a group.
std::optional<Field> next_field(std::string_view& message);

}  // namespace thalweg::wire
