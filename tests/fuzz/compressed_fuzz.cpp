// zstd, bzip2 and xz. By its choice an input is the file, or what the file inflates to.
#include "host/data/byte_source.hpp"
#include "tests/fuzz/reader.hpp"
#include "tests/support/compressed.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  if (size == 0) return 0;
  const std::string_view input = fuzz::view(data + 1, size - 1);
  std::string file;
  const unsigned by = data[0] & 3u;
  if (by == 0)
    file = input;
  else
    for (const std::string_view piece : fuzz::pieces_of(input, 2))
      file += test::kCompressors[by].compress(piece);
  fuzz::only_typed_errors([&] {
    const auto source = open_file(fuzz::as_file(file));
    std::vector<char> bytes;
    append_bytes(*source, source->most_bytes(), bytes);
  });
  fuzz::read_as_data({}, static_cast<unsigned char>(data[0] >> 2), file);
  return 0;
}
