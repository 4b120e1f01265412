// Allocation number 1, 2, 3, ... of a whole run fails, once or from then on: "out of memory" with exit code
// 70, no checkpoint harmed, nothing leaked. Each run is a process of its own, so that one which ends in
// std::terminate is a finding and not the end of the test. THALWEG_FULL=1 tries every number; else a sample.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <new>
#include <ostream>
#include <streambuf>

#include "host/checkpoint/checkpoint.hpp"
#include "host/cli/cli.hpp"
#include "tests/support/fault_ops.hpp"
#include "tests/support/run_support.hpp"

namespace {

/// What a run tells of itself, in memory that it shares with the process that started it.
struct Told {
  std::atomic<std::int64_t> failed;  ///< allocations that were made to fail
  std::int64_t allocations, leaked;
  bool returned;  ///< from the command line, rather than ended by std::terminate
  char out[2048], err[2048];
};

Told* told = nullptr;
std::atomic<bool> counting{false};
std::atomic<std::int64_t> allocations{0}, live{0};
std::atomic<std::int64_t> fail_at{-1};
std::atomic<bool> from_then_on{false};

/// Whether this allocation is to fail; all threads of the run count together.
bool strikes() {
  if (!counting) return false;
  const std::int64_t number = ++allocations;
  if (fail_at < 0 || number < fail_at || (number > fail_at && !from_then_on)) return false;
  ++told->failed;
  return true;
}

void* counted(std::size_t bytes, std::size_t alignment) {
  if (strikes()) throw std::bad_alloc();
  const std::size_t padded = (bytes + alignment - 1) / alignment * alignment;
  void* const memory =
      alignment > 16 ? aligned_alloc(alignment, padded) : std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  ++live;
  return memory;
}

/// For those who ask for null instead of an exception. A sanitizer's own would not come here.
void* counted_or_null(std::size_t bytes, std::size_t alignment) noexcept {
  try {
    return counted(bytes, alignment);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void counted_free(void* memory) {
  if (memory == nullptr) return;
  --live;
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t bytes) { return counted(bytes, 1); }
void* operator new[](std::size_t bytes) { return counted(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return counted_or_null(bytes, 1); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return counted_or_null(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return counted_or_null(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { counted_free(memory); }
void operator delete[](void* memory) noexcept { counted_free(memory); }
void operator delete(void* memory, std::size_t) noexcept { counted_free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { counted_free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { counted_free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { counted_free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { counted_free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { counted_free(memory); }

namespace thalweg::test {
namespace {

namespace fs = std::filesystem;

constexpr int kDone = 0, kInternal = 70;
/// The last few allocations may not come: the checkpoint's thread and the run interleave anew each time.
constexpr std::int64_t kUncertain = 20;

/// A stream that needs no memory but `to`.
class FixedBuffer : public std::streambuf {
 public:
  explicit FixedBuffer(char (&to)[2048]) { setp(to, to + sizeof(to) - 1); }
};

class AllocationFaults : public testing::Test {
 protected:
  void SetUp() override {
    told = static_cast<Told*>(
        mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(told, MAP_FAILED);
    const std::string rows = folder_.write("rows.csv", "a,b,y\n1,2,3\n4,5,6\n7,8,9\n2,3,4\n5,4,3\n1,1,2\n");
    config_ = folder_.write("config.toml", "[data]\ntrain = \"" + rows + "\"\nvalidation_fraction = 0.25\n" +
                                               "[optimizer]\nlr = 1e-3\n[model]\nhidden = [3]\n");
    for (int i = 0; i < 2; ++i) run_here(command("warm", 4));  // fills what libraries allocate once and keep
    ASSERT_EQ(run("whole", 4), kDone) << told->err;
    expected_ = checksum();
    ASSERT_EQ(run("before", 2), kDone);
  }
  void TearDown() override { munmap(told, sizeof(Told)); }

  std::vector<std::string> command(const std::string& name, int steps) const {
    return {"train",
            config_,
            "--quiet",
            "--json",
            "--out=" + folder_.path(name),
            "--train.batch_size=3",
            "--train.max_steps=" + std::to_string(steps),
            "--checkpoint.every_steps=1",
            "--checkpoint.keep=2",
            "--train.threads=2",
            "--device=cpu"};
  }

  /// One run in a process of its own, under the fault that is set; gives its exit code.
  int run(const std::string& name, int steps) const {
    const std::vector<std::string> arguments = command(name, steps);
    std::fill_n(reinterpret_cast<char*>(told), sizeof(Told), '\0');
    const pid_t child = fork();
    if (child == 0) {
      std::set_terminate([] { std::_Exit(kInternal); });  // as main does
      std::_Exit(run_here(arguments));
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  static int run_here(const std::vector<std::string>& arguments) {
    FixedBuffer out_buffer(told->out), err_buffer(told->err);
    std::ostream out(&out_buffer), err(&err_buffer);
    const FaultyFiles quick;
    const std::int64_t live_before = live;
    allocations = 0;
    counting = true;
    const int code = cli::run(arguments, {out, err});
    counting = false;
    told->leaked = live - live_before;
    told->allocations = allocations;
    told->returned = true;
    return code;
  }

  static std::string checksum() {
    const std::string out = told->out;
    const std::string key = "\"parameters.xxh3\": \"";
    const std::size_t at = out.find(key);
    return at == std::string::npos ? "" : out.substr(at + key.size(), 32);
  }

  int continued_run() const {
    fs::remove_all(folder_.path("run"));
    fs::copy(folder_.path("before"), folder_.path("run"), fs::copy_options::recursive);
    return run("run", 4);
  }

  void fail_allocation(std::int64_t number, bool all_after) {
    SCOPED_TRACE(testing::Message() << "allocation " << number << (all_after ? " and all after it" : ""));
    fail_at = number;
    from_then_on = all_after;
    const int code = continued_run();
    fail_at = -1;
    ASSERT_GT(told->failed, 0) << "the fault did not land";
    const std::string err = told->err;
    ASSERT_TRUE(told->returned) << "ended by std::terminate";
    EXPECT_EQ(told->leaked, 0) << err;
    if (code == kDone) {  // an allocation that the standard library can do without
      EXPECT_EQ(checksum(), expected_);
      ++harmless_;
    } else {
      EXPECT_EQ(code, kInternal) << err;
      EXPECT_NE(err.find("out of memory"), std::string::npos) << err;
    }
    std::vector<std::string> damaged;
    EXPECT_TRUE(newest_valid_checkpoint(folder_.path("run") + "/checkpoints", damaged).has_value());
    EXPECT_TRUE(damaged.empty()) << damaged[0];
    ++cases_;
  }

  TemporaryFolder folder_;
  std::string config_, expected_;
  int cases_ = 0, harmless_ = 0;
};

TEST_F(AllocationFaults, EndWithTheDocumentedCodeAndLeaveNothingBehind) {
  ASSERT_EQ(continued_run(), kDone);
  EXPECT_EQ(told->leaked, 0);
  const std::int64_t total = told->allocations;
  ASSERT_GT(total, 100);
  const std::int64_t step =
      std::getenv("THALWEG_FULL") != nullptr ? 1 : std::max<std::int64_t>(1, total / 47);
  for (std::int64_t number = 1; number <= total - kUncertain; number += step) {
    for (const bool all_after : {false, true}) {
      fail_allocation(number, all_after);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_LT(10 * harmless_, cases_) << "nearly every fault is to end the run";
  std::printf("%d faults in %lld allocations: %d ended the run with exit code 70, %d did no harm\n", cases_,
              static_cast<long long>(total), cases_ - harmless_, harmless_);
}

}  // namespace
}  // namespace thalweg::test
