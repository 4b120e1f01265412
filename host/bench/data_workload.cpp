// The readers on files of the same rows, and the order of an epoch. Rows are used where they lie in memory,
// so that a batch costs nothing but the list of its rows.
#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "host/bench/made_data.hpp"
#include "host/bench/training_cases.hpp"
#include "host/checkpoint/files.hpp"
#include "host/data/all_rows.hpp"
#include "host/data/npy_writer.hpp"
#include "thalweg/error.hpp"

namespace thalweg::bench {
namespace {

/// A folder that goes away with its files.
class ScratchFolder {
 public:
  ScratchFolder()
      : path_((std::filesystem::temp_directory_path() / fmt::format("thalweg-bench-{}", getpid())).string()) {
    create_folders(path_);
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

std::string csv_text(const Dataset& data) {
  fmt::memory_buffer out;
  for (std::int64_t j = 0; j < data.features; ++j) fmt::format_to(std::back_inserter(out), "x{},", j);
  fmt::format_to(std::back_inserter(out), "y\n");
  for (std::int64_t n = 0; n < data.rows; ++n) {
    for (std::int64_t j = 0; j < data.features; ++j)
      fmt::format_to(std::back_inserter(out), "{:.9g},", data.dense_f32[at(n * data.features + j)]);
    fmt::format_to(std::back_inserter(out), "{}\n", data.target[at(n)]);
  }
  return fmt::to_string(out);
}

std::string libsvm_text(const Dataset& data) {
  fmt::memory_buffer out;
  for (std::int64_t n = 0; n < data.rows; ++n) {
    fmt::format_to(std::back_inserter(out), "{}", data.target[at(n)]);
    for (std::int64_t j = 0; j < data.features; ++j)
      fmt::format_to(std::back_inserter(out), " {}:{:.9g}", j + 1, data.dense_f32[at(n * data.features + j)]);
    out.push_back('\n');
  }
  return fmt::to_string(out);
}

/// IDX of unsigned bytes (magic 0x0803), the values scaled to 0 .. 255.
std::string idx_bytes(const Dataset& data) {
  std::string bytes("\0\0\x08\x02", 4);
  for (const std::int64_t extent : {data.rows, data.features})
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(extent >> shift);
  for (const float value : data.dense_f32)
    bytes += static_cast<char>(static_cast<unsigned char>(127.5f * (value + 1)));
  return bytes;
}

std::string idx_labels(const Dataset& data) {
  std::string bytes("\0\0\x08\x01", 4);
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(data.rows >> shift);
  for (const float value : data.target) bytes += static_cast<char>(value);
  return bytes;
}

std::string gzipped(const std::string& bytes) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16, kLevel = 6, kMemory = 8;
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) != Z_OK)
    throw InternalError("zlib cannot begin to compress");
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int code = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (code != Z_STREAM_END) throw InternalError("zlib cannot compress");
  return out;
}

void append(std::string& bytes, std::initializer_list<std::pair<std::uint32_t, int>> fields) {
  for (const auto& [value, size] : fields)
    for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
}

/// A zip archive of stored members, as numpy.savez writes them.
std::string stored_zip(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string bytes, directory;
  for (const auto& [name, content] : members) {
    const auto offset = static_cast<std::uint32_t>(bytes.size());
    const auto size = static_cast<std::uint32_t>(content.size()),
               length = static_cast<std::uint32_t>(name.size());
    const auto crc = static_cast<std::uint32_t>(
        crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size())));
    std::string both;  // what the member and the directory say of it
    append(both, {{20, 2}, {0, 2}, {0, 2}, {0, 4}, {crc, 4}, {size, 4}, {size, 4}, {length, 2}, {0, 2}});
    append(bytes, {{0x04034b50, 4}});
    bytes += both + name + content;
    append(directory, {{0x02014b50, 4}, {20, 2}});
    directory += both;
    append(directory, {{0, 2}, {0, 2}, {0, 2}, {0, 4}, {offset, 4}});
    directory += name;
  }
  const auto count = static_cast<std::uint32_t>(members.size());
  const auto begin = static_cast<std::uint32_t>(bytes.size()),
             size = static_cast<std::uint32_t>(directory.size());
  bytes += directory;
  append(bytes, {{0x06054b50, 4}, {0, 4}, {count, 2}, {count, 2}, {size, 4}, {begin, 4}, {0, 2}});
  return bytes;
}

/// A file, how it is read, and whether it keeps the float values.
struct SourceFile {
  std::string format;
  DataConfig config;
  bool exact = true;
};

std::vector<SourceFile> write_files(const Dataset& data, const ScratchFolder& folder) {
  const auto config = [&](const std::string& name, DataFormat format) {
    DataConfig c;
    c.train = folder.file(name);
    c.format = format;
    c.standardize = Tristate::no;
    return c;
  };
  std::vector<SourceFile> files{{"npy", config("x.npy", DataFormat::npy)},
                                {"npz", config("data.npz", DataFormat::npz)},
                                {"csv", config("data.csv", DataFormat::csv)},
                                {"csv.gz", config("data.csv.gz", DataFormat::csv)},
                                {"libsvm", config("data.svm", DataFormat::libsvm)},
                                {"idx", config("x.idx", DataFormat::idx), /*exact=*/false}};
  write_npy(folder.file("x.npy"), matrix(data.dense_f32.data(), data.rows, data.features));
  write_npy(folder.file("y.npy"), data.target);
  files[0].config.target = folder.file("y.npy");
  write_file_atomically(folder.file("data.npz"), stored_zip({{"x.npy", read_file(folder.file("x.npy"))},
                                                             {"y.npy", read_file(folder.file("y.npy"))}}));
  const std::string csv = csv_text(data);
  write_file_atomically(folder.file("data.csv"), csv);
  write_file_atomically(folder.file("data.csv.gz"), gzipped(csv));
  write_file_atomically(folder.file("data.svm"), libsvm_text(data));
  write_file_atomically(folder.file("x.idx"), idx_bytes(data));
  write_file_atomically(folder.file("y.idx"), idx_labels(data));
  files[5].config.target = folder.file("y.idx");
  return files;
}

/// Every value as it was made: the texts hold nine digits.
std::vector<Check> check_read(const SourceFile& source, const Dataset& made) {
  const Dataset got = read_training_data(source.config, TargetUse::automatic);
  const bool same_extents = got.rows == made.rows && got.features == made.features;
  double error = same_extents ? 0 : HUGE_VAL;
  const std::vector<float>& values = got.sparse ? got.values : got.dense_f32;
  for (std::size_t i = 0; same_extents && source.exact && i < made.dense_f32.size(); ++i)
    error = std::max(error, std::abs(static_cast<double>(values[i]) - made.dense_f32[i]));
  return {{"values of " + source.format, error, 0}};
}

Case reader_case(const SourceFile& source, const std::shared_ptr<const Dataset>& made,
                 const std::shared_ptr<const ScratchFolder>& folder) {
  const std::string path = source.config.train;
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(path));
  return {.workload = "data",
          .shape = {{"reader", source.format}, {"rows", made->rows}, {"features", made->features}},
          .samples = static_cast<double>(made->rows),
          .cost = {.bytes_read = size},
          .limit_amount = static_cast<double>(size),
          .limit = timed_limit("file", static_cast<double>(size), [path] { read_file(path); }),
          .run = [source, folder] { read_training_data(source.config, TargetUse::automatic); },
          .finish = [] {},
          .check = [source, made] { return check_read(source, *made); }};
}

/// The rows of one batch of a shuffled epoch.
Case order_case(std::int64_t rows, std::int64_t batch) {
  const auto batches =
      std::make_shared<const EpochBatches>(all_rows(rows), batch, 1, /*shuffle=*/true, /*drop_last=*/true);
  const auto step = std::make_shared<std::int64_t>(0);
  return {.workload = "data",
          .shape = {{"reader", "order"}, {"rows", rows}, {"batch", batch}},
          .samples = static_cast<double>(batch),
          .cost = {.bytes_written = batch * 8},
          .run = [batches, step] { batches->at_step((*step)++).rows(); },
          .finish = [] {},
          .check = [] { return std::vector<Check>{}; }};
}

}  // namespace

void data(const Bench& bench) {
  const WorkloadOptions& o = bench.options.workload;
  const auto made = std::make_shared<const Dataset>(
      made_dense(bench.ctx, or_default(o.rows, 20'000), or_default(o.features, 100), 2));
  const auto folder = std::make_shared<const ScratchFolder>();
  for (const SourceFile& source : write_files(*made, *folder))
    bench.measure({reader_case(source, made, folder)});
  for (const std::int64_t batch : or_default<std::int64_t>(o.batch, {256}))
    bench.measure({order_case(or_default(o.rows, 100'000), batch)});
}

}  // namespace thalweg::bench
