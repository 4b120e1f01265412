#include "host/data/npy_writer.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "host/checkpoint/files.hpp"
#include "tests/support/scratch_folder.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

using test::ScratchFolder;

/// What numpy 2 writes for the same arrays: numpy.save(path, numpy.float32([[1, 2], [3, -4]])) and so on.
std::string expected(const std::string& header, const void* data, std::size_t bytes) {
  std::string text = std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header;
  text.resize(127, ' ');
  text += '\n';
  return text.append(static_cast<const char*>(data), bytes);
}

TEST(NpyWriter, WritesTheBytesThatNumpyWrites) {
  const ScratchFolder folder;
  float values[] = {1, 2, 99, 3, -4, 99};
  write_npy(folder / "strided.npy", ConstMatrix{values, 2, 2, 3});
  const float dense[] = {1, 2, 3, -4};
  const char* header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
  EXPECT_EQ(read_file(folder / "strided.npy"), expected(header, dense, sizeof dense));
  write_npy(folder / "dense.npy", ConstMatrix{dense, 2, 2, 2});
  EXPECT_EQ(read_file(folder / "dense.npy"), expected(header, dense, sizeof dense));

  const std::int64_t whole[] = {7, -8};
  write_npy(folder / "i8.npy", std::vector<std::int64_t>{7, -8});
  EXPECT_EQ(read_file(folder / "i8.npy"),
            expected("{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }", whole, sizeof whole));
  const double real[] = {0.5};
  write_npy(folder / "f8.npy", std::vector<double>{0.5});
  EXPECT_EQ(read_file(folder / "f8.npy"),
            expected("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", real, sizeof real));
  const double six[] = {1, 2, 3, 4, 5, 1e300};
  write_npy(folder / "matrix.npy", std::vector<double>{1, 2, 3, 4, 5, 1e300}, 2);
  EXPECT_EQ(read_file(folder / "matrix.npy"),
            expected("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }", six, sizeof six));
}

TEST(NpyWriter, AnEmptyArrayIsLegal) {
  const ScratchFolder folder;
  write_npy(folder / "none.npy", std::vector<float>{});
  EXPECT_EQ(read_file(folder / "none.npy"),
            expected("{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }", nullptr, 0));
  write_npy(folder / "rows.npy", ConstMatrix{nullptr, 0, 3, 3});
  EXPECT_EQ(read_file(folder / "rows.npy"),
            expected("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3), }", nullptr, 0));
}

TEST(NpyWriter, AFolderThatIsNotThereIsAnIoError) {
  const ScratchFolder folder;
  EXPECT_THROW(write_npy(folder / "no/x.npy", std::vector<float>{1}), IoError);
}

}  // namespace
}  // namespace thalweg
