#include "host/json/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace thalweg {
namespace {

constexpr std::size_t kDeepest = 64;

/// Makes our values of the events of nlohmann's parser, which sets the names of these functions.
class Builder {
 public:
  bool null() { return add({}); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(std::int64_t value) { return add(value); }
  bool number_unsigned(std::uint64_t value) { return add(value); }
  bool number_float(double value, const std::string&) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(nlohmann::json::binary_t&) { return false; }
  bool start_object(std::size_t) { return open(Json::Object()); }
  bool start_array(std::size_t) { return open(Json::Array()); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    std::get<Json::Object>(open_.back()).push_back({std::move(name), {}});
    return true;
  }
  bool end_object() {
    std::vector<std::string_view> keys;
    for (const Json::Member& member : std::get<Json::Object>(open_.back())) keys.push_back(member.key);
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice != keys.end()) throw JsonError(fmt::format("the key \"{}\" stands twice", *twice));
    return close();
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) {
    throw JsonError(error.what());
  }

  Json take() { return std::move(root_); }

 private:
  using Open = std::variant<Json::Array, Json::Object>;

  bool open(Open list) {
    if (open_.size() == kDeepest) throw JsonError(fmt::format("is nested deeper than {}", kDeepest));
    open_.push_back(std::move(list));
    return true;
  }
  bool close() {
    Json closed = std::visit([](auto& list) { return Json(std::move(list)); }, open_.back());
    open_.pop_back();
    return add(std::move(closed));
  }
  bool add(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (auto* const list = std::get_if<Json::Array>(&open_.back())) {
      list->push_back(std::move(value));
    } else {
      std::get<Json::Object>(open_.back()).back().value = std::move(value);
    }
    return true;
  }

  std::vector<Open> open_;
  Json root_;
};

[[noreturn]] void unlike(const char* wanted, const Json& got) {
  throw JsonError(fmt::format("wanted {}, got {}", wanted, got.dump()));
}

void new_line(std::string& to, int indent, int level) {
  if (indent < 0) return;
  to += '\n';
  to.append(static_cast<std::size_t>(indent * level), ' ');
}

/// Scalars hold no memory but a text's, so nlohmann's value of one is safe.
template <class T>
void write_scalar(const T& value, std::string& to) {
  try {
    to += nlohmann::json(value).dump();
  } catch (const nlohmann::json::exception& error) {
    throw JsonError(error.what());
  }
}

}  // namespace

Json& Json::operator[](std::string_view key) {
  if (std::holds_alternative<std::nullptr_t>(value_)) value_ = Object();
  auto& members = std::get<Object>(value_);
  for (Member& member : members) {
    if (member.key == key) return member.value;
  }
  return members.emplace_back(Member{std::string(key), {}}).value;
}

const Json* Json::find(std::string_view key) const {
  const auto* const members = get_if<Object>();
  if (members == nullptr) return nullptr;
  const auto found =
      std::find_if(members->begin(), members->end(), [&](const Member& member) { return member.key == key; });
  return found == members->end() ? nullptr : &found->value;
}

const Json& Json::at(std::string_view key) const {
  const Json* const found = find(key);
  if (found == nullptr) throw JsonError(fmt::format("there is no \"{}\"", key));
  return *found;
}

void Json::push_back(Json item) {
  if (std::holds_alternative<std::nullptr_t>(value_)) value_ = Array();
  std::get<Array>(value_).push_back(std::move(item));
}

const Json::Array& Json::array() const {
  const auto* const list = get_if<Array>();
  if (list == nullptr) unlike("a list", *this);
  return *list;
}

const Json::Object& Json::object() const {
  const auto* const members = get_if<Object>();
  if (members == nullptr) unlike("an object", *this);
  return *members;
}

void Json::get_to(bool& to) const {
  const bool* const value = get_if<bool>();
  if (value == nullptr) unlike("true or false", *this);
  to = *value;
}

void Json::get_to(double& to) const {
  if (const auto* const real = get_if<double>()) {
    to = *real;
  } else if (const auto* const positive = get_if<std::uint64_t>()) {
    to = static_cast<double>(*positive);
  } else if (const auto* const negative = get_if<std::int64_t>()) {
    to = static_cast<double>(*negative);
  } else {
    unlike("a number", *this);
  }
}

void Json::get_to(float& to) const { to = static_cast<float>(get<double>()); }

void Json::get_to(std::string& to) const {
  const auto* const text = get_if<std::string>();
  if (text == nullptr) unlike("a text", *this);
  to = *text;
}

std::uint64_t Json::integer(std::int64_t least, std::uint64_t most) const {
  if (const auto* const positive = get_if<std::uint64_t>(); positive != nullptr && *positive <= most)
    return *positive;
  if (const auto* const negative = get_if<std::int64_t>(); negative != nullptr && *negative >= least)
    return static_cast<std::uint64_t>(*negative);
  unlike("a whole number that fits", *this);
}

void Json::write(std::string& to, int indent, int level) const {
  if (const auto* const list = get_if<Array>()) {
    to += '[';
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (i > 0) to += ',';
      new_line(to, indent, level + 1);
      (*list)[i].write(to, indent, level + 1);
    }
    if (!list->empty()) new_line(to, indent, level);
    to += ']';
  } else if (const auto* const members = get_if<Object>()) {
    to += '{';
    for (std::size_t i = 0; i < members->size(); ++i) {
      if (i > 0) to += ',';
      new_line(to, indent, level + 1);
      write_scalar((*members)[i].key, to);
      to += indent < 0 ? ":" : ": ";
      (*members)[i].value.write(to, indent, level + 1);
    }
    if (!members->empty()) new_line(to, indent, level);
    to += '}';
  } else {
    std::visit(
        [&]<class T>(const T& value) {
          if constexpr (!std::is_same_v<T, Array> && !std::is_same_v<T, Object>) write_scalar(value, to);
        },
        value_);
  }
}

std::string Json::dump(int indent) const {
  std::string text;
  write(text, indent, 0);
  return text;
}

Json parse_json(std::string_view text) {
  Builder builder;
  nlohmann::json::sax_parse(text, &builder);
  return builder.take();
}

}  // namespace thalweg
