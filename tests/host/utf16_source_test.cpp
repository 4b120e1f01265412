// UTF-16 text is read as UTF-8, in both orders, and half of a character is named.
#include "host/data/utf16_source.hpp"

#include <gtest/gtest.h>

#include "tests/support/compressed.hpp"
#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using test::expect_error;

class Utf16 : public test::DataFiles {
 protected:
  static std::string bytes_of(const std::u16string& text, bool big_endian) {
    std::string bytes;
    for (const char16_t unit : u'\uFEFF' + text) {
      const char low = static_cast<char>(unit & 0xFF), high = static_cast<char>(unit >> 8);
      bytes += big_endian ? high : low;
      bytes += big_endian ? low : high;
    }
    return bytes;
  }
  std::string text_of(const std::string& bytes, std::int64_t piece = 100) const {
    const auto source = open_file(write("t", bytes));
    std::string text, part(static_cast<std::size_t>(piece), '\0');
    for (std::int64_t got = piece; got == piece;) {
      got = source->read(part.data(), piece);
      text.append(part, 0, static_cast<std::size_t>(got));
    }
    return text;
  }
};

TEST_F(Utf16, IsReadAsUtf8WhateverItsOrderAndCompression) {
  const std::u16string text = u"a\u007F\u0080\u07FF\u0800\uD7FF\uE000\uFFFD\U00010000\U0010FFFF";
  const std::string want =
      "a\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBD"
      "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF";
  for (const bool big_endian : {false, true}) {
    EXPECT_EQ(text_of(bytes_of(text, big_endian)), want);
    EXPECT_EQ(text_of(bytes_of(text, big_endian), 1), want);
    EXPECT_EQ(text_of(test::zstd_frame(bytes_of(text, big_endian))), want);
    EXPECT_EQ(text_of(bytes_of(u"", big_endian)), "");
  }
}

TEST_F(Utf16, ALongTextHasNoSeams) {
  std::u16string text(32767, u'x');  // a pair over the end of a piece
  text += u"\U0001F600end";
  EXPECT_EQ(text_of(bytes_of(text, false), 1000), std::string(32767, 'x') +
                                                      "\xF0\x9F\x98\x80"
                                                      "end");
}

TEST_F(Utf16, ATableIsReadAndItsFewestBytesBound) {
  const std::u16string table = u"größe,farbe,y\n1,rot,0\n2,grün,1\n";
  const Dataset data = read_training_data(config(write("d.csv", bytes_of(table, false))), TargetUse::numbers);
  EXPECT_EQ(data.transform.names, (std::vector<std::string>{"größe", "farbe=grün", "farbe=rot"}));
  const PeekedSource peeked = peek(open_file(write("t", bytes_of(u"abc", true))), 2);
  EXPECT_EQ(peeked.head, "ab");
  EXPECT_EQ(peeked.source->most_bytes(), 12) << "half more than the eight that are stored";
}

TEST_F(Utf16, HalfACharacterIsNamed) {
  const std::string cut = "t is cut off: its UTF-16 text ends inside a character";
  expect_error<DataError>([&] { text_of(bytes_of(u"ab", false) + "c"); }, {cut});
  expect_error<DataError>([&] { text_of(std::string("\xFF\xFE\x3D\xD8", 4)); }, {cut});
  const std::string wrong = "t: not UTF-16 near byte 2, as its first two bytes say";
  expect_error<DataError>([&] { text_of(std::string("\xFF\xFE\x00\xDE", 4)); }, {wrong});
  expect_error<DataError>([&] { text_of(std::string("\xFF\xFE\x3D\xD8\x41\0", 6)); },
                          {"t: not UTF-16 near byte 4"});
}

}  // namespace
}  // namespace thalweg
