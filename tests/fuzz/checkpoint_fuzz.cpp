// A checkpoint folder whose four files come from the input, cut at the byte 0xff. Checksums would keep every
// change of a fuzzer from the parsers behind them, so an even first byte makes a manifest that fits the
// files.
#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <vector>

#include "host/checkpoint/checkpoint.hpp"
#include "host/checkpoint/checksum.hpp"
#include "host/checkpoint/manifest.hpp"
#include "tests/fuzz/reader.hpp"

namespace {

using namespace thalweg;

constexpr const char* kNames[] = {"model.safetensors", "state.safetensors", "config.toml", "manifest.json"};

const std::string& folder() {
  static const std::string path = [] {
    std::string pattern = "/dev/shm/thalweg-fuzz-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) abort();
    return pattern;
  }();
  return path;
}

std::vector<std::string> pieces_of(std::string_view bytes) {
  std::vector<std::string> pieces(4);
  for (std::string& piece : pieces) {
    const std::size_t end = std::min(bytes.find('\xff'), bytes.size());
    piece = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return pieces;
}

std::string fitting_manifest(const std::vector<std::string>& pieces, std::int64_t step) {
  Manifest manifest{step, "f", "", {}};
  for (int i = 0; i < 3; ++i) {
    const std::string& piece = pieces[static_cast<std::size_t>(i)];
    manifest.files.push_back({kNames[i], piece.size(), checksum(piece)});
  }
  return manifest_text(manifest);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::vector<std::string> pieces = pieces_of(fuzz::view(data + 1, size - 1));
  if (data[0] % 2 == 0) pieces[3] = fitting_manifest(pieces, data[0] / 2);
  for (std::size_t i = 0; i < 4; ++i) {
    std::ofstream(folder() + "/" + kNames[i], std::ios::binary) << pieces[i];
  }
  fuzz::only_typed_errors([&] { read_checkpoint(folder()); });
  fuzz::only_typed_errors([&] { parse_manifest(pieces[3], "input"); });
  return 0;
}
