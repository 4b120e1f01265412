#pragma once
// Names of the members of an enum. Each closed set of choices (choices.hpp, loss.hpp) has one table of names;
// files, flags, messages, help and tests read that table. Example: names_example in examples/tour.cpp.
#include <array>
#include <optional>
#include <string_view>
#include <type_traits>

namespace thalweg {

template <class E>
struct Named {
  E value;
  std::string_view name;
};

/// The table of E, in the order in which help lists it. Each set of choices specialises it.
template <class E>
inline constexpr auto kNames = nullptr;

template <class E>
concept NamedEnum = std::is_enum_v<E> && requires {
  kNames<E>.size();
};

template <NamedEnum E>
constexpr std::string_view name_of(E value) {
  for (const Named<E>& entry : kNames<E>)
    if (entry.value == value) return entry.name;
  return {};
}

/// Nothing when no member has that name.
template <NamedEnum E>
constexpr std::optional<E> value_named(std::string_view name) {
  for (const Named<E>& entry : kNames<E>)
    if (entry.name == name) return entry.value;
  return std::nullopt;
}

}  // namespace thalweg
