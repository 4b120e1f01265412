#pragma once
// JSON values that survive a failed allocation. nlohmann/json parses the text and writes the scalars. Its own
// values are not used: their destructors allocate, and a destructor that fails to allocate can only end the
// process. Fill an object key by key and not from a list in braces. If memory runs out in such a list, GCC 12
// destroys parts that it has not made.
#include <concepts>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace thalweg {

/// The text is not JSON, or a value is of another kind than requested. The message says what, not where.
class JsonError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Json {
 public:
  struct Member;
  using Array = std::vector<Json>;
  using Object = std::vector<Member>;  ///< in the order of the text, no key twice

  Json();
  Json(std::nullptr_t);
  template <std::same_as<bool> T>  // no pointer
  Json(T value);
  Json(double value);  ///< written as null where it is not finite
  Json(std::string value);
  Json(std::string_view value);
  Json(const char* value);
  Json(Array value);
  Json(Object value);
  template <std::integral T>
  requires(!std::same_as<T, bool>) Json(T value);
  template <class T>
  Json(const std::vector<T>& items);

  /// The value of a key, made null where it is not there; null itself becomes an object.
  Json& operator[](std::string_view key);
  /// Returns the value of a key; null if the key is missing or this is not an object.
  const Json* find(std::string_view key) const;
  /// The value of a key that must be there.
  const Json& at(std::string_view key) const;
  /// Null becomes a list.
  void push_back(Json item);

  /// Null unless the value is a T: bool, std::int64_t (negative), std::uint64_t, double, std::string, Array,
  /// Object.
  template <class T>
  const T* get_if() const {
    return std::get_if<T>(&value_);
  }
  // Each throws JsonError where the value is something else or does not fit.
  const Array& array() const;
  const Object& object() const;
  void get_to(bool& to) const;
  void get_to(double& to) const;
  void get_to(float& to) const;
  void get_to(std::string& to) const;
  template <std::integral T>
  void get_to(T& to) const {
    to = static_cast<T>(integer(std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  }
  template <class T>
  void get_to(std::vector<T>& to) const;
  template <class T>
  T get() const {
    T value{};
    get_to(value);
    return value;
  }

  /// Returns the text without white space, or with lines and `indent` spaces per level. Throws JsonError if a
  /// text is not UTF-8.
  std::string dump(int indent = -1) const;

 private:
  using Value =
      std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object>;

  std::uint64_t integer(std::int64_t least, std::uint64_t most) const;
  void write(std::string& to, int indent, int level) const;

  Value value_;
};

struct Json::Member {
  std::string key;
  Json value;
};

// Here, where a member is complete.
inline Json::Json() : value_(nullptr) {}
inline Json::Json(std::nullptr_t) : Json() {}
template <std::same_as<bool> T>
Json::Json(T value) : value_(value) {}
template <std::integral T>
requires(!std::same_as<T, bool>) Json::Json(T value) : Json() {
  if (value < 0) {
    value_ = static_cast<std::int64_t>(value);
  } else {
    value_ = static_cast<std::uint64_t>(value);
  }
}
inline Json::Json(double value) : value_(value) {}
inline Json::Json(std::string value) : value_(std::move(value)) {}
inline Json::Json(std::string_view value) : Json(std::string(value)) {}
inline Json::Json(const char* value) : Json(std::string(value)) {}
inline Json::Json(Array value) : value_(std::move(value)) {}
template <class T>
Json::Json(const std::vector<T>& items) : value_(Array(items.begin(), items.end())) {}
inline Json::Json(Object value) : value_(std::move(value)) {}

template <class T>
void Json::get_to(std::vector<T>& to) const {
  to.clear();
  for (const Json& item : array()) to.push_back(item.get<T>());
}

/// Parses one JSON text. Throws JsonError. A duplicate key in an object is an error, because readers
/// interpret it differently. Nesting deeper than 64 is one, because readers run out of stack.
Json parse_json(std::string_view text);

}  // namespace thalweg
