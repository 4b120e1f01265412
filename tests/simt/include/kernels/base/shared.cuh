#pragma once
// Shared memory of the executed kernels: a piece of the block's own memory per declaration.
#include <type_traits>

#include "cuda_runtime.h"

#define SHARED(name, ...)                                                                   \
  using name##_type = std::type_identity_t<__VA_ARGS__>;                                    \
  static constexpr ::simt::SharedDeclaration name##_declaration{#name, __FILE__, __LINE__}; \
  name##_type& name = *static_cast<name##_type*>(                                           \
      ::simt::shared_memory(name##_declaration, sizeof(name##_type), alignof(name##_type)))

namespace thalweg {

template <class T>
T* dynamic_shared() {
  return static_cast<T*>(::simt::dynamic_shared_memory());
}

}  // namespace thalweg
