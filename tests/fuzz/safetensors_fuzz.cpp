// What is accepted must survive being written and read again. By its choice an input is the file, or header
// and data, in front of which the header's length is put.
#include <cstdlib>

#include "host/checkpoint/safetensors.hpp"
#include "tests/fuzz/safetensors_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  if (size == 0) return 0;
  const std::string_view input = fuzz::view(data + 1, size - 1);
  const auto pieces = fuzz::pieces_of(input, 2);
  const std::string bytes =
      data[0] % 2 == 0 ? fuzz::safetensors_of(pieces[0], pieces[1]) : std::string(input);
  fuzz::only_typed_errors([&] {
    const SafetensorsFile file = parse_safetensors(bytes, "input");
    std::string written = safetensors_header(file.metadata, file.tensors);
    for (const SafetensorsTensor& tensor : file.tensors) written += tensor.data;
    const SafetensorsFile again = parse_safetensors(written, "again");
    if (again.metadata != file.metadata || again.tensors.size() != file.tensors.size()) std::abort();
    for (std::size_t i = 0; i < file.tensors.size(); ++i) {
      const SafetensorsTensor &a = file.tensors[i], &b = again.tensors[i];
      if (a.name != b.name || a.dtype != b.dtype || a.shape != b.shape || a.data != b.data) std::abort();
    }
  });
  return 0;
}
