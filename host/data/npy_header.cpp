// Headers of npy arrays (numpy.lib.format, versions 1.0 to 3.0): a Python dictionary of three keys.
#include <fmt/format.h>

#include <algorithm>

#include "host/data/array_reader.hpp"
#include "host/data/text.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

/// More than any array needs. An archive may hold many headers, each of which has to be read.
constexpr std::int64_t kLongestHeader = std::int64_t{1} << 16;

/// The literals that numpy writes and no other Python: a looser reader would give another meaning to a header
/// that numpy refuses.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& name) : whole_(text), rest_(text), name_(name) {}

  void parse(ArrayHeader& header) {
    take('{');
    bool descr = false, order = false, shape = false;
    while (!at('}')) {
      const std::string_view key = quoted();
      take(':');
      const bool again = key == "descr" ? descr : key == "fortran_order" ? order : shape;
      if (again) fail(fmt::format("has {} twice", shown(key)));
      if (key == "descr")
        parse_descr(header), descr = true;
      else if (key == "fortran_order")
        header.fortran_order = truth(), order = true;
      else if (key == "shape")
        parse_shape(header), shape = true;
      else
        fail(fmt::format("has the key {}; want descr, fortran_order and shape", shown(key)));
      if (!at('}')) take(',');
    }
    take('}');
    if (!trimmed_rest().empty()) fail(fmt::format("goes on behind its end: {}", shown(rest_)));
    if (!descr || !order || !shape)
      fail(fmt::format("has no {}; got {}", descr ? order ? "shape" : "fortran_order" : "descr",
                       shown(whole_)));
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(fmt::format("{}: its npy header {}", name_, what));
  }

  std::string_view trimmed_rest() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
    return rest_;
  }
  bool at(char c) { return trimmed_rest().starts_with(c); }
  void take(char c) {
    if (!at(c)) fail(fmt::format("is no dictionary: want '{}', got {}", c, shown(rest_)));
    rest_.remove_prefix(1);
  }

  std::string_view quoted() {
    const char quote = at('"') ? '"' : '\'';
    take(quote);
    const std::string_view text = rest_.substr(0, rest_.find(quote));
    rest_.remove_prefix(text.size());
    take(quote);
    return text;
  }

  bool truth() {
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (!trimmed_rest().starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      return value;
    }
    fail(fmt::format("has the fortran_order {}; want True or False", shown(rest_)));
  }

  void parse_descr(ArrayHeader& header) {
    const std::string_view descr = at('\'') || at('"') ? quoted() : rest_;
    const std::string_view type = descr.substr(descr.find_first_not_of("<>|=") == 1 ? 1 : 0);
    if (const char kind = type.empty() ? '\0' : type[0]; kind == 'U' || kind == 'S')
      return parse_text_type(type, descr[0] == '>', header);
    for (const char* known : {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"})
      if (type == known) {
        header.kind = type[0];
        header.size = type[1] - '0';
        header.big_endian = descr[0] == '>';
        return;
      }
    throw DataError(
        fmt::format("{} holds elements of type {}; want f2, f4, f8, i1 to i8, u1 to u8, bool (numpy's "
                    "astype(\"float32\") converts numbers), or texts as labels (astype(str))",
                    name_, shown(descr)));
  }

  /// "U12": 12 characters of four bytes.
  void parse_text_type(std::string_view type, bool big_endian, ArrayHeader& header) {
    std::int64_t length = 0;
    constexpr std::int64_t kLongest = 1 << 20;
    if (!parse_integer(type.substr(1), length) || length < 1 || length > kLongest)
      fail(fmt::format("has texts of the length {}; want 1 to {}", shown(type.substr(1)), kLongest));
    header.kind = type[0];
    header.size = static_cast<int>(type[0] == 'U' ? 4 * length : length);
    header.big_endian = big_endian;
  }

  /// "()", "(3,)", "(3, 4)": one number alone needs its comma, as a tuple of Python does.
  void parse_shape(ArrayHeader& header) {
    if (!at('(')) fail(fmt::format("has a shape that is no tuple: {}", shown(rest_)));
    take('(');
    bool comma = false;
    while (!at(')')) {
      header.shape.push_back(extent());
      comma = at(',');
      if (!at(')')) take(',');
    }
    take(')');
    if (header.shape.size() == 1 && !comma) fail("has a shape that is no tuple but a number");
  }

  std::int64_t extent() {
    const std::string_view digits = trimmed_rest().substr(0, rest_.find_first_of(",) \t\r\n"));
    const std::string_view number = digits.ends_with('L') ? digits.substr(0, digits.size() - 1) : digits;
    std::int64_t value = 0;
    const bool plain = !number.empty() && number.find_first_not_of("0123456789") == std::string_view::npos;
    const bool octal = number.size() > 1 && number[0] == '0';
    if (!plain || octal || !parse_integer(number, value))
      fail(fmt::format("has the extent {}; want whole numbers", shown(digits)));
    rest_.remove_prefix(digits.size());
    return value;
  }

  std::string_view whole_, rest_;
  const std::string& name_;
};

}  // namespace

ArrayHeader read_npy_header(ByteSource& source, const std::string& name) {
  const std::string magic = read_header_bytes(source, 8, name);
  if (!magic.starts_with("\x93NUMPY")) throw DataError(fmt::format("{} is not a npy array", name));
  const int version = magic[6];
  if (version < 1 || version > 3 || magic[7] != 0)
    throw DataError(fmt::format("{}: npy version {}.{}; want 1.0, 2.0 or 3.0", name, version, int{magic[7]}));
  const std::string size_bytes = read_header_bytes(source, version == 1 ? 2 : 4, name);
  std::int64_t size = 0;
  for (std::size_t i = size_bytes.size(); i-- > 0;)
    size = size << 8 | static_cast<unsigned char>(size_bytes[i]);  // mutant: little-endian-size
  if (size > kLongestHeader)
    throw DataError(
        fmt::format("{}: its npy header claims {} bytes; want at most {}", name, size, kLongestHeader));
  const std::string dictionary = read_header_bytes(source, size, name);
  ArrayHeader header;
  header.bytes = static_cast<std::int64_t>(magic.size() + size_bytes.size() + dictionary.size());
  HeaderParser(dictionary, name).parse(header);
  return header;
}

}  // namespace thalweg
