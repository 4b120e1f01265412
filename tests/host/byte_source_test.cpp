// Files as bytes: what is looked at comes again, what changes meanwhile is noticed, what never ends is ended.
#include "host/data/byte_source.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "host/data/input_file.hpp"
#include "tests/support/byte_sources.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/deflate.hpp"
#include "tests/support/pipe.hpp"

namespace thalweg {
namespace {

using test::deflated;
using test::expect_error;
using test::read_all;

class ByteSources : public test::DataFiles {
 protected:
  /// A megabyte and a bit in which no two places look alike.
  static std::string long_text() {
    std::string text;
    for (int i = 0; text.size() < (1 << 20) + 7; ++i) text += std::to_string(i) + "\n";
    return text;
  }
  /// In the past, so that whatever is written now has another time.
  static void make_old(const std::string& path) {
    const timespec times[2] = {{1000000000, 0}, {1000000000, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }
  std::string old_file(const std::string& name, const std::string& bytes) const {
    const std::string file = write(name, bytes);
    make_old(file);
    return file;
  }
  static void append(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::app) << bytes;
  }
};

TEST_F(ByteSources, APathThroughAFileNamesNoFile) {
  const std::string file = write("d.csv", "1\n");
  expect_error<NoInputError>([&] { open_file(file + "/x", {}); }, {"d.csv/x: no such file"});
}

TEST_F(ByteSources, WhatWasPeekedComesAgain) {
  const std::string text = long_text();
  for (const std::string& file : {write("t", text), write_gz("t.gz", text)}) {
    for (const std::int64_t size : {std::int64_t{0}, std::int64_t{8}, std::int64_t{65536}}) {
      const PeekedSource peeked = peek(open_file(file), size);
      EXPECT_EQ(peeked.head, text.substr(0, static_cast<std::size_t>(size)));
      EXPECT_EQ(read_all(*peeked.source, 4099), text);
    }
  }
  EXPECT_EQ(peek(open_file(write("short", "ab")), 8).head, "ab");
}

TEST_F(ByteSources, GzipMembersAreOneTextWhateverThePieces) {
  const std::string text = long_text();
  const std::size_t cuts[] = {1, 1, 131072, 300000, text.size()};
  std::size_t at = 0;
  for (const std::size_t cut : cuts) {  // the second one is empty
    gzFile file = gzopen(path("m.gz").c_str(), "ab");
    gzwrite(file, text.data() + at, static_cast<unsigned>(cut - at));
    gzclose(file);
    at = cut;
  }
  for (const std::int64_t piece : {1000, 131072, 1 << 22}) {
    EXPECT_EQ(read_all(*open_file(path("m.gz")), piece), text) << piece;
  }
  append(path("m.gz"), "no member");
  expect_error<DataError>([&] { read_all(*open_file(path("m.gz"))); },
                          {"m.gz: damaged gzip data", "what follows its last frame is not another one"});
}

TEST_F(ByteSources, StoredBytesCountWhatWasTaken) {
  const auto plain = open_file(write("t", std::string(100, 'x')));
  char bytes[40];
  EXPECT_EQ(plain->stored_total(), 100);
  EXPECT_EQ(plain->stored_done(), 0);
  EXPECT_EQ(plain->read(bytes, 40), 40);
  EXPECT_EQ(plain->stored_done(), 40);
  EXPECT_EQ(plain->most_bytes(), 100);
}

TEST_F(ByteSources, AFileThatChangesWhileItIsReadIsNoticed) {
  const std::string text = long_text();
  const std::string size = std::to_string(text.size());
  const auto changed = [&](const auto& change, const std::vector<std::string>& words) {
    const std::string file = old_file("t", text);
    const auto source = open_file(file);
    std::string part(200000, '\0');
    ASSERT_EQ(source->read(part.data(), 200000), 200000);
    change(file);
    expect_error<DataError>([&] { read_all(*source); }, words);
  };
  changed([](const std::string& file) { std::ofstream(file, std::ios::trunc).close(); },
          {"changed while it was read", size + " bytes at first and then 0"});
  changed([](const std::string& file) { ASSERT_EQ(::truncate(file.c_str(), 500000), 0); },
          {"changed while it was read", "then 500000"});
  changed(
      [](const std::string& file) {
        ASSERT_EQ(::truncate(file.c_str(), 600000), 0);
        make_old(file);
      },
      {"changed while it was read", "then 600000"});
  changed([](const std::string& file) { append(file, "1\n"); },
          {"changed while it was read", "then " + std::to_string(text.size() + 2)});
  changed(
      [](const std::string& file) {
        std::fstream(file, std::ios::in | std::ios::out | std::ios::binary) << "9";
      },
      {"changed while it was read", "written anew"});
}

TEST_F(ByteSources, AGzipFileThatChangesIsNoticedBeforeItIsCalledDamaged) {
  std::string noise;  // does not deflate, so that the file is longer than what is read of it at a time
  for (std::uint32_t i = 0, x = 1; i < 1000000; ++i)
    noise += static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
  const std::string file = write_gz("t.gz", noise);
  make_old(file);
  const auto source = open_file(file);
  char byte;
  ASSERT_EQ(source->read(&byte, 1), 1);
  ASSERT_EQ(::truncate(file.c_str(), 500000), 0);
  expect_error<DataError>([&] { read_all(*source); }, {"changed while it was read"});
}

/// All of it lies in the buffer by then.
TEST_F(ByteSources, AGzipFileThatGrowsBehindItsLastMemberIsNoticed) {
  const std::string file = write_gz("t.gz", "1,2\n");
  make_old(file);
  const auto source = open_file(file);
  append(file, "more");
  expect_error<DataError>([&] { read_all(*source); }, {"changed while it was read"});
}

TEST_F(ByteSources, AFileIsNotReadBeyondItsSize) {
  const std::string path = old_file("t", "0123456789");
  InputFile file(path);
  append(path, "0123456789");
  char bytes[15];
  expect_error<DataError>([&] { file.read(bytes, 15); }, {"10 bytes at first and then 20"});
}

TEST_F(ByteSources, APlaceThatWasCutOffIsNotReadAsZeros) {
  const std::string path = old_file("t", "0123456789");
  const InputFile file(path);
  ASSERT_EQ(::truncate(path.c_str(), 5), 0);
  expect_error<DataError>([&] { file.read_at(2, 8); }, {"10 bytes at first and then 5"});
}

TEST_F(ByteSources, AnUntouchedFileIsReadWithoutAWord) {
  const std::string text = long_text();
  EXPECT_EQ(read_all(*open_file(old_file("t", text))), text);
  InputFile file(old_file("u", text));
  EXPECT_EQ(file.read_at(3, 5), text.substr(3, 5));
  EXPECT_NO_THROW(file.require_unchanged());
}

/// A name in a gzip header ends with a zero byte; members may be empty.
TEST_F(ByteSources, GzipWithoutDataDoesNotGoOnForEver) {
  const std::string name = std::string("\x1F\x8B\x08\x08\0\0\0\0\0\x03", 10) + std::string(3 << 20, 'n');
  const std::string empty("\x1F\x8B\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0", 20);
  std::string members;
  for (int i = 0; i < 80000; ++i) members += empty;
  for (const std::string& bytes : {name, members}) {
    const auto source = open_file(write("e.gz", bytes));
    expect_error<DataError>([&] { read_all(*source); }, {"e.gz", "more than 1 MiB", "hold no data"});
  }
}

/// 257 MiB in 9 KiB each, a hundredth: far from what is refused.
TEST_F(ByteSources, MuchGzipThroughAPipeIsNoBomb) {
  const std::string piece = deflated(std::string(1 << 20, ' '), test::kGzip) +
                            deflated(std::string(8192, ' '), test::kGzip, Z_NO_COMPRESSION);
  std::string bytes;
  for (int i = 0; i < 257; ++i) bytes += piece;
  const test::Pipe pipe(bytes);
  const std::int64_t inflated = std::int64_t{257} * ((1 << 20) + 8192);
  EXPECT_EQ(skip_bytes(*open_file(pipe.path()), inflated + 1), inflated);
}

TEST_F(ByteSources, AFileWithoutASizeIsReadToItsEnd) {
  const auto source = open_file("/proc/self/status");
  EXPECT_EQ(source->stored_total(), 0);
  EXPECT_EQ(read_all(*source).substr(0, 5), "Name:");
}

/// The memory of this process is a file whose first page nobody has.
TEST_F(ByteSources, APlaceThatCannotBeReadIsNamedWithTheReason) {
  const InputFile memory("/proc/self/mem", {});
  expect_error<IoError>([&] { memory.read_at(7, 2); },
                        {"/proc/self/mem: cannot be read at byte 7: Input/output error"});
}

}  // namespace
}  // namespace thalweg
