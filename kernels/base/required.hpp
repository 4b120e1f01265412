#pragma once
// Slots of an op table. A Required slot cannot be left empty: forgetting one does not compile. Each call of
// an op goes through one, so here its contract is checked in builds with THALWEG_CONTRACTS.
#include <cstddef>

namespace thalweg {

#ifdef THALWEG_CONTRACTS
constexpr bool kContracts = true;
#else
constexpr bool kContracts = false;
#endif

/// The arguments of an op that states a contract (contract.hpp), whatever the backend.
template <class Args>
concept HasContract = requires(const Args& args) {
  require_contract(args);
};

template <class Args>
constexpr void check_contract(const Args& args) {
  if constexpr (kContracts && HasContract<Args>) require_contract(args);
}

template <class Signature>
class Required;

template <class R, class... P>
class Required<R(P...)> {
 public:
  constexpr Required(R (*function)(P...)) noexcept : function_(function) {}
  Required(std::nullptr_t) = delete;
  constexpr R operator()(P... args) const {
    (check_contract(args), ...);
    return function_(static_cast<P>(args)...);
  }

 private:
  R (*function_)(P...);
};

/// A rule that a layer does not have, with the reason for the user.
struct NotDefined {
  const char* reason;
};

}  // namespace thalweg
