// A file of unknown format, which is how gzip (and what is in it) reaches the readers. All bytes are inflated
// first: a short file may claim a lot.
#include <vector>

#include "host/data/byte_source.hpp"
#include "tests/fuzz/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  const std::string& path = fuzz::as_file(fuzz::view(data, size));
  fuzz::only_typed_errors([&] {
    const auto source = open_file(path);
    std::vector<char> bytes;
    append_bytes(*source, std::int64_t{64} << 20, bytes);
  });
  fuzz::only_typed_errors([&] {
    DataConfig config;
    config.train = path;
    read_training_data(config, TargetUse::automatic);
  });
  return 0;
}
