// The processor and the memory of this machine, against what the system says of them elsewhere.
#include "host/runtime/processor.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "host/runtime/available_memory.hpp"
#include "tests/support/scratch_folder.hpp"

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

/// A file system of control groups.
class ControlGroups : public testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) const {
    const std::filesystem::path path = folder_ / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  std::int64_t limit() const { return control_group_limit(folder_.path()); }

  test::ScratchFolder folder_;
};

TEST_F(ControlGroups, AreWithoutLimitWhereThereAreNone) {
  EXPECT_EQ(limit(), kNoLimit);
  write("proc/self/cgroup", "0::/\n0:\nnonsense\n");
  EXPECT_EQ(limit(), kNoLimit);
}

TEST_F(ControlGroups, OfVersion2LimitByTheLeastOfThoseAbove) {
  write("proc/self/cgroup", "0::/user/job\n");
  write("sys/fs/cgroup/memory.max", "max\n");
  write("sys/fs/cgroup/user/job/memory.max", "max\n");
  EXPECT_EQ(limit(), kNoLimit);
  write("sys/fs/cgroup/user/memory.max", "268435456\n");
  EXPECT_EQ(limit(), 268435456);
  write("sys/fs/cgroup/user/job/memory.max", "1048576\n");
  EXPECT_EQ(limit(), 1048576);
  write("sys/fs/cgroup/memory.max", "4096\n");
  EXPECT_EQ(limit(), 4096);
  write("sys/fs/cgroup/user/job/deeper/memory.max", "1\n");
  EXPECT_EQ(limit(), 4096);
}

TEST_F(ControlGroups, OfVersion1LimitByTheControllerOfMemory) {
  write("proc/self/cgroup", "5:devices:/other\n4:cpu,memory:/job\n0::/\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "536870912\n");
  write("sys/fs/cgroup/memory/other/memory.limit_in_bytes", "1\n");
  EXPECT_EQ(limit(), 536870912);
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "1000000\n");
  EXPECT_EQ(limit(), 1000000) << "in a container the path of the group is not there";
}

TEST(FreeAddressSpace, IsWhatTheLimitLeaves) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &limit), 0);
  const bool limited = limit.rlim_cur != RLIM_INFINITY;
  if (!limited) {
    EXPECT_EQ(free_address_space(), kNoLimit);
  }
  // More than any build of the tests takes.
  const std::int64_t most = limited ? static_cast<std::int64_t>(limit.rlim_cur) : std::int64_t{1} << 47;
  const rlimit less{static_cast<rlim_t>(most), limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &less), 0);
  const std::int64_t before = free_address_space();
  constexpr std::int64_t kBytes = std::int64_t{64} << 20;
  const std::vector<char> taken(kBytes);
  const std::int64_t after = free_address_space();
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &limit), 0);
  EXPECT_EQ(taken.back(), 0);
  EXPECT_LT(before, most);
  EXPECT_GE(before - after, kBytes);
  EXPECT_LT(before - after, 2 * kBytes);
}

TEST(AvailableMemory, IsNotMoreThanTheAddressSpace) {
  const std::int64_t before = available_memory();
  EXPECT_GT(before, 0);
  EXPECT_LE(before, machine_memory_bytes());
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &limit), 0);
  const rlimit less{static_cast<rlim_t>(before - 4096), limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &less), 0);
  const std::int64_t limited = available_memory();
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &limit), 0);
  EXPECT_EQ(limited, before - 4096);
}

}  // namespace
}  // namespace thalweg
