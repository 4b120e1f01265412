#pragma once
// Files for tests of the readers: a folder that goes with the test, plain and gzip files, expected errors.
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/source_folder.hpp"
#include "thalweg/dataset.hpp"
#include "thalweg/error.hpp"

namespace thalweg::test {

class DataFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() / (std::string("thalweg_") + info->test_suite_name() +
                                                        "_" + info->name() + "_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }

  std::string write_gz(const std::string& name, const std::string& bytes) const {
    gzFile file = gzopen(path(name).c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    return path(name);
  }

  /// Settings that read `file` as it is: no scaling.
  static DataConfig config(const std::string& file) {
    DataConfig c;
    c.train = file;
    c.standardize = Tristate::no;
    return c;
  }

 private:
  std::filesystem::path folder_;
};

/// Calls `act`, which has to throw an E whose message holds every one of `words`.
template <class E, class Act>
void expect_error(const Act& act, const std::vector<std::string>& words) {
  try {
    act();
  } catch (const E& error) {
    for (const std::string& word : words)
      EXPECT_NE(std::string(error.what()).find(word), std::string::npos)
          << "no \"" << word << "\" in: " << error.what();
    return;
  } catch (const std::exception& error) {
    FAIL() << "another type of error: " << error.what();
  }
  FAIL() << "no error; wanted one with \"" << words.at(0) << '"';
}

/// Appends the lowest bytes of `value`, the lowest first.
inline void append_little(std::string& to, std::uint64_t value, int bytes) {
  for (; bytes > 0; --bytes, value >>= 8) to += static_cast<char>(value);
}

/// A npy file (version 1, 2 or 3) of these elements, as they lie in memory.
template <class T>
std::string npy(const std::string& descr, const std::string& shape, const std::vector<T>& elements,
                bool fortran = false, int version = 1) {
  std::string header = "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") +
                       ", 'shape': " + shape + ", }";
  while ((header.size() + 1 + (version == 1 ? 10 : 12)) % 64 != 0) header += ' ';
  header += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(version);
  bytes += '\0';
  append_little(bytes, header.size(), version == 1 ? 2 : 4);
  bytes += header;
  return bytes + std::string(reinterpret_cast<const char*>(elements.data()), elements.size() * sizeof(T));
}

inline std::string data_folder() { return source_folder() + "data/"; }

}  // namespace thalweg::test
