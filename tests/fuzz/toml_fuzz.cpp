// A config that is accepted must say the same after being written and read again.
#include <cstdlib>

#include "host/config/config_text.hpp"
#include "tests/fuzz/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  fuzz::only_typed_errors([&] {
    Config config, again;
    read_config_text(std::string(fuzz::view(data, size)), "input", config);
    const std::string text = to_toml(config);
    read_config_text(text, "again", again);
    if (to_toml(again) != text) std::abort();
    validate_config(config);
  });
  return 0;
}
