#pragma once
// A fault for a kernel: in one step one element of the parameters comes out one unit in the last place too
// large. tests/CMakeLists.txt adds the call to a copy of kernels/update/update_segments.cuh.
#include <cstdint>

namespace thalweg::planted {

/// Plants the fault at an element of the parameter arena, in the `step`-th update from now (counted from 1).
void plant(std::int64_t element, std::int64_t step);
/// Takes it out again.
void remove();

/// Whether the value of `element` is the one to spoil; asked once for every element that is updated.
bool spoils(std::int64_t element);

/// What the kernel calls before it stores elements first .. first + 3.
template <class Quad>
void one_ulp(std::int64_t first, Quad& value) {
  float* const component[] = {&value.x, &value.y, &value.z, &value.w};
  for (int i = 0; i < 4; ++i) {
    if (spoils(first + i)) *component[i] = __builtin_nextafterf(*component[i], __builtin_huge_valf());
  }
}

}  // namespace thalweg::planted
