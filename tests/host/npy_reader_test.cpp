#include <algorithm>
#include <cmath>

#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using test::npy;
using Floats = std::vector<float>;

template <class T>
std::vector<T> reversed(std::vector<T> elements) {
  for (T& element : elements) {
    char* bytes = reinterpret_cast<char*>(&element);
    std::reverse(bytes, bytes + sizeof(T));
  }
  return elements;
}

void append(std::string& to, std::uint64_t value, int bytes) {
  for (; bytes > 0; --bytes, value >>= 8) to += static_cast<char>(value);
}

std::string deflated(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(bytes.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// A zip archive (APPNOTE.TXT) of these members; zip64 fields as numpy writes them in local headers.
std::string zip(const std::vector<std::pair<std::string, std::string>>& members, bool deflate_them,
                std::uint32_t crc_error = 0) {
  std::string archive, directory;
  for (const auto& [name, bytes] : members) {
    const std::string stored = deflate_them ? deflated(bytes) : bytes;
    const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()) ^ crc_error;
    std::string common;
    append(common, 0, 2);
    append(common, deflate_them ? 8 : 0, 2);
    append(common, 0, 4);
    append(common, crc, 4);
    const std::size_t offset = archive.size();
    archive += "PK\x03\x04";
    append(archive, 45, 2);
    archive += common;
    append(archive, 0xFFFFFFFF, 4);
    append(archive, 0xFFFFFFFF, 4);
    append(archive, name.size(), 2);
    append(archive, 20, 2);
    archive += name;
    append(archive, 1, 2);
    append(archive, 16, 2);
    append(archive, bytes.size(), 8);
    append(archive, stored.size(), 8);
    archive += stored;
    directory += "PK\x01\x02";
    append(directory, 45 | 45 << 16, 4);
    directory += common;
    append(directory, stored.size(), 4);
    append(directory, bytes.size(), 4);
    append(directory, name.size(), 2);
    append(directory, 0, 12);
    append(directory, offset, 4);
    directory += name;
  }
  const std::size_t begin = archive.size();
  archive += directory + "PK\x05\x06";
  append(archive, 0, 4);
  append(archive, members.size(), 2);
  append(archive, members.size(), 2);
  append(archive, directory.size(), 4);
  append(archive, begin, 4);
  append(archive, 0, 2);
  return archive;
}

class NpyReader : public test::DataFiles {
 protected:
  Dataset read(const std::string& x, const std::string& rows = "") const {
    DataConfig c = config(write("x.npy", x));
    const std::vector<double> y(rows.empty() ? 2 : 5, 1.5);
    c.target = write("y.npy", npy("<f8", rows.empty() ? "(2,)" : "(5,)", y));
    c.train_rows = rows;
    return read_training_data(c, TargetUse::automatic);
  }
  template <class T>
  void reads_both_ways_round(const std::string& type) const {
    const std::vector<T> x{1, 2, 3, 4, 5, 100};
    const Floats want{1, 2, 3, 4, 5, 100};
    EXPECT_EQ(read(npy("<" + type, "(2, 3)", x)).dense_f32, want) << type;
    EXPECT_EQ(read(npy(">" + type, "(2, 3)", reversed(x))).dense_f32, want) << type;
  }
};

TEST_F(NpyReader, ReadsEveryTypeInEitherByteOrder) {
  reads_both_ways_round<float>("f4");
  reads_both_ways_round<double>("f8");
  reads_both_ways_round<std::int8_t>("i1");
  reads_both_ways_round<std::int16_t>("i2");
  reads_both_ways_round<std::int32_t>("i4");
  reads_both_ways_round<std::int64_t>("i8");
  reads_both_ways_round<std::uint16_t>("u2");
  reads_both_ways_round<std::uint32_t>("u4");
  reads_both_ways_round<std::uint64_t>("u8");
  EXPECT_EQ(read(npy("|b1", "(2, 1)", std::vector<std::uint8_t>{1, 0})).dense_f32, (Floats{1, 0}));
}

TEST_F(NpyReader, Uint8StaysUint8AndIsScaledWhereItIsRead) {
  const Dataset d = read(npy("|u1", "(2, 2)", std::vector<std::uint8_t>{0, 51, 102, 255}));
  EXPECT_TRUE(d.dense_f32.empty());
  EXPECT_EQ(d.dense_u8, (std::vector<std::uint8_t>{0, 51, 102, 255}));
  EXPECT_EQ(d.transform.scale, (Floats{1.0f / 255, 1.0f / 255}));
  EXPECT_EQ(d.transform.shift, (Floats{0, 0}));
  EXPECT_EQ(d.dense(nullptr, 2).dtype, DType::u8);
}

TEST_F(NpyReader, ReadsEveryHeaderVersionAndShape) {
  const std::vector<float> x{1, 2, 3, 4};
  for (int version : {1, 2, 3}) EXPECT_EQ(read(npy("<f4", "(2, 2)", x, false, version)).dense_f32, x);
  EXPECT_EQ(read(npy("<f4", "(2, 2, 1)", x)).features, 2);
  EXPECT_EQ(read(npy("<f4", "(2,)", Floats{1, 2})).features, 1);
}

TEST_F(NpyReader, TransposesFortranOrder) {
  const std::vector<float> by_column{1, 4, 2, 5, 3, 6};
  EXPECT_EQ(read(npy("<f4", "(2, 3)", by_column, true)).dense_f32, (Floats{1, 2, 3, 4, 5, 6}));
  const std::vector<double> five{1, 2, 3, 4, 5, 10, 20, 30, 40, 50};
  const Dataset part = read(npy(">f8", "(5, 2)", reversed(five), true), "1:3");
  EXPECT_EQ(part.dense_f32, (Floats{2, 20, 3, 30}));
  EXPECT_EQ(part.where(0), part.source + " row 1");
}

TEST_F(NpyReader, FortranOrderOfThreeDimensionsGivesTheRowsOfCOrder) {
  // x[r, i, j] = 100 r + 10 i + j; the first index runs fastest
  Floats in_file, want;
  for (int j = 0; j < 2; ++j)
    for (int i = 0; i < 3; ++i)
      for (int r = 0; r < 2; ++r) in_file.push_back(static_cast<float>(100 * r + 10 * i + j));
  for (int r = 0; r < 2; ++r)
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 2; ++j) want.push_back(static_cast<float>(100 * r + 10 * i + j));
  EXPECT_EQ(read(npy("<f4", "(2, 3, 2)", in_file, true)).dense_f32, want);
}

TEST_F(NpyReader, ReadsRowRanges) {
  const std::vector<std::int32_t> x{1, 2, 3, 4, 5};
  EXPECT_EQ(read(npy("<i4", "(5, 1)", x), "2:4").dense_f32, (Floats{3, 4}));
  EXPECT_EQ(read(npy("<i4", "(5, 1)", x), "3:").dense_f32, (Floats{4, 5}));
  expect_error<DataError>([&] { read(npy("<i4", "(5, 1)", x), "2:9"); }, {"x.npy has 5 rows", "2 to 9"});
}

TEST_F(NpyReader, TargetsOfIntegerTypeAreClasses) {
  DataConfig c = config(write("x.npy", npy("<f4", "(3, 1)", Floats{1, 2, 3})));
  c.target = write("y.npy", npy("<i8", "(3, 1)", std::vector<std::int64_t>{7, -2, 7}));
  const Dataset d = read_training_data(c, TargetUse::automatic);
  EXPECT_EQ(d.classes, (std::vector<std::string>{"-2", "7"}));
  EXPECT_EQ(d.target, (Floats{1, 0, 1}));
  c.target = write("y.npy", npy("<f4", "(3,)", Floats{1, 2, 3}));
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).target_kind, TargetKind::number);
  c.target = write("y.txt", "cat\ndog\ncat\n");
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).target, (Floats{0, 1, 0}));
  c.weight = write("w.txt", "1\n2\n0.5\n");
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).weight, (Floats{1, 2, 0.5f}));
}

TEST_F(NpyReader, ErrorsNameFileRowAndColumn) {
  const std::string good = npy("<f4", "(2, 3)", Floats{1, 2, 3, 4, 5, 6});
  const auto fails = [&](const std::string& x, const std::vector<std::string>& words) {
    expect_error<DataError>([&] { read(x); }, words);
  };
  fails(npy("<f4", "(2, 2)", Floats{1, 2, 3, NAN}), {"x.npy row 1", "column 1", "missing"});
  fails(npy("<f4", "(2, 2)", Floats{1, 2, INFINITY, 3}), {"x.npy row 1", "column 0", "infinity"});
  fails(npy("<f8", "(2, 1)", std::vector<double>{1, 1e300}), {"x.npy row 1", "infinity"});
  for (std::size_t cut : {9u, 11u, 40u}) fails(good.substr(0, cut), {"x.npy is cut off", "header"});
  fails(good.substr(0, good.size() - 1), {"x.npy is cut off", "2 rows of 3", "float32"});
  fails(good + "x", {"x.npy has bytes after the 2 rows"});
  fails(npy("<f4", "(1000000000000, 1000)", Floats{1}),
        {"x.npy is cut off", "1000000000000 rows", "file can hold"});
  fails(npy("<f4", "(9223372036854775807, 9223372036854775807)", Floats{1}),
        {"x.npy is cut off", "too many"});
  fails(npy("<f4", "(0, 3)", Floats{}), {"x.npy has no values"});
  fails(npy("<f4", "(3, 1)", Floats{1, 2, 3}), {"y.npy has 2 rows", "want 3"});
  fails(npy("<c8", "(1, 1)", Floats{1, 2}), {"x.npy", "\"<c8\"", "want f4"});
  fails(npy("|O", "(1, 1)", Floats{1, 2}), {"x.npy", "\"|O\""});
  fails(npy("<f4", "(-1, 1)", Floats{1}), {"x.npy", "\"-1\""});
  std::string huge_header = good;
  huge_header[6] = 2, huge_header[10] = '\xFF', huge_header[11] = '\x7F';
  fails(huge_header, {"x.npy", "header claims"});
  for (const auto& [from, to] : {std::pair{"False", "Falsch"},
                                 {"(2, 3)", "(2)   "},
                                 {"(2, 3)", "(2, 03"},
                                 {"(2, 3)", "(2,,3)"},
                                 {"'shape'", "'shade'"},
                                 {", }", "} x"},
                                 {"'shape'", "'descr'"},
                                 {"'descr': '<f4', ", "                 "},
                                 {"{", "["}}) {
    std::string changed = good;
    const std::size_t at = changed.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    fails(changed.replace(at, std::strlen(to), to), {"x.npy"});
  }
  std::string version = good;
  version[6] = 9;
  fails(version, {"x.npy", "version 9"});
}

TEST_F(NpyReader, GzipThatClaimsMoreThanItCanHoldIsRefused) {
  DataConfig c = config(write_gz("x.npy.gz", npy("<f4", "(2, 3)", Floats{1, 2, 3, 4, 5, 6})));
  c.target = write("y.npy", npy("<f8", "(2,)", std::vector<double>{1, 2}));
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).dense_f32[5], 6.0f);
  c.train = write_gz("x.npy.gz", npy("<f4", "(100000000, 3)", Floats{1, 2, 3, 4, 5, 6}));
  expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); },
                          {"x.npy.gz", "file can hold"});
}

TEST_F(NpyReader, ReadsStoredAndDeflatedArchives) {
  const std::string x = npy("<f4", "(3, 2)", Floats{1, 2, 3, 4, 5, 6}),
                    y = npy("<i4", "(3,)", std::vector<int>{1, 0, 1});
  for (const bool deflate_them : {false, true}) {
    for (const auto& [features, labels] :
         {std::pair{"X.npy", "y.npy"}, {"data.npy", "target.npy"}, {"a.npy", "labels.npy"}}) {
      const Dataset d = read_training_data(
          config(write("d.npz", zip({{labels, y}, {features, x}}, deflate_them))), TargetUse::automatic);
      EXPECT_EQ(d.dense_f32, (Floats{1, 2, 3, 4, 5, 6}));
      EXPECT_EQ(d.target, (Floats{1, 0, 1}));
    }
    DataConfig c = config(write("d.npz", zip({{"X.npy", x}, {"mine.npy", y}}, deflate_them)));
    c.target = "mine";
    c.train_rows = "1:3";
    EXPECT_EQ(read_training_data(c, TargetUse::automatic).target, (Floats{0, 1}));
  }
}

TEST_F(NpyReader, ABoolOfAnotherByteThanOneIsOne) {
  EXPECT_EQ(read(npy("|b1", "(2, 2)", std::vector<std::uint8_t>{1, 0, 2, 255})).dense_f32,
            (Floats{1, 0, 1, 1}));
}

TEST_F(NpyReader, OneNameInTheDirectoryAndAnotherAtTheArrayIsDamage) {
  const std::string array = npy("<f4", "(2,)", Floats{1, 2});
  std::string archive = zip({{"X.npy", array}, {"y.npy", array}}, false);
  archive[archive.find("X.npy")] = 'Z';
  expect_error<DataError>([&] { read_training_data(config(write("d.npz", archive)), TargetUse::automatic); },
                          {"d.npz", "damaged"});
}

TEST_F(NpyReader, AMemberThatInflatesToLessThanItsSizeIsDamage) {
  const std::string array = npy("<f4", "(2,)", Floats{1, 2});
  std::string archive = zip({{"X.npy", array}, {"y.npy", array}}, true);
  const std::size_t size = archive.find("PK\x01\x02") + 24;
  ASSERT_EQ(static_cast<unsigned char>(archive[size]), array.size());
  ++archive[size];  // the checksum is not reached
  expect_error<DataError>([&] { read_training_data(config(write("d.npz", archive)), TargetUse::automatic); },
                          {"d.npz:X", "inflates to"});
}

TEST_F(NpyReader, DamagedArchivesAreRefused) {
  const std::string x = npy("<f4", "(3, 2)", Floats{1, 2, 3, 4, 5, 6}),
                    y = npy("<i4", "(3,)", std::vector<int>{1, 0, 1});
  const auto fails = [&](const std::string& bytes, const std::vector<std::string>& words) {
    expect_error<DataError>([&] { read_training_data(config(write("d.npz", bytes)), TargetUse::automatic); },
                            words);
  };
  for (const bool deflate_them : {false, true}) {
    const std::string good = zip({{"X.npy", x}, {"y.npy", y}}, deflate_them);
    fails(zip({{"X.npy", x}, {"y.npy", y}}, deflate_them, 1), {"d.npz:X", "checksum"});
    fails(good.substr(0, good.size() / 2), {"d.npz", "damaged"});
    fails(good.substr(0, good.size() - 10), {"d.npz", "damaged"});
  }
  fails(zip({{"w.npy", y}}, true), {"d.npz", "arrays w", "want X or data"});
  expect_error<ConfigError>(
      [&] {
        read_training_data(config(write("d.npz", zip({{"X.npy", x}}, true))), TargetUse::automatic);
      },
      {"d.npz", "arrays X", "want y or target"});
}

}  // namespace
}  // namespace thalweg
