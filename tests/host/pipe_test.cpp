// Data that come through a pipe are those of the file, whatever the format and whoever looks first.
#include "tests/support/pipe.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <thread>

#include "host/checkpoint/files.hpp"
#include "host/data/input_file.hpp"
#include "host/data/input_paths.hpp"
#include "tests/support/data_files.hpp"

namespace thalweg {
namespace {

using test::expect_error;
using test::npy;
using test::Pipe;
using Floats = std::vector<float>;

class PipeData : public test::DataFiles {
 protected:
  static Dataset read(const std::string& path, const std::string& target = "") {
    DataConfig c = config(path);
    c.target = target;
    return read_training_data(c, TargetUse::automatic);
  }
  /// More than what is looked at to tell a format, and more than a pipe holds at a time.
  static std::string many_rows() {
    std::string text = "a,b,y\n";
    for (int i = 0; i < 20000; ++i)
      text += std::to_string(i % 13) + "," + std::to_string(i) + "," + std::to_string(i % 7) + "\n";
    return text;
  }
  static void expect_same(const Dataset& got, const Dataset& want) {
    EXPECT_EQ(got.rows, want.rows);
    EXPECT_EQ(got.dense_f32, want.dense_f32);
    EXPECT_EQ(got.dense_u8, want.dense_u8);
    EXPECT_EQ(got.columns, want.columns);
    EXPECT_EQ(got.values, want.values);
    EXPECT_EQ(got.target, want.target);
  }
};

TEST_F(PipeData, TextIsReadFromItsFirstRow) {
  const std::string csv = many_rows();
  const Dataset want = read(write("d.csv", csv));
  EXPECT_EQ(want.rows, 20000);
  const Pipe plain(csv), packed(read_file(write_gz("d.csv.gz", csv)));
  expect_same(read(plain.path()), want);
  expect_same(read(packed.path()), want);
  const Pipe small("a,y\n1,2\n");
  EXPECT_EQ(read(small.path()).dense_f32, (Floats{1}));
}

TEST_F(PipeData, AdultIsReadWhole) {
  const std::string adult = test::data_folder() + "a9a";
  const Pipe pipe(read_file(adult));
  const Dataset got = read(pipe.path());
  EXPECT_EQ(got.rows, 32561);  // as data/README tells
  expect_same(got, read(adult));
}

TEST_F(PipeData, ArraysAndTheirLabelsComeThroughPipes) {
  const Pipe features(npy("<f4", "(3, 2)", Floats{1, 2, 3, 4, 5, 6})), text("7\n8\n9\n");
  const Dataset d = read(features.path(), text.path());
  EXPECT_EQ(d.dense_f32, (Floats{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(d.target, (Floats{7, 8, 9}));

  const std::string images("\0\0\x08\x02\0\0\0\x02\0\0\0\x02\x05\x06\x07\x08", 16);
  const Pipe idx(images), labels(npy("<f4", "(2,)", Floats{0.5F, 1.5F}));
  const Dataset u8 = read(idx.path(), labels.path());
  EXPECT_EQ(u8.dense_u8, (std::vector<std::uint8_t>{5, 6, 7, 8}));
  EXPECT_EQ(u8.target, (Floats{0.5F, 1.5F}));
}

TEST_F(PipeData, LabelsInGzipAndWeightsComeThroughPipes) {
  const Pipe labels(read_file(write_gz("y.gz", "3\n4\n"))), weights("1\n3\n");
  DataConfig c = config(write("x.npy", npy("<f4", "(2, 1)", Floats{1, 2})));
  c.target = labels.path();
  c.weight = weights.path();
  const Dataset d = read_training_data(c, TargetUse::numbers);
  EXPECT_EQ(d.target, (Floats{3, 4}));
  EXPECT_EQ(d.weight, (Floats{0.5f, 1.5f}));
}

TEST_F(PipeData, ADashIsTheStandardInput) {
  const int saved = ::dup(STDIN_FILENO);
  const Pipe pipe("a,y\n1,2\n3,4\n");
  const int fd = ::open(pipe.path().c_str(), O_RDONLY);
  ASSERT_GE(::dup2(fd, STDIN_FILENO), 0);
  ::close(fd);
  EXPECT_THROW(require_pipes_once({"-", "/dev/stdin"}), ConfigError);
  EXPECT_NO_THROW(EXPECT_EQ(read("-").target, (Floats{2, 4})));
  ::dup2(saved, STDIN_FILENO);
  ::close(saved);
}

TEST_F(PipeData, ASocketIsReadAsAPipeIs) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  ASSERT_EQ(::write(ends[1], "a,y\n1,2\n", 8), 8);
  ::close(ends[1]);
  const std::string socket = "/proc/self/fd/" + std::to_string(ends[0]);
  EXPECT_EQ(read(socket).target, (Floats{2}));
  EXPECT_THROW(require_pipes_once({socket, socket}), ConfigError);
  ::close(ends[0]);
}

TEST_F(PipeData, AnArchiveIsReadFromItsEndAndRefused) {
  for (const DataFormat format : {DataFormat::automatic, DataFormat::npz}) {
    const Pipe pipe(std::string("PK\x03\x04") + std::string(100, 'x'));
    DataConfig c = config(pipe.path());
    c.format = format;
    expect_error<DataError>([&] { read_training_data(c, TargetUse::automatic); },
                            {pipe.path(), "is a pipe", "npz"});
  }
}

TEST_F(PipeData, APipeThatIsWantedTwiceIsRefused) {
  const Pipe pipe(npy("<f4", "(2, 1)", Floats{1, 2})), other("1\n2\n");
  expect_error<ConfigError>([&] { read(pipe.path(), pipe.path()); }, {pipe.path(), "wanted twice", "once"});
  EXPECT_NO_THROW(require_pipes_once({pipe.path(), other.path(), "", path("nowhere")}));
  const std::string file = write("d.csv", "a,y\n1,2\n");
  EXPECT_NO_THROW(require_pipes_once({file, file}));
}

TEST_F(PipeData, InputPathsNameAFileAsOftenAsARunReadsIt) {
  using Paths = std::vector<std::string>;
  const DataConfig apart{
      .train = "x", .test = "t", .target = "y", .test_target = "u", .weight = "w", .test_rows = "0:5"};
  EXPECT_EQ(input_paths(apart), (Paths{"x", "y", "w", "", "", "t", "u"}));
  const DataConfig part_of_train{.train = "x", .target = "y", .test_rows = "0:5"};
  EXPECT_EQ(input_paths(part_of_train), (Paths{"x", "y", "", "", "", "x", "y"}));
  const DataConfig same_file{.train = "x", .test = "x", .target = "y"};
  EXPECT_EQ(input_paths(same_file), (Paths{"x", "y", "", "", "", "x", "y"}));
  const DataConfig no_test{.train = "x", .target = "y"};
  EXPECT_EQ(input_paths(no_test), (Paths{"x", "y", "", "", "", "", ""}));
}

TEST_F(PipeData, APipeThatFallsSilentIsToldOfOnceAndReadToItsEnd) {
  test::PipeEnds ends;
  const auto say = [&](const std::string& text) {
    ASSERT_GT(::write(ends.writer, text.data(), text.size()), 0);
  };
  std::promise<void> word;
  std::vector<std::int64_t> waits;
  const ReadProgress progress = [&](const std::string&, std::int64_t done, std::int64_t total) {
    if (total != kWaiting) return;
    waits.push_back(done);
    say("3,4\n");
    if (waits.size() == 1) word.set_value();
  };
  say("a,y\n1,2\n");
  std::thread writer([&] {
    word.get_future().wait_for(std::chrono::seconds(20));
    std::this_thread::sleep_for(std::chrono::milliseconds(1200));  // silent again
    test::PipeEnds::close(ends.writer);
  });
  DataConfig c = config("/proc/self/fd/" + std::to_string(ends.reader));
  const Dataset data = read_training_data(c, TargetUse::automatic, {progress});
  writer.join();
  EXPECT_EQ(waits, (std::vector<std::int64_t>{8})) << "bytes that came before it fell silent";
  EXPECT_EQ(data.target, (Floats{2, 4}));
}

/// The word of the wait is what the writer waits for, but not for ever.
TEST_F(PipeData, APipeThatNobodyWritesIsToldOfAndWaitedFor) {
  const std::string fifo = path("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  std::promise<void> word;
  std::thread writer([&] {
    word.get_future().wait_for(std::chrono::seconds(20));
    const int fd = ::open(fifo.c_str(), O_RDWR);  // waits for no reader
    EXPECT_EQ(::write(fd, "a,y\n1,2\n", 8), 8);
    ::close(fd);
  });
  std::vector<std::string> told;
  const ReadProgress progress = [&](const std::string& file, std::int64_t done, std::int64_t total) {
    told.push_back(file + " " + std::to_string(done) + " of " + std::to_string(total));
    if (told.size() == 1) word.set_value();
  };
  EXPECT_NO_THROW(
      EXPECT_EQ(read_training_data(config(fifo), TargetUse::automatic, {progress}).target, (Floats{2})));
  writer.join();
  EXPECT_EQ(told, (std::vector<std::string>{fifo + " 0 of -1", fifo + " 8 of 0"}));
}

TEST_F(PipeData, AnEmptyPipeIsCalledEmpty) {
  const Pipe pipe("");
  expect_error<DataError>([&] { read(pipe.path()); }, {"is empty"});
}

}  // namespace
}  // namespace thalweg
