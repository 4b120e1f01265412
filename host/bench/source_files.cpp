// The same rows as files of every format.
#include <fmt/format.h>
#include <zlib.h>

#include <functional>

#include "host/bench/data_cases.hpp"
#include "host/checkpoint/files.hpp"
#include "host/data/npy_writer.hpp"
#include "thalweg/error.hpp"

namespace thalweg::bench {
namespace {

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

void write_npy_pair(const Dataset& data, const ScratchFolder& folder) {
  write_npy(folder.file("x.npy"), matrix(data.dense_f32.data(), data.rows, data.features));
  write_npy(folder.file("y.npy"), data.target);
}

struct Source {
  const char* format;
  const char* name;   ///< of the features' file
  const char* label;  ///< of the file of labels; empty: there is none
  DataFormat reader;
  bool exact;
  void (*write)(const Dataset&, const ScratchFolder&);
};

constexpr Source kSources[] = {
    {"npy", "x.npy", "y.npy", DataFormat::npy, true, &write_npy_pair},
    {"npz", "data.npz", "", DataFormat::npz, true,
     [](const Dataset& data, const ScratchFolder& folder) {
       write_npy_pair(data, folder);
       write_file_atomically(folder.file("data.npz"),
                             stored_zip({{"x.npy", read_file(folder.file("x.npy"))},
                                         {"y.npy", read_file(folder.file("y.npy"))}}));
     }},
    {"csv", "data.csv", "", DataFormat::csv, true,
     [](const Dataset& data, const ScratchFolder& folder) {
       write_file_atomically(folder.file("data.csv"), csv_text(data));
     }},
    {"csv.gz", "data.csv.gz", "", DataFormat::csv, true,
     [](const Dataset& data, const ScratchFolder& folder) {
       write_file_atomically(folder.file("data.csv.gz"), gzipped(csv_text(data)));
     }},
    {"libsvm", "data.svm", "", DataFormat::libsvm, true,
     [](const Dataset& data, const ScratchFolder& folder) {
       write_file_atomically(folder.file("data.svm"), libsvm_text(data));
     }},
    {"idx", "x.idx", "y.idx", DataFormat::idx, false, [](const Dataset& data, const ScratchFolder& folder) {
       write_file_atomically(folder.file("x.idx"), idx_bytes(data));
       write_file_atomically(folder.file("y.idx"), idx_labels(data));
     }}};

}  // namespace

std::vector<SourceFile> write_sources(const Dataset& data, const ScratchFolder& folder,
                                      const WantedReaders& wanted) {
  std::vector<SourceFile> files;
  for (const Source& source : kSources) {
    const bool converted = source.reader == DataFormat::npy || std::string_view(source.format) == "csv";
    if (!wanted.any({source.format}) && !(converted && wanted.any({"convert"}))) continue;
    source.write(data, folder);
    SourceFile file{.format = source.format, .exact = source.exact};
    file.config.train = folder.file(source.name);
    if (*source.label != '\0') file.config.target = folder.file(source.label);
    file.config.format = source.reader;
    file.config.standardize = Tristate::no;
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace thalweg::bench
