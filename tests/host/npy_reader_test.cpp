#include <algorithm>
#include <cmath>

#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using test::npy;
using namespace std::string_literals;
using Floats = std::vector<float>;

template <class T>
std::vector<T> reversed(std::vector<T> elements) {
  for (T& element : elements) {
    char* bytes = reinterpret_cast<char*>(&element);
    std::reverse(bytes, bytes + sizeof(T));
  }
  return elements;
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

TEST_F(NpyReader, TargetsAreClassesOrNumbersWhateverTheirType) {
  DataConfig c = config(write("x.npy", npy("<f4", "(3, 1)", Floats{1, 2, 3})));
  c.target = write("y.npy", npy("<i8", "(3, 1)", std::vector<std::int64_t>{1, -1, 1}));
  const Dataset d = read_training_data(c, TargetUse::automatic);
  EXPECT_EQ(d.classes, (std::vector<std::string>{"-1", "1"}));
  EXPECT_EQ(d.target, (Floats{1, 0, 1}));
  c.target = write("y.npy", npy("<f4", "(3,)", Floats{1, -1, 1}));
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).classes, d.classes);
  c.target = write("y.npy", npy("<f4", "(3,)", Floats{1, 2, 3}));
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).target_kind, TargetKind::number);
  c.target = write("y.txt", "cat\ndog\ncat\n");
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).target, (Floats{0, 1, 0}));
  c.weight = write("w.txt", "1\n2\n0.5\n");
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).weight, (Floats{6.0f / 7, 12.0f / 7, 3.0f / 7}));
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
  fails(npy("<c8", "(1, 1)", Floats{1, 2}), {"x.npy", "\"<c8\"", "want f2"});
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
    test::append_little(bytes, size, 4);
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

TEST_F(NpyReader, HeadersOfOtherQuotesBlanksAndAOldLongMayBeRead) {
  const std::string good = npy("<f4", "(2, 1)", Floats{1, 2});
  const auto with = [&](const std::string& dictionary) {
    std::string bytes = good.substr(0, 8), header = dictionary;
    header.resize(117, ' ');
    test::append_little(bytes, 118, 2);
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
      {"{'descr': '<f3', 'fortran_order': False, 'shape': (2, 1)}", "holds elements of type \"<f3\""},
      {"{'descr': '<U0', 'fortran_order': False, 'shape': (2, 1)}", "texts of the length \"0\""},
      {"{'descr': '<<f4', 'fortran_order': False, 'shape': (2, 1)}", "holds elements of type \"<<f4\""},
  };
  for (const auto& [dictionary, words] : wrong)
    expect_error<DataError>([&, d = dictionary] { read(with(d)); }, {"x.npy", words});
}

TEST_F(NpyReader, HalfPrecisionIsReadExactly) {
  using Halves = std::vector<std::uint16_t>;
  EXPECT_EQ(read(npy("<f2", "(2, 3)", Halves{0x3C00, 0xC000, 0x0001, 0x7BFF, 0x3555, 0x8000})).dense_f32,
            (Floats{1, -2, 0x1p-24F, 65504, 0x1.554p-2F, -0.0F}));
  EXPECT_EQ(read(npy(">f2", "(2, 1)", Halves{0x003C, 0x00C0})).dense_f32, (Floats{1, -2}));
  expect_error<DataError>(
      [&] {
        read(npy("<f2", "(2, 1)", Halves{0x3C00, 0xFC00}));
      },
      {"x.npy row 1", "infinity"});
  expect_error<DataError>(
      [&] {
        read(npy("<f2", "(2, 1)", Halves{0x3C00, 0x7E00}));
      },
      {"x.npy row 1", "missing"});
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

TEST_F(NpyReader, TextsAreNumbersOrCategoriesByColumn) {
  using Texts = std::vector<std::string>;
  const std::u32string cells = U"1.5red2\0\0b\u00FC\0"s;  // [2, 2] of three characters
  const std::vector<char32_t> u(cells.begin(), cells.end());
  const Dataset d = read(npy("<U3", "(2, 2)", u));
  EXPECT_EQ(d.transform.names, (Texts{"0", "1=b\u00FC", "1=red"}));
  EXPECT_EQ(d.dense_f32, (Floats{1.5f, 0, 1, 2, 1, 0}));
  const Dataset by_column = read(npy("|S1", "(2, 3)", std::vector<char>{'1', '2', 'a', 'b', '5', '6'}, true));
  EXPECT_EQ(by_column.dense_f32, (Floats{1, 1, 0, 5, 2, 0, 1, 6}));

  const DataSchema schema = schema_from_json(schema_to_json(schema_of(d)));
  const auto as_of_model = [&](const std::string& x) {
    const std::string file = write("new.npy", x);
    return read_data_as({}, file, "", "", schema, false);
  };
  EXPECT_EQ(as_of_model(npy("|S3", "(1, 2)", std::vector<char>{'7', 0, 0, 'r', 'e', 'd'})).dense_f32,
            (Floats{7, 0, 1}));
  EXPECT_EQ(as_of_model(npy("|S1", "(1, 2)", std::vector<char>{'7', '8'})).unseen, 1);
  expect_error<DataError>(
      [&] {
        as_of_model(npy("|S1", "(2, 2)", std::vector<char>{'7', 'x', 'y', 'x'}));
      },
      {"new.npy row 1, column 0: got \"y\"; want a number"});
  expect_error<DataError>(
      [&] {
        read(npy("|S1", "(2, 1)", std::vector<char>{'7', 0}));
      },
      {"x.npy row 1, column 0: missing value"});
  expect_error<DataError>(
      [&] {
        read(npy("|S2", "(2, 1)", std::vector<char>{'7', 'x', '8'}));
      },
      {"x.npy is cut off"});
}

TEST_F(NpyReader, TextsOfARowRangeLeaveNoTraceOutsideOfIt) {
  const Dataset d = read(npy("|S1", "(5, 1)", std::vector<char>{'1', '2', '3', 'x', '5'}), "0:3");
  EXPECT_EQ(d.dense_f32, (Floats{1, 2, 3}));
}

TEST_F(NpyReader, MoreThanAThousandTextsAreNoCategories) {
  const auto column = [](int rows) {
    std::vector<char> cells;
    for (int i = 0; i < rows; ++i)
      for (const char c : "x" + std::to_string(1000 + i)) cells.push_back(c);
    return npy("|S5", "(" + std::to_string(rows) + ", 1)", cells);
  };
  DataConfig c = config(write("x.npy", column(1000)));
  std::string labels;
  for (int i = 0; i < 1000; ++i) labels += i % 2 == 0 ? "0\n" : "1\n";
  c.target = write("y", labels);
  EXPECT_EQ(read_training_data(c, TargetUse::numbers).features, 1000);
  write("x.npy", column(1001));
  expect_error<DataError>([&] { read_training_data(c, TargetUse::numbers); },
                          {"x.npy, column 0: more than 1000 distinct texts"});
}

}  // namespace
}  // namespace thalweg
