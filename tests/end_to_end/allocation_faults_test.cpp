// Allocation number 1, 2, 3, ... of a whole run fails, once or from then on: a typed error and exit code 70, nothing
// leaked, and no checkpoint harmed. THALWEG_FULL=1 tries every number; else a sample of them.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>
#include <ostream>
#include <streambuf>

#include "host/checkpoint/checkpoint.hpp"
#include "host/cli/cli.hpp"
#include "tests/support/fault_ops.hpp"
#include "tests/support/run_support.hpp"

namespace {

std::atomic<bool> counting{false};
std::atomic<std::int64_t> allocations{0}, live{0}, failed{0};
std::atomic<std::int64_t> fail_at{-1};
std::atomic<bool> from_then_on{false};

/// Whether this allocation is to fail; all threads of the run count together.
bool strikes() {
  if (!counting) return false;
  const std::int64_t number = ++allocations;
  if (fail_at < 0 || number < fail_at || (number > fail_at && !from_then_on)) return false;
  ++failed;
  return true;
}

void* counted(std::size_t bytes, std::size_t alignment) {
  if (strikes()) throw std::bad_alloc();
  const std::size_t padded = (bytes + alignment - 1) / alignment * alignment;
  void* const memory = alignment > 16 ? aligned_alloc(alignment, padded) : std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  ++live;
  return memory;
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

/// A stream that needs no memory of its own.
class FixedBuffer : public std::streambuf {
 public:
  FixedBuffer() { setp(text_, text_ + sizeof(text_)); }
  std::string text() const { return {text_, static_cast<std::size_t>(pptr() - pbase())}; }

 private:
  char text_[8192];
};

struct Outcome {
  int code;
  std::string out, err;
};

class AllocationFaults : public testing::Test {
 protected:
  void SetUp() override {
    data_ = folder_.write("rows.csv", "a,b,y\n1,2,3\n4,5,6\n7,8,9\n2,3,4\n5,4,3\n1,1,2\n");
    fail_at = -1;
    for (int i = 0; i < 3; ++i) expected_ = checksum_in(run("whole", 4).out);  // caches of the libraries fill up
    ASSERT_NE(expected_, "");
    ASSERT_EQ(run("before", 2).code, kDone);
  }

  std::vector<std::string> command(const std::string& name, int steps) const {
    return {"train", "--quiet", "--data.train=" + data_, "--out=" + folder_.path(name), "--model.hidden=3",
            "--train.batch_size=3", "--train.max_steps=" + std::to_string(steps), "--checkpoint.every_steps=1",
            "--checkpoint.keep=2", "--train.threads=2", "--device=cpu"};
  }

  /// One run under the faults that are set, with its allocations counted.
  Outcome run(const std::string& name, int steps) const {
    const std::vector<std::string> arguments = command(name, steps);
    FixedBuffer out_buffer, err_buffer;
    std::ostream out(&out_buffer), err(&err_buffer);
    const FaultyFiles quick;
    allocations = failed = 0;
    const std::int64_t live_before = live;
    counting = true;
    const int code = cli::run(arguments, {out, err});
    counting = false;
    EXPECT_EQ(live, live_before) << "memory leaked";
    return {code, out_buffer.text(), err_buffer.text()};
  }

  static std::string checksum_in(const std::string& out) {
    const std::size_t at = out.find("parameters.xxh3 ");
    return at == std::string::npos ? "" : out.substr(at + 16, 32);
  }

  void fail_allocation(std::int64_t number, bool all_after) {
    SCOPED_TRACE(testing::Message() << "allocation " << number << (all_after ? " and all after it" : ""));
    fs::remove_all(folder_.path("run"));
    fs::copy(folder_.path("before"), folder_.path("run"), fs::copy_options::recursive);
    fail_at = number;
    from_then_on = all_after;
    const Outcome outcome = run("run", 4);
    fail_at = -1;
    ASSERT_GT(failed, 0) << "the fault did not land";
    if (outcome.code == kDone) {  // an allocation that the standard library can do without
      EXPECT_EQ(checksum_in(outcome.out), expected_);
    } else {
      EXPECT_EQ(outcome.code, kInternal) << outcome.err;
      EXPECT_NE(outcome.err.find("out of memory"), std::string::npos) << outcome.err;
    }
    std::vector<std::string> damaged;
    EXPECT_TRUE(newest_valid_checkpoint(folder_.path("run") + "/checkpoints", damaged).has_value());
    EXPECT_TRUE(damaged.empty()) << damaged[0];
  }

  TemporaryFolder folder_;
  std::string data_, expected_;
};

TEST_F(AllocationFaults, EndInATypedErrorAndLeaveNothingBehind) {
  fs::copy(folder_.path("before"), folder_.path("run"), fs::copy_options::recursive);
  ASSERT_EQ(run("run", 4).code, kDone);
  const std::int64_t total = allocations;
  ASSERT_GT(total, 100);
  const std::int64_t step = std::getenv("THALWEG_FULL") != nullptr ? 1 : std::max<std::int64_t>(1, total / 97);
  int cases = 0;
  for (std::int64_t number = 1; number <= total - 20; number += step) {
    for (const bool all_after : {false, true}) {
      fail_allocation(number, all_after);
      ++cases;
      if (HasFatalFailure()) return;
    }
  }
  fs::remove_all(folder_.path("run"));
  fs::copy(folder_.path("before"), folder_.path("run"), fs::copy_options::recursive);
  EXPECT_EQ(checksum_in(run("run", 4).out), expected_);
  std::printf("%d faults in %lld allocations\n", cases, static_cast<long long>(total));
}

}  // namespace
}  // namespace thalweg::test
