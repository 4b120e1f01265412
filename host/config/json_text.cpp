#include "host/config/json_text.hpp"

#include <fmt/format.h>

#include <set>
#include <string>
#include <vector>

#include "thalweg/error.hpp"

namespace thalweg {

nlohmann::json parse_json(std::string_view text, int deepest) {
  using Event = nlohmann::json::parse_event_t;
  std::vector<std::set<std::string>> keys;
  const auto watch = [&](int depth, Event event, nlohmann::json& parsed) {
    if ((event == Event::object_start || event == Event::array_start) && depth >= deepest)
      throw DataError(fmt::format("lists and objects lie more than {} deep", deepest));
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys.back().insert(key).second) throw DataError(fmt::format("the key \"{}\" stands twice", key));
    }
    return true;
  };
  try {
    return nlohmann::json::parse(text, watch);
  } catch (const nlohmann::json::exception& error) {
    throw DataError(error.what());
  }
}

std::int64_t whole_number(const nlohmann::json& value) {
  if (!value.is_number_integer())
    throw DataError(fmt::format("wanted a whole number, got {}", value.type_name()));
  return value.get<std::int64_t>();
}

}  // namespace thalweg
