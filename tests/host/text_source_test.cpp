// Files as streams of bytes and as blocks of whole records.
#include "host/data/text_source.hpp"

#include <algorithm>
#include <limits>

#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using test::expect_error;

constexpr std::size_t kMebibyte = std::size_t{1} << 20;

class TextSourceBlocks : public test::DataFiles {
 protected:
  /// The blocks of a file of this text; each begins at the line that it says.
  std::vector<std::string> blocks(const std::string& text, RecordEnd end, bool packed = false) const {
    const std::string file = packed ? write_gz("t.gz", text) : write("t", text);
    TextSource source(file, open_file(file), end);
    std::vector<std::string> all;
    std::int64_t line = 1;
    EXPECT_FALSE(source.at_end());
    for (TextBlock block; source.next(block); all.push_back(block.text)) {
      EXPECT_EQ(block.first_line, line);
      line += std::count(block.text.begin(), block.text.end(), '\n');
    }
    EXPECT_TRUE(source.at_end());
    return all;
  }
  static std::string joined(const std::vector<std::string>& parts) {
    std::string all;
    for (const std::string& part : parts) all += part;
    return all;
  }
};

TEST_F(TextSourceBlocks, EndAtTheLastLineEndOfEachMebibyte) {
  std::string text;
  for (int line = 0; line < 30'000; ++line)
    text += std::string(99, static_cast<char>('a' + line % 26)) + "\n";
  for (const bool packed : {false, true}) {
    const std::vector<std::string> all = blocks(text + "the last", RecordEnd::line, packed);
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(joined(all), text + "the last");
    EXPECT_EQ(all[0].size(), 10'485u * 100) << "the most whole lines of 1048576 bytes";
    EXPECT_EQ(all[0].back(), '\n');
    EXPECT_EQ(all[1].back(), '\n');
  }
}

TEST_F(TextSourceBlocks, ARecordLongerThanABlockStaysWhole) {
  const std::string text = std::string(3 * kMebibyte + 5, 'x') + "\nb\n";
  const std::vector<std::string> all = blocks(text, RecordEnd::line);
  EXPECT_EQ(joined(all), text);
  EXPECT_GT(all[0].size(), 3 * kMebibyte + 5);
}

TEST_F(TextSourceBlocks, LineEndsInQuotesEndNoRecord) {
  std::string quoted = "\"";
  while (quoted.size() < 2 * kMebibyte) quoted += "a,\"\"b\"\"\n";
  quoted += "\"\n";
  const std::string text = "1\n" + quoted + "2\n";
  EXPECT_EQ(joined(blocks(text, RecordEnd::line)), text);
  const std::vector<std::string> all = blocks(text, RecordEnd::line_outside_quotes);
  ASSERT_GE(all.size(), 2u);
  EXPECT_EQ(all[0], "1\n");
  EXPECT_EQ(all[1].substr(0, quoted.size()), quoted);
  EXPECT_EQ(joined(all), text);
  EXPECT_GT(blocks(text, RecordEnd::line).at(0).size(), 1000u) << "quotes mean nothing there";
}

TEST_F(TextSourceBlocks, AByteOrderMarkIsDroppedAtTheBeginningAlone) {
  const std::string mark = "\xEF\xBB\xBF";
  EXPECT_EQ(joined(blocks(mark + "a\n", RecordEnd::line)), "a\n");
  std::string text;  // a whole mebibyte, and the second block begins with the mark
  while (text.size() < kMebibyte) text += std::string(63, 'x') + "\n";
  const std::vector<std::string> all = blocks(text + mark + "a\n", RecordEnd::line);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1], mark + "a\n");
}

TEST_F(TextSourceBlocks, AnEmptyFileHasNone) {
  const std::string file = write("t", "");
  TextSource source(file, open_file(file), RecordEnd::line);
  TextBlock block;
  EXPECT_FALSE(source.next(block));
  EXPECT_TRUE(source.at_end());
}

class Bytes : public test::DataFiles {
 protected:
  static std::string pattern(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * i >> 3);
    return bytes;
  }
};

TEST_F(Bytes, AreAppendedAndSkippedToTheEndOfTheFileAndNoFurther) {
  const std::string bytes = pattern(2 * kMebibyte + kMebibyte / 2);
  const auto size = static_cast<std::int64_t>(bytes.size());
  for (const std::string& file : {write("b", bytes), write_gz("b.gz", bytes)}) {
    auto source = open_file(file);
    std::vector<char> got{'>'};
    EXPECT_EQ(append_bytes(*source, size - 7, got), size - 7);
    EXPECT_EQ(std::string(got.begin(), got.end()), ">" + bytes.substr(0, bytes.size() - 7));
    EXPECT_EQ(append_bytes(*source, 100, got), 7);
    EXPECT_EQ(append_bytes(*source, 100, got), 0);
    source = open_file(file);
    EXPECT_EQ(skip_bytes(*source, size - 2), size - 2);
    char rest[4];
    EXPECT_EQ(source->read(rest, 4), 2);
    EXPECT_EQ(rest[1], bytes.back());
    EXPECT_EQ(skip_bytes(*source, 5), 0);
    EXPECT_EQ(skip_bytes(*open_file(file), size + 5), size);
    EXPECT_EQ(peek(open_file(file), 10).head, bytes.substr(0, 10));
    EXPECT_EQ(peek(open_file(file), size + 10).head, bytes);
  }
}

TEST_F(Bytes, AFileHoldsAtMostItsSizeAndAPackedOneWhatDeflateCanMakeOfIt) {
  const auto plain = open_file(write("b", "12345"));
  EXPECT_EQ(plain->most_bytes(), 5);
  EXPECT_EQ(plain->stored_total(), 5);
  char all[5];
  EXPECT_EQ(plain->read(all, 5), 5);
  EXPECT_EQ(plain->stored_done(), 5);
  const std::string packed = write_gz("b.gz", std::string(100'000, 'x'));
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(packed));
  EXPECT_EQ(open_file(packed)->stored_total(), size);
  EXPECT_EQ(open_file(packed)->most_bytes(), size * kMaxInflation);
  EXPECT_EQ(kMaxInflation, 1032) << "zlib's Technical Details: the most that deflate can reach";
}

TEST_F(Bytes, WhatInflatesTwoHundredTimesMayDoSoUpTo256Mebibytes) {
  const std::int64_t harmless = std::int64_t{256} << 20;  // 268435456 = 200 * 1342177.28
  EXPECT_NO_THROW(check_inflation("f", harmless, 1));
  EXPECT_NO_THROW(check_inflation("f", harmless + 1, 1342177));
  expect_error<DataError>([&] { check_inflation("f", harmless + 1, 1342176); },
                          {"f inflates to more than 200 times its 1342176 bytes"});
}

}  // namespace
}  // namespace thalweg
