#pragma once
// What tests of files and checkpoints do to files and folders.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/error.hpp"

namespace thalweg::test {

inline void overwrite(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// The sorted names of what lies in a folder.
inline std::vector<std::string> entries(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// Takes root's rights away while it lives, because nothing is forbidden to root; what lies in `folder` is
/// its own.
class Unprivileged {
 public:
  explicit Unprivileged(const std::string& folder) {
    if (::geteuid() != 0) return;
    EXPECT_EQ(::chown(folder.c_str(), kNobody, kNobody), 0);
    EXPECT_EQ(::seteuid(kNobody), 0);
    taken_ = true;
  }
  ~Unprivileged() { EXPECT_TRUE(!taken_ || ::seteuid(0) == 0); }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;

 private:
  static constexpr uid_t kNobody = 65534;
  bool taken_ = false;
};

/// Nobody may look into a folder while it lives.
class Locked {
 public:
  explicit Locked(std::string folder) : folder_(std::move(folder)) { ::chmod(folder_.c_str(), 0); }
  ~Locked() { ::chmod(folder_.c_str(), 0700); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  std::string folder_;
};

/// The message of the IoError that an action ends with; empty where it ends well.
template <class Action>
std::string io_error_of(const Action& action) {
  try {
    action();
  } catch (const IoError& error) {
    return error.what();
  }
  return "";
}

}  // namespace thalweg::test
