// Compressed files: the same text whatever the library, and damage by name.
#include <gtest/gtest.h>

#include "host/data/byte_source.hpp"
#include "host/data/inflater.hpp"
#include "host/data/readers.hpp"
#include "tests/support/byte_sources.hpp"
#include "tests/support/compressed.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/pipe.hpp"

namespace thalweg {
namespace {

using test::Compressor;
using test::expect_error;
using test::kCompressors;
using test::read_all;

class Compressions : public test::DataFiles {
 protected:
  static std::string long_text() {
    std::string text;
    for (int i = 0; text.size() < (1 << 20) + 7; ++i) text += std::to_string(i * 7919 % 100003) + "\n";
    return text;
  }
};

constexpr char kTable[] = "a,b,y\n1,2.5,0\n-3,1e3,1\n4,5,1\n";

TEST_F(Compressions, AreReadBackInPiecesOfAnySizeFromFilesAndPipes) {
  const std::string text = long_text();
  for (const Compressor& by : kCompressors) {
    const std::string packed = by.compress(text);
    ASSERT_LT(packed.size(), text.size() / 2) << by.name;
    const std::string file = write("t" + by.ending, packed);
    for (const std::int64_t piece : {1000, 131072, 1 << 22})
      EXPECT_EQ(read_all(*open_file(file), piece), text) << by.name << piece;
    const test::Pipe pipe(packed);
    EXPECT_EQ(read_all(*open_file(pipe.path()), 4099), text) << by.name;
  }
}

TEST_F(Compressions, SeveralMembersAreOneText) {
  const std::string text = long_text();
  for (const Compressor& by : kCompressors) {
    const std::string packed = by.compress(text.substr(0, 300001)) + by.compress("") +
                               by.compress(text.substr(300001, 1)) + by.compress(text.substr(300002));
    EXPECT_EQ(read_all(*open_file(write("t", packed)), 4099), text) << by.name;
    EXPECT_EQ(read_all(*open_file(write("t", by.compress("")))), "") << by.name;
  }
}

TEST_F(Compressions, EveryCutIsNamed) {
  for (const Compressor& by : kCompressors) {
    const std::string packed = by.compress(kTable);
    for (std::size_t size = kMagicBytes; size < packed.size(); ++size) {
      const std::string file = write("cut", packed.substr(0, size));
      expect_error<DataError>([&] { read_all(*open_file(file)); },
                              {"cut is cut off: its " + by.name + " data end early, after "});
    }
    const std::string file = write("cut", packed + packed.substr(0, packed.size() - 1));
    expect_error<DataError>([&] { read_all(*open_file(file), 30); }, {"cut is cut off"});
  }
}

/// A flip in what no checksum covers, as the time in gzip's header, leaves the text as it is.
TEST_F(Compressions, AFlippedBitIsNamedOrChangesNothing) {
  for (const Compressor& by : kCompressors) {
    const std::string packed = by.compress(kTable);
    int named = 0;
    for (std::size_t bit = 8 * 6; bit < 8 * packed.size(); ++bit) {
      std::string flipped = packed;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      const std::string file = write("flipped", flipped);
      try {
        const std::string text = read_all(*open_file(file));
        EXPECT_TRUE(text == kTable || text == flipped) << by.name << " bit " << bit;
      } catch (const DataError& error) {
        EXPECT_NE(std::string(error.what()).find("flipped"), std::string::npos);
        ++named;
      }
    }
    EXPECT_GT(named, static_cast<int>(packed.size()) * 5) << by.name;
  }
}

TEST_F(Compressions, DamageIsNamedWithItsReasonAndItsPlace) {
  const std::string text = long_text();
  const std::string reasons[] = {"invalid", "match checksum", "a checksum or a table is wrong",
                                 "a checksum or a table is wrong"};
  for (std::size_t i = 0; i < std::size(kCompressors); ++i) {
    std::string packed = kCompressors[i].compress(text);
    for (std::size_t at = 1000; at < 1100; ++at) packed[at] = '\xFF';
    const std::string file = write("d", packed);
    expect_error<DataError>([&] { read_all(*open_file(file)); },
                            {"d: damaged " + kCompressors[i].name + " data (", reasons[i], "near byte "});
  }
}

TEST_F(Compressions, WhatFollowsTheLastMemberIsAnotherOneOrPadding) {
  const auto text_of = [&](const std::string& bytes) { return read_all(*open_file(write("t", bytes))); };
  const std::string refused = "(what follows its last frame is not another one)";
  expect_error<DataError>([&] { text_of(test::gzip_member("1\n") + "tail"); },
                          {"t: damaged gzip data", refused});
  expect_error<DataError>([&] { text_of(test::gzip_member("1\n") + std::string("\x1F\x8C\x08", 3)); },
                          {refused});
  expect_error<DataError>([&] { text_of(test::bzip2_stream("1\n") + "BZ"); },
                          {"t: damaged bzip2 data", refused});
  expect_error<DataError>([&] { text_of(test::zstd_frame("1\n") + "tail"); },
                          {"t: damaged zstd data", refused});
  expect_error<DataError>([&] { text_of(test::xz_stream("1\n") + "tail"); }, {"t: damaged xz data", refused});

  const std::string zeros(8, '\0');
  EXPECT_EQ(text_of(test::gzip_member("1\n") + zeros + test::gzip_member("2\n") + zeros + '\0'), "1\n2\n");
  EXPECT_EQ(text_of(test::xz_stream("1\n") + zeros + test::xz_stream("2\n") + zeros), "1\n2\n");
  const std::string note("\x5A\x2A\x4D\x18\x03\0\0\0abc", 11);  // a frame without data, RFC 8878 3.1.2
  EXPECT_EQ(text_of(note + test::zstd_frame("1\n") + note), "1\n");
}

TEST_F(Compressions, ABombIsRefused) {
  const std::string zeros(1 << 20, '0');
  for (const Compressor& by : kCompressors) {
    const std::string member = by.compress(zeros);
    std::string bomb;
    for (int i = 0; i < 300; ++i) bomb += member;
    const auto source = open_file(write("bomb", bomb));
    expect_error<DataError>([&] { skip_bytes(*source, std::int64_t{1} << 40); },
                            {"bomb inflates to more than 200 times its " + std::to_string(bomb.size())});
  }
}

TEST_F(Compressions, DataThatHoldNothingDoNotGoOnForEver) {
  std::string frames("\x50\x2A\x4D\x18\0\0\x20\0", 8);  // two mebibytes
  frames += std::string(2 << 20, 'x') + test::zstd_frame("1\n");
  expect_error<DataError>([&] { read_all(*open_file(write("t", frames))); },
                          {"damaged zstd data (more than 1 MiB of them hold no data)"});
  const std::string zeros(2 << 20, '\0');
  expect_error<DataError>([&] { read_all(*open_file(write("t", test::xz_stream("1\n") + zeros))); },
                          {"damaged xz data (more than 1 MiB of them hold no data)"});
}

/// A frame of one stored block behind this window: its exponent, from 2^10, and an eighth.
std::string zstd_of_window(char window) {
  return std::string("\x28\xB5\x2F\xFD\0", 5) + window + std::string("\x11\0\0", 3) + "1\n";
}

/// The stream with another byte and the checksum of its header, which begins at `begin`, made to fit.
std::string xz_with(std::string stream, std::size_t at, char byte, std::size_t begin, std::size_t size) {
  stream[at] = byte;
  std::uint32_t sum = lzma_crc32(reinterpret_cast<const std::uint8_t*>(stream.data() + begin), size, 0);
  for (std::size_t i = 0; i < 4; ++i, sum >>= 8) stream[begin + size + i] = static_cast<char>(sum);
  return stream;
}

TEST_F(Compressions, ADictionaryOfMoreThan256MebibytesIsRefused) {
  const auto text_of = [&](const std::string& bytes) { return read_all(*open_file(write("t", bytes))); };
  EXPECT_EQ(text_of(zstd_of_window('\x90')), "1\n") << "2^28 bytes";
  expect_error<DataError>([&] { text_of(zstd_of_window('\x98')); }, {"damaged zstd data", "too much memory"});

  const std::string stream = test::xz_stream("1\n");
  const auto header = static_cast<std::size_t>(stream[12]) * 4;  // of the block, without its checksum
  const std::size_t dictionary = stream.find("\x21\x01", 12) + 2;
  EXPECT_EQ(text_of(xz_with(stream, dictionary, 31, 12, header)), "1\n") << "3 * 2^26 bytes";
  expect_error<DataError>([&] { text_of(xz_with(stream, dictionary, 32, 12, header)); },
                          {"damaged xz data (its dictionary is too large)"});
}

TEST_F(Compressions, AStreamOfALaterXzIsNamed) {
  const std::string stream = xz_with(test::xz_stream("1\n"), 6, 1, 6, 2);
  expect_error<DataError>([&] { read_all(*open_file(write("t", stream))); },
                          {"damaged xz data (of a newer version of xz)"});
}

TEST_F(Compressions, AByteMakesAtMostWhatTheFormatAllows) {
  const std::int64_t most[] = {1032, 32768, 2097152, 8192};
  for (std::size_t i = 0; i < std::size(kCompressors); ++i) {
    const std::string packed = kCompressors[i].compress(kTable);
    EXPECT_EQ(open_file(write("t", packed))->most_bytes(), std::ssize(packed) * most[i])
        << kCompressors[i].name;
    const test::Pipe pipe(packed);
    EXPECT_EQ(open_file(pipe.path())->most_bytes(), std::numeric_limits<std::int64_t>::max());
  }
}

TEST_F(Compressions, TheNameBehindTheEndingTellsTheFormat) {
  for (const Compressor& by : kCompressors) {
    EXPECT_EQ(without_compression("d.tsv" + by.ending), "d.tsv");
    EXPECT_TRUE(has_name_of_data("D" + by.ending));
    const std::string tabs = by.compress("a,b,c\ty\n1\t0\n2\t1\n");
    EXPECT_EQ(read_training_data(config(write("d.tsv" + by.ending, tabs)), TargetUse::numbers).features, 1)
        << "the commas are more than the tabs";
    const std::string file = write("d.csv" + by.ending, by.compress(kTable));
    const Dataset packed = read_training_data(config(file), TargetUse::numbers);
    const Dataset plain = read_training_data(config(write("d.csv", kTable)), TargetUse::numbers);
    EXPECT_EQ(fingerprint(packed, true), fingerprint(plain, true));
    EXPECT_EQ(packed.where(1), file + " line 3");
  }
  EXPECT_EQ(without_compression("d.zip"), "d.zip");
  EXPECT_FALSE(has_name_of_data("d.zip"));
}

TEST_F(Compressions, ATableMayBeginWithTheLettersOfAMark) {
  const Dataset data = read_training_data(config(write("d", "BZh91AY,b\n1,2\n3,4\n")), TargetUse::numbers);
  EXPECT_EQ(data.rows, 2);
}

}  // namespace
}  // namespace thalweg
