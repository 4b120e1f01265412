#pragma once
#include <string>

#include "thalweg/context.hpp"

namespace thalweg {

/// What the numerics of a run cost or give on its device, in one line; "" when there is nothing to say.
std::string numerics_note(const Context& ctx);

}  // namespace thalweg
