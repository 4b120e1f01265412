#pragma once
// Memory of a host backend between guard bytes, scratch memory included, which a test cannot hand over
// itself.
#include <functional>

namespace thalweg::test {

/// Whether everything that `body` allocates and releases of a host backend's memory came back without a byte
/// written past its end. A program that calls this has its aligned operator new replaced.
bool keeps_to_its_memory(const std::function<void()>& body);

}  // namespace thalweg::test
