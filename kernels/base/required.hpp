#pragma once
// Slots of an op table. A Required slot cannot be left empty: forgetting one does not compile.
#include <cstddef>

namespace thalweg {

template <class Signature>
class Required;

template <class R, class... P>
class Required<R(P...)> {
 public:
  constexpr Required(R (*function)(P...)) noexcept : function_(function) {}
  Required(std::nullptr_t) = delete;
  constexpr R operator()(P... args) const { return function_(static_cast<P>(args)...); }

 private:
  R (*function_)(P...);
};

/// A rule that a layer does not have, with the reason for the user.
struct NotDefined {
  const char* reason;
};

}  // namespace thalweg
