// Every open, write, fsync, close, rename, mkdir and remove of a run fails, once or from then on, in each way
// that a file system has. The run that was interrupted so goes on to the same bits. THALWEG_FULL=1 tries
// every error at every call.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "host/checkpoint/checkpoint.hpp"
#include "host/cli/cli.hpp"
#include "tests/support/fault_ops.hpp"
#include "tests/support/run_support.hpp"

namespace thalweg::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOpNames[] = {"open", "write", "fsync", "close", "rename", "mkdir", "remove"};
constexpr int kDone = 0, kIo = 74;
constexpr std::int64_t kSavedBefore = 4;

struct Outcome {
  int code;
  std::string out, err;
};

bool full() { return std::getenv("THALWEG_FULL") != nullptr; }

std::int64_t open_files() {
  return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
}

class IoFaults : public testing::Test {
 protected:
  void SetUp() override {
    std::string csv = "a,b,y\n";
    for (int i = 0; i < 24; ++i) {
      csv += std::to_string(i % 5) + "," + std::to_string(i % 7) + "," + std::to_string(i) + "\n";
    }
    data_ = folder_.write("rows.csv", csv);
    const FaultyFiles quick;
    ASSERT_EQ(train(folder_.path("before"), kSavedBefore).code, kDone);
    const Outcome whole = train(folder_.path("whole"), 9);
    ASSERT_EQ(whole.code, kDone) << whole.err;
    expected_ = checksum_in(whole.out);
  }

  Outcome train(const std::string& out, std::int64_t steps) const {
    std::ostringstream results, err;
    const int code =
        cli::run({"train", "--quiet", "--data.train=" + data_, "--data.validation_fraction=0.2",
                  "--out=" + out, "--train.batch_size=4", "--train.epochs=10", "--optimizer.lr=0.001",
                  "--train.max_steps=" + std::to_string(steps), "--checkpoint.every_steps=2",
                  "--checkpoint.keep=2", "--train.log_every_steps=1", "--train.threads=1", "--device=cpu"},
                 {results, err});
    return {code, results.str(), err.str()};
  }

  static std::string checksum_in(const std::string& out) {
    const std::size_t at = out.find("parameters.xxh3 ");
    return at == std::string::npos ? "" : out.substr(at + 16, 32);
  }

  /// A fresh copy of the run that has a checkpoint of step 4.
  std::string continued_run() const {
    const std::string out = folder_.path("run");
    fs::remove_all(out);
    fs::copy(folder_.path("before"), out, fs::copy_options::recursive);
    return out;
  }

  void run_under(const Fault& fault) const {
    SCOPED_TRACE(testing::Message() << kOpNames[static_cast<int>(fault.op)] << " number " << fault.at << ": "
                                    << (fault.error == 0 ? "short" : std::strerror(fault.error))
                                    << (fault.from_then_on ? ", from then on" : ""));
    const std::string out = continued_run();
    const std::int64_t files_before = open_files();
    Outcome outcome;
    {
      const FaultyFiles faulty(fault);
      outcome = train(out, 9);
      ASSERT_GT(faulty.landed(), 0) << "the fault did not land";
    }
    EXPECT_EQ(open_files(), files_before) << "a descriptor leaked";
    check_code(fault, outcome);
    std::vector<std::string> damaged;
    const auto newest = newest_valid_checkpoint(out + "/checkpoints", damaged);
    ASSERT_TRUE(newest.has_value());
    EXPECT_TRUE(damaged.empty()) << damaged[0];
    EXPECT_GE(read_checkpoint(*newest).step, kSavedBefore);
    const FaultyFiles quick;
    const Outcome again = train(out, 9);
    EXPECT_EQ(again.code, kDone) << again.err;
    EXPECT_EQ(checksum_in(again.out), expected_);
  }

  void check_code(const Fault& fault, const Outcome& outcome) const {
    const bool taken_up = fault.op == FileOp::open || fault.op == FileOp::write || fault.op == FileOp::close;
    const bool harmless = fault.error == 0 || (fault.error == EINTR && taken_up);
    if (harmless) {
      EXPECT_EQ(outcome.code, kDone) << outcome.err;
    } else if (fault.op != FileOp::close) {  // metrics.jsonl is closed by a destructor, after all was written
      EXPECT_EQ(outcome.code, kIo) << outcome.err;
    }
    if (outcome.code == kDone) {
      EXPECT_EQ(checksum_in(outcome.out), expected_);
    } else {
      EXPECT_EQ(outcome.code, kIo);
      EXPECT_NE(outcome.err.find(folder_.path()), std::string::npos) << "names the path: " << outcome.err;
    }
  }

  TemporaryFolder folder_;
  std::string data_, expected_;
};

TEST_F(IoFaults, EveryCallMayFailInEveryWayAndTheRunGoesOnToTheSameBits) {
  int cases = 0;
  for (int op = 0; op < kFileOps; ++op) {
    const auto file_op = static_cast<FileOp>(op);
    int calls = 0;
    {
      const std::string out = continued_run();
      const FaultyFiles counting;
      ASSERT_EQ(train(out, 9).code, kDone);
      calls = counting.calls(file_op);
    }
    ASSERT_GT(calls, 0) << kOpNames[op];
    for (int at = 0; at < calls; ++at) {
      int way = 0;
      for (const int error : {ENOSPC, EIO, EDQUOT, EINTR, 0}) {
        if (error == 0 && file_op != FileOp::write) continue;
        for (const bool from_then_on : {false, true}) {
          if (!full() && way++ % 9 != at % 9) continue;
          run_under({file_op, at, error, from_then_on});
          ++cases;
        }
      }
    }
  }
  RecordProperty("cases", cases);
  std::printf("%d faults\n", cases);
}

}  // namespace
}  // namespace thalweg::test
