#pragma once
// Whole runs for the tests: a folder that goes away, and configs of the kinds of models there are.
#include <filesystem>
#include <string>

#include "thalweg/trainer.hpp"

namespace thalweg::test {

/// A folder of its own for a test, removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string path(const std::string& name = "") const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& contents) const;

 private:
  std::filesystem::path folder_;
};

std::string data_file(const std::string& name);  ///< of the project's own data folder

/// The runs whose bits are compared: each a few hundred rows of real data.
Config dense_linear_config();
Config sparse_linear_config();
Config mlp_config(Normalization normalization);

}  // namespace thalweg::test
