// The first byte picks the settings of all formats, the second the bits of the hash.
#include "tests/fuzz/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  if (size < 2) return 0;
  DataConfig config{.format = DataFormat::vw};
  config.hash_bits = data[1] % 12;
  fuzz::read_as_data(config, data[0], fuzz::view(data + 2, size - 2));
  return 0;
}
