#include "host/cli/object_text.hpp"

#include <fmt/format.h>

#include "host/cli/printable.hpp"

namespace thalweg::cli {

std::string as_text(const Json& object) {
  std::string text;
  for (const auto& [key, value] : object.object()) {
    if (key == "segments") {
      for (const Json& segment : value.array()) {
        text +=
            fmt::format("  {:<28} {}\n", segment.at("name").get<std::string>(), segment.at("shape").dump());
      }
    } else {
      const auto* const plain = value.get_if<std::string>();
      text += fmt::format("{:<18} {}\n", key, plain != nullptr ? printable(*plain) : value.dump());
    }
  }
  return text;
}

}  // namespace thalweg::cli
