#include <numeric>

#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using Floats = std::vector<float>;

std::string idx(int type, const std::vector<std::uint32_t>& extents, const std::string& elements) {
  std::string bytes{'\0', '\0', static_cast<char>(type), static_cast<char>(extents.size())};
  for (const std::uint32_t extent : extents)
    for (int shift : {24, 16, 8, 0}) bytes += static_cast<char>(extent >> shift);
  return bytes + elements;
}

class IdxReader : public test::DataFiles {
 protected:
  DataConfig files(const std::string& images, const std::string& labels) const {
    DataConfig c;
    c.train = write("images-idx3-ubyte", images);
    c.target = write("labels-idx1-ubyte", labels);
    return c;
  }
  const std::string images_ = idx(8, {3, 2, 2}, "abcdefghijkl"),
                    labels_ = idx(8, {3}, std::string("\5\0\5", 3));
};

TEST_F(IdxReader, ImagesStayBytesAndLabelsAreClasses) {
  DataConfig c = files(images_, labels_);
  const Dataset d = read_training_data(c, TargetUse::automatic);
  EXPECT_EQ(d.rows, 3);
  EXPECT_EQ(d.features, 4);
  EXPECT_EQ(std::string(d.dense_u8.begin(), d.dense_u8.end()), "abcdefghijkl");
  EXPECT_EQ(d.classes, (std::vector<std::string>{"0", "5"}));
  EXPECT_EQ(d.target, (Floats{1, 0, 1}));
  c.train_rows = "1:2";
  const Dataset part = read_training_data(c, TargetUse::automatic);
  EXPECT_EQ(std::string(part.dense_u8.begin(), part.dense_u8.end()), "efgh");
  EXPECT_EQ(part.target, (Floats{0}));
}

TEST_F(IdxReader, ReadsBigEndianNumbers) {
  DataConfig c = files(idx(0x0B, {3, 1}, std::string("\0\1\1\0\xFF\xFF", 6)), labels_);
  c.standardize = Tristate::no;
  EXPECT_EQ(read_training_data(c, TargetUse::automatic).dense_f32, (Floats{1, 256, -1}));
}

TEST_F(IdxReader, ReadsEveryElementType) {
  const auto read = [&](int type, const std::string& elements) {
    DataConfig c = files(idx(type, {3, 1}, elements), labels_);
    c.standardize = Tristate::no;
    return read_training_data(c, TargetUse::automatic);
  };
  EXPECT_EQ(read(0x08, "\x01\x7F\xFF").dense_u8, (std::vector<std::uint8_t>{1, 127, 255}));
  EXPECT_EQ(read(0x09, "\x01\x7F\xFF").dense_f32, (Floats{1, 127, -1}));
  EXPECT_EQ(read(0x0C, std::string("\0\0\0\1\0\1\0\0\xFF\xFF\xFF\xFE", 12)).dense_f32,
            (Floats{1, 65536, -2}));
  EXPECT_EQ(read(0x0D, std::string("\x3F\x80\0\0\xC0\0\0\0\x3E\x80\0\0", 12)).dense_f32,
            (Floats{1, -2, 0.25f}));
  EXPECT_EQ(
      read(0x0E, std::string("\x3F\xF0\0\0\0\0\0\0\xC0\0\0\0\0\0\0\0\x3F\xD0\0\0\0\0\0\0", 24)).dense_f32,
      (Floats{1, -2, 0.25f}));
  for (const int type : {0x07, 0x0A, 0x0F})
    expect_error<DataError>([&] { read(type, "abc"); },
                            {"IDX element type " + std::to_string(type) + "; want 8, 9, 11, 12, 13 or 14"});
}

TEST_F(IdxReader, LabelsOfFloatsAreNumbers) {
  DataConfig c = files(images_, idx(0x0D, {3}, std::string("\x3F\x80\0\0\xC0\0\0\0\x3F\x80\0\0", 12)));
  const Dataset d = read_training_data(c, TargetUse::automatic);
  EXPECT_EQ(d.target_kind, TargetKind::number);
  EXPECT_EQ(d.target, (Floats{1, -2, 1}));
}

TEST_F(IdxReader, AFileWithoutDimensionsIsNone) {
  DataConfig c = files(idx(8, {}, "abc"), labels_);
  expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); }, {"without dimensions"});
}

TEST_F(IdxReader, ErrorsNameTheFile) {
  const auto fails = [&](const std::string& images, const std::string& labels,
                         const std::vector<std::string>& words) {
    expect_error<DataError>([&] { read_training_data(files(images, labels), TargetUse::automatic); }, words);
  };
  fails(images_.substr(0, 6), labels_, {"images-idx3-ubyte is cut off", "header"});
  fails(images_.substr(0, 20), labels_, {"images-idx3-ubyte is cut off", "3 rows of 4", "12 bytes"});
  fails(images_, labels_.substr(0, 9), {"labels-idx1-ubyte is cut off"});
  fails(images_ + "?", labels_, {"images-idx3-ubyte has bytes after the 3 rows"});
  fails(images_, idx(8, {2}, "ab"), {"labels-idx1-ubyte has 2 rows", "want 3"});
  fails(images_, images_, {"labels-idx1-ubyte has 4 values per row"});
  fails(idx(8, {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, "x"), labels_, {"images-idx3-ubyte", "too many"});
  fails(idx(7, {3}, "abc"), labels_, {"images-idx3-ubyte", "element type 7"});
}

TEST_F(IdxReader, GzipThatEndsBeforeItsImagesDoIsCutOff) {
  DataConfig c = files(images_, labels_);
  c.train = write_gz("i.gz", idx(8, {3, 100}, std::string(250, 'x')));
  expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); },
                          {"i.gz is cut off", "row 2 of the 3"});
  c.train = write_gz("i.gz", idx(8, {4000000000, 1000}, "x"));
  expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); }, {"i.gz", "can hold"});
}

TEST_F(IdxReader, AsksForTheLabelsAndSaysWhichFileTheyMayBe) {
  DataConfig c = files(images_, labels_);
  c.target.clear();
  expect_error<ConfigError>([&] { read_training_data(c, TargetUse::automatic); },
                            {"data.target", "did you mean", "labels-idx1-ubyte"});
}

TEST_F(IdxReader, ReadsTheTenThousandDigits) {
  DataConfig c;
  c.train = test::data_folder() + "mnist10k-images-idx3-ubyte.gz";
  c.target = test::data_folder() + "mnist10k-labels-idx1-ubyte.gz";
  const Dataset d = read_training_data(c, TargetUse::automatic);
  EXPECT_EQ(d.rows, 10000);
  EXPECT_EQ(d.features, 784);
  EXPECT_EQ(d.classes.size(), 10u);
  EXPECT_EQ(Floats(d.target.begin(), d.target.begin() + 5), (Floats{7, 2, 1, 0, 4}));
  EXPECT_EQ(std::accumulate(d.dense_u8.begin(), d.dense_u8.begin() + 784, 0), 18454);
  c.train_rows = "8000:10000";
  const Dataset last = read_training_data(c, TargetUse::automatic);
  EXPECT_TRUE(std::equal(last.dense_u8.begin(), last.dense_u8.end(), d.dense_u8.begin() + 8000 * 784));
}

}  // namespace
}  // namespace thalweg
