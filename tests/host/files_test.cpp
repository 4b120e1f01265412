#include "host/checkpoint/files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "host/checkpoint/atomic_folder.hpp"
#include "host/checkpoint/overwrite.hpp"
#include "tests/support/fault_ops.hpp"
#include "tests/support/files.hpp"
#include "tests/support/scratch_folder.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

namespace fs = std::filesystem;
using test::entries;
using test::FaultyFiles;
using test::io_error_of;
using test::Locked;
using test::overwrite;
using test::ScratchFolder;
using test::Unprivileged;

TEST(Files, AnAtomicFileIsOldOrNewUnderEveryFault) {
  for (int op = 0; op < 5; ++op) {
    const auto file_op = static_cast<test::FileOp>(op);
    for (int at = 0; at < 2; ++at) {
      const ScratchFolder root;
      overwrite(root / "file", "old");
      const FaultyFiles faulty({file_op, at, EIO, false});
      try {
        write_file_atomically(root / "file", "new!");
      } catch (const IoError&) {
      }
      if (faulty.calls(file_op) <= at) continue;
      EXPECT_EQ(faulty.landed(), 1);
      const std::string content = read_file(root / "file");
      EXPECT_TRUE(content == "old" || content == "new!") << content;
      EXPECT_EQ(entries(root.path()), (std::vector<std::string>{"file"})) << "no temporary is left";
    }
  }
}

TEST(Files, AnAtomicFileRemovesWhatADeadProcessLeftOfIt) {
  const ScratchFolder root;
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(dead, nullptr, 0), dead);
  const std::string left = ".tmp-file-" + std::to_string(dead), second = left + ".2",
                    other = ".tmp-other-" + std::to_string(dead);
  // process 1 is always there
  for (const std::string& name :
       {left, second, other, std::string(".tmp-file-1"), std::string(".tmp-file-x"), left + "x"})
    overwrite(root / name, "left");
  write_file_atomically(root / "file", "new");
  EXPECT_EQ(entries(root.path()),
            (std::vector<std::string>{".tmp-file-1", left + "x", ".tmp-file-x", other, "file"}));
}

TEST(Files, AnAtomicFolderRemovesWhatADeadProcessLeftOfIt) {
  const ScratchFolder root;
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(dead, nullptr, 0), dead);
  for (const std::string& process : {std::to_string(dead), std::string("1")}) {
    fs::create_directory(root / (".tmp-set-" + process));
    overwrite(root / (".tmp-set-" + process + "/part"), "left");
  }
  AtomicFolder folder(root / "set");
  const std::string_view parts[] = {"a", "", "bc"};
  folder.write("part", parts);
  EXPECT_FALSE(fs::exists(root / "set"));
  folder.commit();
  EXPECT_EQ(entries(root.path()), (std::vector<std::string>{".tmp-set-1", "set"}));
  EXPECT_EQ(read_file(root / "set/part"), "abc");
}

TEST(Files, PartOfAFileIsWrittenAnewAndTheRestStays) {
  const ScratchFolder root;
  AtomicFolder folder(root / "set");
  const std::string_view parts[] = {"abcdef"};
  folder.write("part", parts);
  folder.overwrite("part", 2, "XY");
  EXPECT_EQ(read_file(folder.temporary() + "/part"), "abXYef");
  EXPECT_NE(io_error_of([&] { folder.overwrite("other", 0, "X"); }).find("set/other"), std::string::npos);
  {
    const FaultyFiles counted;
    folder.overwrite("part", 0, "Z");
    EXPECT_EQ(counted.calls(test::FileOp::fsync), 1);
  }
  folder.commit();
  EXPECT_EQ(read_file(root / "set/part"), "ZbXYef");
}

TEST(Files, AnAtomicFolderTakesThePlaceOfNoOther) {
  const ScratchFolder root;
  {
    AtomicFolder folder(root / "set");
    fs::create_directory(root / "set");
    EXPECT_NE(io_error_of([&] { folder.commit(); }).find("set: it exists by now"), std::string::npos);
  }
  EXPECT_EQ(entries(root.path()), std::vector<std::string>{"set"});
}

TEST(Files, AnAtomicFolderIsDurableFromItsFilesUp) {
  const ScratchFolder root;
  const FaultyFiles counted;
  AtomicFolder folder(root / "set");
  const int before = counted.calls(test::FileOp::fsync);
  const std::string_view parts[] = {"a"};
  folder.write("part", parts);
  EXPECT_EQ(counted.calls(test::FileOp::fsync), before + 1);
  folder.commit();
  EXPECT_EQ(counted.calls(test::FileOp::fsync), before + 3) << "the folder, and the one above it";
}

TEST(Files, AnAtomicFolderFreesItsNameOnceAllIsOnTheDisk) {
  const ScratchFolder root;
  const FaultyFiles counted;
  fs::create_directory(root / "set");
  AtomicFolder folder(root / "set");
  const std::string_view parts[] = {"new"};
  folder.write("part", parts);
  const int before = counted.calls(test::FileOp::fsync);
  folder.commit([&] {
    EXPECT_EQ(counted.calls(test::FileOp::fsync), before + 1) << "the folder";
    fs::rename(root / "set", root / "old");
  });
  EXPECT_EQ(entries(root.path()), (std::vector<std::string>{"old", "set"}));
  EXPECT_EQ(read_file(root / "set/part"), "new");
}

TEST(Files, ThreadsMayWriteOneFileAtATimeAndTheLastCommitHolds) {
  const ScratchFolder root;
  {
    AtomicFile first(root / "file"), second(root / "file"), third(root / "file");
    EXPECT_EQ(entries(root.path()).size(), 3u);
    EXPECT_TRUE(fs::exists(temporary_path(root.path(), "file"))) << "the first has the name of a file alone";
    first.write("first"), second.write("second");
    second.commit();
    EXPECT_EQ(read_file(root / "file"), "second");
    first.commit();
    EXPECT_EQ(read_file(root / "file"), "first");
  }
  EXPECT_EQ(entries(root.path()), (std::vector<std::string>{"file"}));
  const AtomicFile alone(root / "file");
  EXPECT_TRUE(fs::exists(temporary_path(root.path(), "file")));
}

TEST(Files, AFailedFsyncIsNotTriedAgain) {
  const ScratchFolder root;
  const FaultyFiles faulty({test::FileOp::fsync, 0, EIO, false});
  EXPECT_THROW(write_file_atomically(root / "file", "x"), IoError);
  EXPECT_EQ(faulty.calls(test::FileOp::fsync), 1);
  EXPECT_FALSE(fs::exists(root / "file"));
}

TEST(Files, AFolderThatCannotBeMadeIsAnError) {
  const ScratchFolder root;
  const FaultyFiles faulty({test::FileOp::mkdir, 0, EIO, false});
  EXPECT_THROW(create_folder(root / "folder"), IoError);
}

TEST(Files, AppendingAddsToWhatIsThere) {
  const ScratchFolder root;
  for (const char* line : {"one\n", "two\n"}) {
    OutputFile file(root / "log", OutputFile::Mode::append);
    file.write(line);
    file.close();
  }
  EXPECT_EQ(read_file(root / "log"), "one\ntwo\n");
}

TEST(Files, EveryFileThatIsOpenedIsClosedAlsoInPlaceOfStandardInput) {
  const ScratchFolder root;
  const int kept = dup(0);
  close(0);
  { const OutputFile file(root / "log", OutputFile::Mode::append); }
  EXPECT_EQ(fcntl(0, F_GETFD), -1);
  dup2(kept, 0);
  close(kept);
}

TEST(Files, AFileThatWasOverwrittenIsClosed) {
  const ScratchFolder root;
  write_file_atomically(root / "file", "abcd");
  const auto open_files = [] { return entries("/proc/self/fd").size(); };
  const std::size_t before = open_files();
  thalweg::overwrite(root / "file", 1, "xy", "file");
  EXPECT_EQ(open_files(), before);
  EXPECT_EQ(read_file(root / "file"), "axyd");
}

TEST(Files, RemovingSaysWhyAFolderCannotBeEmptied) {
  const ScratchFolder root;
  fs::create_directories(root / "folder/deep");
  const Locked locked(root / "folder");
  const Unprivileged nobody(root.path());
  EXPECT_EQ(io_error_of([&] { remove_path(root / "folder"); }),
            "cannot remove " + (root / "folder") + ": Permission denied");
}

TEST(Files, AUsersLinkIsFollowedToTheFileToReplace) {
  const ScratchFolder root;
  fs::create_directory(root / "deep");
  fs::create_symlink("deep/second", root / "first");
  fs::create_symlink("../file", root / "deep/second");
  fs::create_symlink(root / "deep/second", root / "absolute");
  for (const char* link : {"first", "absolute"}) {  // before the file is there, and after that
    write_file_atomically(replaceable_file(root / link), link);
    EXPECT_EQ(read_file(root / "file"), link);
    EXPECT_TRUE(fs::is_symlink(root / link));
  }
  EXPECT_EQ(replaceable_file(root / "none"), root / "none");
  EXPECT_EQ(entries(root.path()), (std::vector<std::string>{"absolute", "deep", "file", "first"}));
}

TEST(Files, NothingButARegularFileIsReplaced) {
  const ScratchFolder root;
  fs::create_symlink("/dev/null", root / "null");
  ASSERT_EQ(::mkfifo((root / "pipe").c_str(), 0600), 0);
  fs::create_symlink("round", root / "round");
  EXPECT_EQ(io_error_of([&] { replaceable_file(root / "null"); }),
            "cannot replace /dev/null: not a regular file");
  EXPECT_EQ(io_error_of([&] { replaceable_file(root / "pipe"); }),
            "cannot replace " + (root / "pipe") + ": not a regular file");
  EXPECT_EQ(io_error_of([&] { replaceable_file(root.path()); }),
            "cannot replace " + root.path() + ": not a regular file");
  EXPECT_EQ(io_error_of([&] { replaceable_file(root / "round"); }),
            "cannot follow " + (root / "round") + ": Too many levels of symbolic links");
}

TEST(Files, ReadingSaysWhatIsWrong) {
  const ScratchFolder root;
  EXPECT_THROW(read_file(root / "none"), NoInputError);
  EXPECT_THROW(read_file(root.path()), IoError);
}

}  // namespace
}  // namespace thalweg
