// A line for each test of a program: its name, its seconds and the mutants that it reached. "*" is what runs
// between tests.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/mutants/switch.hpp"

namespace {

using Clock = std::chrono::steady_clock;

class Recorder : public ::testing::EmptyTestEventListener {
 public:
  Recorder(const char* reached, const char* log) : log_(std::fopen(log, "w")) {
    struct stat status;
    if (log_ == nullptr || stat(reached, &status) != 0) std::abort();
    count_ = static_cast<int>(status.st_size);
  }
  ~Recorder() override { std::fclose(log_); }

 private:
  void OnTestStart(const ::testing::TestInfo&) override {
    write("*", 0);
    begin_ = Clock::now();
  }
  void OnTestEnd(const ::testing::TestInfo& test) override {
    const std::chrono::duration<double> seconds = Clock::now() - begin_;
    write(std::string(test.test_suite_name()) + "." + test.name(), seconds.count());
  }
  void OnTestProgramEnd(const ::testing::UnitTest&) override { write("*", 0); }

  void write(const std::string& name, double seconds) {
    std::fprintf(log_, "%s\t%.6f\t", name.c_str(), seconds);
    for (int i = 0; i < count_; ++i) {
      if (thalweg_mutants::reached[i] != 0) std::fprintf(log_, "%d ", i);
      thalweg_mutants::reached[i] = 0;
    }
    std::fputc('\n', log_);
    std::fflush(log_);
  }

  std::FILE* log_;
  int count_ = 0;
  Clock::time_point begin_;
};

[[maybe_unused]] const bool added = [] {
  const char* log = std::getenv("THALWEG_MUTANTS_LOG");
  if (log == nullptr) return false;
  ::testing::UnitTest::GetInstance()->listeners().Append(
      new Recorder(std::getenv("THALWEG_MUTANTS_REACHED"), log));
  return true;
}();

}  // namespace
