// The manifest of a set of shards. What is accepted is what would be written. An even choice puts the
// checksum that fits behind the input.
#include <cstdlib>

#include "host/checkpoint/checksum.hpp"
#include "host/data/shards/shard_manifest.hpp"
#include "tests/fuzz/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  if (size == 0) return 0;
  std::string text(fuzz::view(data + 1, size - 1));
  if (data[0] % 2 == 0) text += ",\n  \"manifest_xxh3\": \"" + checksum(text) + "\"\n}\n";
  fuzz::only_typed_errors([&] {
    if (shard_manifest_text(parse_shard_manifest(text, "input")) != text) std::abort();
  });
  return 0;
}
