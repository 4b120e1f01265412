// Sets of more shards than a process may have open files.
#include "host/data/shards/shard_descriptor.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <filesystem>
#include <random>

#include "host/checkpoint/files.hpp"
#include "host/data/row_store.hpp"
#include "host/data/shards/shard_layout.hpp"
#include "tests/support/data_files.hpp"
#include "tests/support/fault_ops.hpp"
#include "tests/support/files.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/shard_data.hpp"
#include "tests/support/threads.hpp"
#include "thalweg/shards.hpp"

namespace thalweg {
namespace {

using test::expect_error;

std::int64_t open_files() {
  std::int64_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

/// A limit of open files while this lives.
class FileLimit {
 public:
  explicit FileLimit(rlim_t most) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    set(most);
  }
  ~FileLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

  void set(rlim_t most) const {
    const rlimit less{most, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &less), 0);
  }

 private:
  rlimit before_{};
};

/// 300 shards of a row each.
class ManyShards : public ::testing::Test {
 protected:
  void SetUp() override { write_shards(data_, folder(), {.shard_bytes = 1}); }
  std::string folder() const { return root_ / "set"; }
  std::string shard(std::int64_t index) const { return join_path(folder(), shard_name(index)); }

  const test::FaultyFiles files_;
  const test::ScratchFolder root_;
  const Dataset data_ = test::dense_floats(300, 3);
};

TEST_F(ManyShards, TakeHalfOfTheFilesThatTheProcessMayOpen) {
  const std::int64_t before = open_files();
  const FileLimit limit(64);
  const Dataset stored = open_shards(folder()), same = open_shards(folder());
  EXPECT_EQ(open_files() - before, 32) << "of both sets together";
  test::on_threads(4, [&](int thread) {
    std::mt19937 random(static_cast<unsigned>(thread));
    for (int i = 0; i < 50; ++i) {
      const auto first = static_cast<std::int64_t>(random() % 290);
      FeatureRows rows;
      (i % 2 == 0 ? stored : same).store->read(first, 10, rows);
      EXPECT_TRUE(test::same_bits(rows, test::features_of(data_, first, 10)));
    }
  });
  EXPECT_EQ(open_files() - before, 32);
}

TEST_F(ManyShards, StayOpenWhereTheProcessMayOpenThem) {
  const std::int64_t before = open_files();
  {
    const FileLimit limit(1000);
    const Dataset stored = open_shards(folder());
    EXPECT_EQ(open_files() - before, 300);
  }
  EXPECT_EQ(open_files(), before);
  const FileLimit limit(64);
  const Dataset stored = open_shards(folder());
  EXPECT_EQ(open_files() - before, 32) << "the places of the set that is closed are free";
}

/// What was compared with its checksum was in another file.
TEST_F(ManyShards, AreRefusedWhereAnotherFileTookThePlaceOfOneThatIsClosed) {
  const FileLimit limit(64);
  const Dataset stored = open_shards(folder());
  FeatureRows rows;
  stored.store->read(299, 1, rows);
  const std::string bytes = read_file(shard(299));
  std::filesystem::rename(shard(299), root_ / "former");
  test::overwrite(shard(299), bytes);
  expect_error<DataError>([&] { stored.store->read(299, 1, rows); },
                          {shard(299) + ": changed after the set was opened"});
  std::filesystem::rename(root_ / "former", shard(299));
  EXPECT_NO_THROW(stored.store->read(299, 1, rows));
  std::filesystem::resize_file(shard(299), 10);
  expect_error<DataError>([&] { stored.store->read(299, 1, rows); }, {"changed after the set was opened"});
  std::filesystem::remove(shard(299));
  expect_error<DataError>([&] { stored.store->read(299, 1, rows); },
                          {shard(299) + ": this shard of the set is missing"});
}

TEST_F(ManyShards, NameTheLimitWhereNotOneMoreCanBeOpened) {
  const FileLimit limit(64);
  const Dataset stored = open_shards(folder());
  limit.set(0);
  FeatureRows rows;
  stored.store->read(0, 1, rows);
  expect_error<IoError>(
      [&] { stored.store->read(299, 1, rows); },
      {shard(299) + ": cannot be opened: Too many open files; this process may have 0 (ulimit -n)"});
}

}  // namespace
}  // namespace thalweg
