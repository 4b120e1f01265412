#include "tests/fuzz/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  if (size == 0) return 0;
  DataConfig config{.format = DataFormat::libsvm};
  if ((data[0] & 16) != 0) config.features = 5;
  fuzz::read_as_data(config, data[0], fuzz::view(data + 1, size - 1));
  return 0;
}
