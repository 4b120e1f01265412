#include "tests/fuzz/reader.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace thalweg::fuzz {
namespace {

/// The first byte of an input chooses settings, so that the fuzzer finds those too.
DataConfig settings_from(unsigned char choice) {
  DataConfig config;
  config.header = (const char* const[]){"auto", "yes", "no", "auto"}[choice & 3];
  config.impute = (const char* const[]){"error", "mean", "median", "mean"}[choice >> 2 & 3];
  config.standardize = (choice & 16) != 0 ? "auto" : "false";
  config.index_base = (const char* const[]){"auto", "0", "1", "auto"}[choice >> 5 & 3];
  if ((choice & 128) != 0) config.train_rows = "1:2";
  return config;
}

}  // namespace

const std::string& as_file(std::string_view bytes) {
  static const int fd = memfd_create("input", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(fd);
  const auto size = static_cast<off_t>(bytes.size());
  if (ftruncate(fd, 0) != 0 || ftruncate(fd, size) != 0) std::abort();
  if (pwrite(fd, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(size)) std::abort();
  return path;
}

void read_as_data(const std::string& format, std::string_view bytes) {
  if (bytes.empty()) return;
  DataConfig config = settings_from(static_cast<unsigned char>(bytes[0]));
  config.format = format;
  config.train = as_file(bytes.substr(1));
  only_typed_errors([&] {
    const Dataset data = read_training_data(config, TargetUse::automatic);
    const DataSchema schema = schema_from_json(schema_to_json(schema_of(data)));
    read_data_as(config, config.train, "", config.train_rows, schema, false);
  });
}

}  // namespace thalweg::fuzz
