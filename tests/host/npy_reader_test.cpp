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

/// A zip archive (APPNOTE.TXT) of these members; zip64 fields as numpy writes them in local headers, and in
/// the directory where `big` is set, as in archives of more than 4 GiB.
std::string zip(const std::vector<std::pair<std::string, std::string>>& members, bool deflate_them,
                std::uint32_t crc_error = 0, bool big = false) {
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
    append(directory, big ? 0xFFFFFFFF : stored.size(), 4);
    append(directory, big ? 0xFFFFFFFF : bytes.size(), 4);
    append(directory, name.size(), 2);
    append(directory, big ? 32 : 0, 2);
    append(directory, 0, 10);
    append(directory, big ? 0xFFFFFFFF : offset, 4);
    directory += name;
    if (!big) continue;
    append(directory, 0x7777, 2);  // a field of no bytes that nobody knows
    append(directory, 0, 2);
    append(directory, 1, 2);
    append(directory, 24, 2);
    append(directory, bytes.size(), 8);
    append(directory, stored.size(), 8);
    append(directory, offset, 8);
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

TEST_F(NpyReader, ReadsArchivesWhoseSizesStandInTheirZip64Fields) {
  Floats in_file(1000, 0.5f);
  in_file[998] = 7;
  const std::string x = npy("<f4", "(500, 2)", in_file), y = npy("<i4", "(500,)", std::vector<int>(500, 1));
  for (const bool deflate_them : {false, true}) {
    const Dataset d = read_training_data(
        config(write("d.npz", zip({{"y.npy", y}, {"X.npy", x}}, deflate_them, 0, true))), TargetUse::numbers);
    EXPECT_EQ(d.dense_f32, in_file);
    EXPECT_EQ(d.target, Floats(500, 1));
  }
}

TEST_F(NpyReader, ARangeToTheEndLeavesNoBytesBehindIt) {
  const std::string x = npy("<f4", "(5, 1)", Floats{1, 2, 3, 4, 5});
  for (const char* rows : {"0:5", "2:5", "0:", "4:"})
    expect_error<DataError>([&] { read(x + "z", rows); }, {"x.npy has bytes after the 5 rows of 1 float32"});
  EXPECT_EQ(read(x + "z", "0:4").dense_f32, (Floats{1, 2, 3, 4})) << "what lies behind is not read";
}

TEST_F(NpyReader, ARangeThatBeginsAtTheEndOrBehindItNamesTheRows) {
  const std::string x = npy("<f4", "(5, 1)", Floats{1, 2, 3, 4, 5});
  const auto fails = [&](const char* rows, const char* words) {
    expect_error<DataError>([&] { read(x, rows); }, {words});
  };
  fails("5:", "x.npy has 5 rows; the row range wants 5 to the end");
  fails("6:", "x.npy has 5 rows; the row range wants 6 to the end");
  fails("5:6", "x.npy has 5 rows; the row range wants 5 to 6");
  fails("0:6", "x.npy has 5 rows; the row range wants 0 to 6");
  EXPECT_EQ(read(x, "4:5").dense_f32, (Floats{5}));
}

TEST_F(NpyReader, AMemberOfAnArchiveIsFoundByTheUsualNamesInTheirOrder) {
  const auto array = [](float value) { return npy("<f4", "(2, 1)", Floats{value, value}); };
  const std::string y = npy("<f4", "(2,)", Floats{8, 9});
  const char* const names[] = {"X", "data", "x", "x_train", "X_train"};
  std::vector<std::pair<std::string, std::string>> members{{"y.npy", y}};
  for (int i = 4; i >= 0; --i) {
    members.emplace_back(std::string(names[i]) + ".npy", array(static_cast<float>(i)));
    const Dataset d = read_training_data(config(write("d.npz", zip(members, true))), TargetUse::numbers);
    EXPECT_EQ(d.dense_f32[0], static_cast<float>(i)) << names[i];
    EXPECT_EQ(d.source, path("d.npz") + ":" + names[i]);
  }
  members = {{"X.npy", array(1)}};
  const char* const targets[] = {"y", "target", "labels", "y_train"};
  for (int i = 3; i >= 0; --i) {
    members.emplace_back(std::string(targets[i]) + ".npy", npy("<f4", "(2,)", Floats{float(i), 0}));
    const Dataset d = read_training_data(config(write("d.npz", zip(members, true))), TargetUse::numbers);
    EXPECT_EQ(d.target[0], static_cast<float>(i)) << targets[i];
  }
}

TEST_F(NpyReader, AnArchiveMayHoldWeights) {
  const std::string x = npy("<f4", "(2, 1)", Floats{1, 2}), y = npy("<f4", "(2,)", Floats{8, 9}),
                    w = npy("<f8", "(2,)", std::vector<double>{0.5, 2}), v = npy("<f4", "(2,)", Floats{3, 4});
  DataConfig c = config(
      write("d.npz", zip({{"X.npy", x}, {"y.npy", y}, {"sample_weight.npy", w}, {"mine.npy", v}}, true)));
  EXPECT_EQ(read_training_data(c, TargetUse::numbers).weight, (Floats{0.5f, 2}));
  c.weight = "mine";
  EXPECT_EQ(read_training_data(c, TargetUse::numbers).weight, (Floats{3, 4}));
  c.weight = write("w.txt", "5\n6\n");
  EXPECT_EQ(read_training_data(c, TargetUse::numbers).weight, (Floats{5, 6}));
  c.target = write("y.txt", "1\n2\n");
  EXPECT_EQ(read_training_data(c, TargetUse::numbers).target, (Floats{1, 2}));
  c = config(write("d.npz", zip({{"X.npy", x}, {"y.npy", npy("<f4", "(3,)", Floats{1, 2, 3})}}, true)));
  expect_error<DataError>([&] { read_training_data(c, TargetUse::numbers); },
                          {"d.npz:y has 3 rows; want 2, as many as the features"});
}

TEST_F(NpyReader, ArraysOfMoreThanAMebibyteAreReadInPieces) {
  constexpr std::int64_t kRows = 150'001;
  std::vector<double> x;
  for (std::int64_t i = 0; i < 2 * kRows; ++i) x.push_back(static_cast<double>(i));
  DataConfig c = config(write("x.npy", npy("<f8", "(150001, 2)", x)));
  c.target = write("y.npy", npy("<f4", "(150001,)", Floats(kRows, 1.0f)));
  const auto check = [&](std::int64_t begin, std::int64_t rows) {
    const Dataset d = read_training_data(c, TargetUse::numbers);
    ASSERT_EQ(d.rows, rows);
    for (std::int64_t i = 0; i < 2 * rows; ++i)
      ASSERT_EQ(d.dense_f32[static_cast<std::size_t>(i)], static_cast<float>(2 * begin + i));
  };
  check(0, kRows);
  c.train_rows = "149000:";
  check(149'000, 1001);
}

TEST_F(NpyReader, AHeaderMayHave65536BytesAndNoMore) {
  const std::string good = npy("<f4", "(2, 1)", Floats{1, 2}, false, 2);
  const auto padded = [&](std::size_t size) {
    std::string header = good.substr(12, good.find('\n') - 12);
    header.resize(size - 1, ' ');
    std::string bytes = good.substr(0, 8);
    append(bytes, size, 4);
    return bytes + header + "\n" + good.substr(good.find('\n') + 1);
  };
  EXPECT_EQ(read(padded(65536)).dense_f32, (Floats{1, 2}));
  expect_error<DataError>([&] { read(padded(65537)); },
                          {"x.npy: its npy header claims 65537 bytes; want at most 65536"});
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

TEST_F(NpyReader, AMemberThatThisProgramCannotReadIsNamedWithItsReason) {
  const std::string array = npy("<f4", "(2,)", Floats{1, 2});
  const std::string good = zip({{"X.npy", array}, {"y.npy", array}}, false);
  const std::size_t entry = good.find("PK\x01\x02");  // of X
  const auto fails = [&](std::size_t at, char byte, const std::string& words) {
    std::string archive = good;
    archive[entry + at] = byte;
    expect_error<DataError>(
        [&] { read_training_data(config(write("d.npz", archive)), TargetUse::automatic); }, {"d.npz", words});
  };
  fails(6, 64, "member X.npy wants a newer zip than version 6.3");
  for (const int bit : {0, 5, 6})
    fails(8, static_cast<char>(1 << bit), "member X.npy is encrypted or a patch");
  fails(10, 12, "member X.npy uses zip method 12; want 0 (stored) or 8 (deflated)");
  fails(20, static_cast<char>(array.size() + 1), "bytes cannot come from");
  fails(24, static_cast<char>(array.size() + 1), "bytes cannot come from");
  fails(42, 1, "damaged");
  std::string newest = good;
  newest[entry + 6] = 63;
  newest[entry + 8] = 1 << 3;  // sizes behind the data, as in archives that were written to a pipe
  EXPECT_EQ(read_training_data(config(write("d.npz", newest)), TargetUse::numbers).target, (Floats{1, 2}));
}

TEST_F(NpyReader, TheDirectoryOfAnArchiveHasItsPlaceItsSizeAndItsCount) {
  const std::string array = npy("<f4", "(2,)", Floats{1, 2});
  const std::string good = zip({{"X.npy", array}, {"y.npy", array}}, false);
  const std::size_t end = good.size() - 22;
  const auto read = [&](const std::string& bytes) {
    return read_training_data(config(write("d.npz", bytes)), TargetUse::numbers).target;
  };
  for (const std::size_t at : {10u, 12u, 16u}) {
    for (const int by : {-1, 1}) {
      std::string archive = good;
      archive[end + at] = static_cast<char>(archive[end + at] + by);
      expect_error<DataError>([&] { read(archive); }, {"d.npz is a damaged or cut off npz (zip) archive"});
    }
  }
  EXPECT_EQ(read(good + "a comment"), (Floats{1, 2})) << "zip allows one behind the directory";
  EXPECT_EQ(read(good + std::string(65535, 'c')), (Floats{1, 2}));
  expect_error<DataError>([&] { read(good + std::string(65536, 'c')); }, {"damaged"});
}

TEST_F(NpyReader, HeadersOfOtherQuotesBlanksAndAOldLongMayBeRead) {
  const std::string good = npy("<f4", "(2, 1)", Floats{1, 2});
  const auto with = [&](const std::string& dictionary) {
    std::string bytes = good.substr(0, 8), header = dictionary;
    header.resize(117, ' ');
    append(bytes, 118, 2);
    return bytes + header + "\n" + good.substr(good.find('\n') + 1);
  };
  for (const char* dictionary : {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1)}",
                                 "{\"shape\":(2,1,),\"descr\":\"<f4\",\"fortran_order\":False}",
                                 " { 'fortran_order' : True , 'descr' : '<f4' , 'shape' : ( 2L , 1L ) , } "})
    EXPECT_EQ(read(with(dictionary)).dense_f32, (Floats{1, 2})) << dictionary;
  const std::pair<const char*, const char*> wrong[] = {
      {"{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 1)}", "has the fortran_order"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': [2, 1]}", "has a shape that is no tuple: "},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2)}", "no tuple but a number"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 01)}", "has the extent \"01\""},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1.0)}", "has the extent \"1.0\""},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, +1)}", "has the extent \"+1\""},
      {"{'descr': '<f4', 'fortran_order': False, 'extra': (2, 1)}", "has the key \"extra\""},
      {"{'descr': '<f4', 'descr': '<f4', 'shape': (2, 1)}", "has \"descr\" twice"},
      {"{'shape': (2, 1), 'fortran_order': False, 'shape': (2, 1)}", "has \"shape\" twice"},
      {"{'fortran_order': False, 'fortran_order': False}", "has \"fortran_order\" twice"},
      {"{'fortran_order': False, 'shape': (2, 1)}", "has no descr"},
      {"{'descr': '<f4', 'shape': (2, 1)}", "has no fortran_order"},
      {"{'descr': '<f4', 'fortran_order': False}", "has no shape"},
      {"{'descr': '<f4' 'fortran_order': False, 'shape': (2, 1)}", "is no dictionary: want ','"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1)} 1", "goes on behind its end"},
      {"{'descr': '<f2', 'fortran_order': False, 'shape': (2, 1)}", "holds elements of type \"<f2\""},
      {"{'descr': '<<f4', 'fortran_order': False, 'shape': (2, 1)}", "holds elements of type \"<<f4\""},
  };
  for (const auto& [dictionary, words] : wrong)
    expect_error<DataError>([&, d = dictionary] { read(with(d)); }, {"x.npy", words});
}

TEST_F(NpyReader, AnErrorNamesTheTypeOfTheElements) {
  const auto named = [&](const char* descr, const char* name) {
    expect_error<DataError>([&] { read(npy(descr, "(9000, 1)", Floats{1})); },
                            {std::string("9000 rows of 1 values of ") + name + ", "});
  };
  named("<f4", "float32");
  named(">f8", "float64 (big-endian)");
  named("<u2", "uint16");
  named("<i8", "int64");
  named("|b1", "bool");
  named(">i1", "int8");
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
