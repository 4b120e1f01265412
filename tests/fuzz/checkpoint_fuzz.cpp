// A checkpoint folder whose files come from the input: header and data of the model, header and data of the
// state, the config and the manifest. An even choice makes a manifest that fits the files, and lengths that
// fit the headers.
#include <nlohmann/json.hpp>
#include <set>

#include "host/checkpoint/checkpoint.hpp"
#include "host/checkpoint/checksum.hpp"
#include "host/checkpoint/manifest.hpp"
#include "host/checkpoint/tensor_file.hpp"
#include "host/config/config_text.hpp"
#include "tests/fuzz/folder.hpp"
#include "tests/fuzz/safetensors_input.hpp"
#include "thalweg/model.hpp"

namespace {

using namespace thalweg;

constexpr const char* kFiles[] = {"model.safetensors", "state.safetensors", "config.toml", "manifest.json"};
using Files = std::vector<std::string>;

/// The parameters' checksum, where the model can be read.
std::string parameters_in(const std::string& model) {
  std::vector<NamedTensor> parameters;
  fuzz::only_typed_errors([&] {
    const SafetensorsFile file = parse_safetensors(model, "model");
    const auto names = file.metadata.find("thalweg.buffers");
    const auto buffers =
        nlohmann::json::parse(names == file.metadata.end() ? "" : names->second, nullptr, false);
    for (NamedTensor& tensor : to_named_tensors(file, "model")) {
      const bool buffer = std::find(buffers.begin(), buffers.end(), tensor.name) != buffers.end();
      if (!buffer) parameters.push_back(std::move(tensor));
    }
  });
  return parameters_xxh3(parameters);
}

std::string fitting_manifest(const Files& files, std::int64_t step) {
  Manifest manifest{step, "f", parameters_in(files[0]), {}};
  for (std::size_t i = 0; i < 3; ++i)
    manifest.files.push_back({kFiles[i], files[i].size(), checksum(files[i])});
  return manifest_text(manifest);
}

Files files_of(unsigned char choice, std::string_view input) {
  const auto p = fuzz::pieces_of(input, 6);
  const std::string manifest(p[5]), config(p[4]);
  if (choice % 2 != 0)
    return {std::string(p[0]).append(p[1]), std::string(p[2]).append(p[3]), config, manifest};
  Files files = {fuzz::safetensors_of(p[0], p[1]), fuzz::safetensors_of(p[2], p[3]), config, ""};
  files[3] = fitting_manifest(files, choice / 2);
  return files;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const fuzz::Folder folder;
  const Files files = files_of(data[0], fuzz::view(data + 1, size - 1));
  for (std::size_t i = 0; i < files.size(); ++i) folder.write(kFiles[i], files[i]);
  fuzz::only_typed_errors([&] {
    const CheckpointData checkpoint = read_checkpoint(folder.path());
    for (const auto& entry : checkpoint.metadata)
      fuzz::only_typed_errors([&] { schema_from_json(entry.second); });
    Config config;
    read_config_text(checkpoint.config_toml, "config", config);
  });
  fuzz::only_typed_errors([&] { parse_manifest(files[3], "input"); });
  return 0;
}
