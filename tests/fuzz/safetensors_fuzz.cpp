// What is accepted must survive being written and read again.
#include <cstdlib>

#include "host/checkpoint/safetensors.hpp"
#include "tests/fuzz/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  fuzz::only_typed_errors([&] {
    const SafetensorsFile file = parse_safetensors(fuzz::view(data, size), "input");
    std::string bytes = safetensors_header(file.metadata, file.tensors);
    for (const SafetensorsTensor& tensor : file.tensors) bytes += tensor.data;
    const SafetensorsFile again = parse_safetensors(bytes, "again");
    if (again.metadata != file.metadata || again.tensors.size() != file.tensors.size()) std::abort();
    for (std::size_t i = 0; i < file.tensors.size(); ++i) {
      const SafetensorsTensor &a = file.tensors[i], &b = again.tensors[i];
      if (a.name != b.name || a.dtype != b.dtype || a.shape != b.shape || a.data != b.data) std::abort();
    }
  });
  return 0;
}
