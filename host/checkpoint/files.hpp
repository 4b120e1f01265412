#pragma once
// Output to the file system; nothing else in Thalweg opens a file for writing. Every failure is an IoError
// with the path and the system's reason. A failed fsync is final: the kernel may have dropped the pages and
// would call a second one a success (Rebello et al., "Can Applications Recover from fsync Failures?", 2020).
// The iterators of std::filesystem are not used: where memory runs out in them, they end the process.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

/// What every temporary name begins with. A crash can leave one behind; nothing reads it.
constexpr std::string_view kTemporaryPrefix = ".tmp-";

/// Writes all the bytes. It continues short writes, interruptions and a descriptor that would block where
/// they stopped. Any other failure is an IoError that calls the descriptor `shown`.
void write_fully(int descriptor, std::string_view bytes, std::string_view shown);

/// A file being written.
class OutputFile {
 public:
  enum class Mode { replace, append };

  /// `shown`: what messages call it, where that is not its path.
  explicit OutputFile(std::string path, Mode mode = Mode::replace, std::string shown = "");
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  void sync();   ///< on the disk when it returns
  void close();  ///< reports what the destructor could not
  const std::string& path() const { return path_; }

 private:
  std::string path_, shown_;
  int fd_ = -1;
};

/// A file that appears under its name all at once: write, then commit. Without commit it never was. What a
/// process that was killed left of the same file is removed. Threads may write the same file at the same
/// time: the last commit holds.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();

  void write(std::string_view bytes) { file_.write(bytes); }
  void commit();

 private:
  /// The right to temporary_path, which one file of the process has at a time; the others add a number.
  struct PlainName {
    PlainName();
    ~PlainName();
    PlainName(const PlainName&) = delete;
    PlainName& operator=(const PlainName&) = delete;
    const bool mine;
  };

  std::string path_;
  PlainName plain_name_;
  OutputFile file_;
  bool renamed_ = false;
};

/// The bytes of `parts`, one after the other, as the file `path`: all of them or the file as it was.
void write_file_atomically(const std::string& path, std::span<const std::string_view> parts);
void write_file_atomically(const std::string& path, std::string_view bytes);

/// The file that a user's `path` leads to through symbolic links, for an AtomicFile to replace. Throws
/// IoError for what is there and no regular file: a device or a pipe must not give way to a file.
std::string replaceable_file(const std::string& path);

/// Creates a folder and the ones above it, and makes their entries durable.
void create_folders(const std::string& path);
/// Creates one folder that must not exist yet.
void create_folder(const std::string& path);
/// A descriptor of a folder, which the caller closes.
int open_folder(const std::string& path);
/// Makes the entries of a folder durable.
void sync_folder(const std::string& path);
/// rename(2); the caller syncs the folder.
void rename_path(const std::string& from, const std::string& to);
/// Removes a file or a folder with what is in it; it may be absent.
void remove_path(const std::string& path);
/// Throws IoError where this process may not remove what is in a folder.
void require_removable(const std::string& folder);
/// Removes what crashed writers left in a folder.
void remove_temporaries(const std::string& folder);

/// The whole file. NoInputError when it is not there, IoError when it cannot be read.
std::string read_file(const std::string& path);

bool path_exists(const std::string& path);
bool is_folder(const std::string& path);
/// Nothing where there is no such file.
std::optional<std::uint64_t> file_size(const std::string& path);
/// Returns the names in a folder, in no order; nothing if it cannot be read.
std::vector<std::string> names_in(const std::string& folder);

/// `name` in `folder`.
std::string join_path(const std::string& folder, std::string_view name);
/// The last part of a path.
std::string name_of(const std::string& path);
/// The folder part of a path: "." where there is none.
std::string parent_of(const std::string& path);
/// `name` in `folder`, as a temporary of this process.
std::string temporary_path(const std::string& folder, const std::string& name);
/// Removes the temporaries for `path` of processes that are gone, where it can.
void remove_stale_temporaries(const std::string& path);

}  // namespace thalweg
