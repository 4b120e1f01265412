// The processor and the memory of this machine, against what the system says of them elsewhere.
#include "host/runtime/processor.hpp"

#include <gtest/gtest.h>
#include <sys/sysinfo.h>

#include <fstream>
#include <sstream>
#include <string>

namespace thalweg {
namespace {

TEST(Processor, HasTheModelNameOfItsFirstCore) {
  std::ifstream in("/proc/cpuinfo");
  std::stringstream all;
  all << in.rdbuf();
  const std::string text = all.str(), mark = "model name\t: ";
  const std::size_t at = text.find(mark);
  if (at == std::string::npos) GTEST_SKIP() << "this system names no model";
  const std::size_t begin = at + mark.size();
  EXPECT_EQ(processor_name(), text.substr(begin, text.find('\n', begin) - begin));
}

TEST(Processor, HasTheMemoryThatTheKernelCounts) {
  struct sysinfo system {};
  ASSERT_EQ(::sysinfo(&system), 0);
  EXPECT_EQ(machine_memory_bytes(), static_cast<std::int64_t>(system.totalram) * system.mem_unit);
}

}  // namespace
}  // namespace thalweg
