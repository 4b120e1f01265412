#include "tests/fuzz/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  thalweg::fuzz::read_as_data("npz", thalweg::fuzz::view(data, size));
  return 0;
}
