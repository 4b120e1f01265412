// A config that is accepted must say the same after being written and read again; which is slow, and left out
// by a choice of 2 or more. An odd choice makes the input one setting of a command line.
#include <cstdlib>

#include "host/config/config_text.hpp"
#include "tests/fuzz/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  if (size == 0) return 0;
  const std::string_view input = fuzz::view(data + 1, size - 1);
  fuzz::only_typed_errors([&] {
    Config config, again;
    if (data[0] % 2 == 0) {
      read_config_text(input, "input", config);
    } else {
      const std::size_t equals = std::min(input.find('='), input.size());
      set_config_value(config, std::string(input.substr(0, equals)),
                       std::string(input.substr(std::min(equals + 1, input.size()))));
    }
    validate_config(config);
    if (data[0] >= 2) return;
    const std::string text = to_toml(config);
    read_config_text(text, "again", again);
    if (to_toml(again) != text) std::abort();
  });
  return 0;
}
