#include "tests/fuzz/reader.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace thalweg::fuzz {
namespace {

struct MemoryFile {
  int fd = memfd_create("input", 0);
  std::string path = "/proc/self/fd/" + std::to_string(fd);
};

void choose_settings(unsigned char choice, DataConfig& config) {
  config.header = (const Header[]){Header::automatic, Header::yes, Header::no, Header::automatic}[choice & 3];
  config.impute = (const Imputation[]){Imputation::error, Imputation::mean, Imputation::median,
                                       Imputation::mean}[choice >> 2 & 3];
  config.standardize = (choice & 16) != 0 ? Tristate::automatic : Tristate::no;
  config.index_base = (const IndexBase[]){IndexBase::automatic, IndexBase::zero, IndexBase::one,
                                          IndexBase::automatic}[choice >> 5 & 3];
  if ((choice & 128) != 0) config.train_rows = "1:2";
}

void read_twice(const DataConfig& config, TargetUse use) {
  only_typed_errors([&] {
    const Dataset data = read_training_data(config, use);
    const DataSchema schema = schema_from_json(schema_to_json(schema_of(data)));
    read_data_as(config, config.train, config.target, config.train_rows, schema, !config.target.empty());
  });
}

TargetUse use_from(unsigned char choice) {
  return (const TargetUse[]){TargetUse::automatic, TargetUse::classes, TargetUse::numbers}[choice % 3];
}

std::string made_up_labels(std::int64_t rows) {
  std::string labels;
  for (std::int64_t r = 0; r < std::min<std::int64_t>(rows, 4096); ++r) labels += r % 2 == 0 ? "0\n" : "1\n";
  return labels;
}

}  // namespace

const std::string& as_file(std::string_view bytes, std::size_t slot) {
  static const std::array<MemoryFile, 3> files;
  const MemoryFile& file = files.at(slot);
  const auto size = static_cast<off_t>(bytes.size());
  if (ftruncate(file.fd, size) != 0) std::abort();
  if (pwrite(file.fd, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(size)) std::abort();
  return file.path;
}

std::vector<std::string_view> pieces_of(std::string_view bytes, std::size_t count) {
  std::vector<std::string_view> pieces(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t end = i + 1 == count ? bytes.size() : std::min(bytes.find(kCut), bytes.size());
    pieces[i] = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + kCut.size(), bytes.size()));
  }
  return pieces;
}

void read_as_data(DataConfig config, unsigned char choice, std::string_view bytes) {
  choose_settings(choice, config);
  config.train = as_file(bytes);
  read_twice(config, use_from(choice));
}

void read_as_data_and_labels(DataConfig config, unsigned char choice, std::string_view bytes,
                             std::int64_t rows) {
  const std::vector<std::string_view> pieces = pieces_of(bytes, 3);
  config.target = as_file(pieces[1].empty() ? made_up_labels(rows) : pieces[1], 1);
  if (!pieces[2].empty()) config.weight = as_file(pieces[2], 2);
  read_as_data(config, choice, pieces[0]);
}

}  // namespace thalweg::fuzz
